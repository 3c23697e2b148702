'use strict';
// Node hands over messages one by one, with the microtasks of each in between. What the other end posts in these moments, and what the
// handlers do then (move the port, stop it, read it), meets messages that are ahead of their turn.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread, moveHere } = require('../support/far.js');
const { deadline } = require('../support/deadline.js');
const { STEPS } = require('../support/posts.js');
const { seeded } = require('../support/random.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const ROUNDS = 400;

/** Over there: `steps` of posts that arrive, posts that fail and moves, and a last one that arrives. Returns how many have. */
function act({ port, ports, kept, posts, wt }, id, steps, close) {
  const next = () => kept.posted++;
  const move = () => {
    const road = new wt.MessageChannel();
    road.port1.postMessage({ port }, [port]);
    ({ port } = wt.receiveMessageOnPort(road.port2).message);
    road.port1.close();
    ports.set(id, port);
  };
  for (const step of steps) step === 'move' ? move() : posts.STEPS[step](next, port);
  port.postMessage({ n: next() });
  if (close) port.close();
  return kept.posted;
}

const ALL = ['move', ...Object.keys(STEPS)];

const MOMENTS = [(body) => body(), queueMicrotask, process.nextTick, (body) => queueMicrotask(() => queueMicrotask(body))];

/** In the place of a message that could not move on with its port (docs/limitations.md). */
const LEFT = 'left';

function numberOf(value) {
  if (typeof value === 'number') return value;
  value.port?.close();
  return value.n;
}

function noteLeft(error) {
  if (error.code !== 'ERR_THREADPORT_DATA_CLONE') throw error;
  return LEFT;
}

function receive(port) {
  try {
    const received = wt.receiveMessageOnPort(port);
    return received && numberOf(received.message);
  } catch (error) {
    return noteLeft(error);
  }
}

/** Plays one channel to its end. Resolves with the numbers that came, and how many had been posted. */
async function play(farm, random, id, steps) {
  const { port1, port2 } = new wt.MessageChannel();
  const far = await farm.adopt(port2, id);
  farm.run(({ kept }) => {
    kept.posted = 0;
  });
  const seen = [];
  let port = port1;
  let batches = 3 + random.below(4);
  let moves = random.below(4);
  let posted = 0;
  const post = (count) => {
    posted = far.run(act, id, Array.from({ length: count }, () => random.pick(steps)), batches === 0);
  };
  const postMore = () => {
    if (batches > 0 && batches-- > 0) post(1 + random.below(12));
  };
  post(random.below(3));
  const end = new Promise((resolve) => {
    const check = () => {
      if (batches === 0 && seen.length >= posted && port === undefined) resolve();
    };
    const move = () => {
      if (moves === 0) return;
      moves--;
      const moved = moveHere(wt, port);
      port = moved;
      random.pick(MOMENTS)(() => listen(moved));
    };
    const listen = (own) => {
      if (own !== port) return;
      let isOnce;
      const add = () => {
        if (own !== port) return;
        isOnce = random.chance(0.3);
        own[isOnce ? 'once' : 'on']('message', handle);
      };
      const later = (body) => random.pick(MOMENTS)(() => own === port && body());
      const act = (choice) => {
        if (choice < 0.3) random.pick(MOMENTS)(postMore);
        else if (own !== port) return;
        else if (choice < 0.45) move();
        else if (choice < 0.55) later(move);
        else if (choice < 0.65) {
          for (let n, count = random.below(4); count > 0 && (n = receive(own)) !== undefined; count--) seen.push(n);
        } else if (choice < 0.75 && !isOnce) {
          own.off('message', handle);
          setImmediate(add);
        }
      };
      const handle = (value) => {
        seen.push(numberOf(value));
        act(random.next());
        if (isOnce) later(add);
        if (seen.length >= posted) random.pick(MOMENTS)(postMore);
        check();
      };
      own.on('messageerror', (error) => {
        seen.push(noteLeft(error));
        check();
      });
      own.on('close', () => {
        if (own === port) port = undefined;
        check();
      });
      add();
    };
    listen(port);
  });
  // What has come tells more than that the time is over.
  await deadline(end, 'the end').catch(() => {});
  return { seen, posted };
}

for (const [what, steps] of [['', ALL.filter((step) => step !== 'port')], [', ports among them', ALL]]) {
  test(`posts between the messages that Node hands over${what}: everything once and in order`, async (t) => {
    const random = seeded(t);
    const farm = farThread(t, wt);
    for (let round = 0; round < ROUNDS; round++) {
      const { seen, posted } = await play(farm, random, round, steps);
      assert.ok(seen.every((n, index) => n === index || n === LEFT), `seed ${random.seed}, round ${round}: ${seen}`);
      assert.equal(seen.length, posted, `seed ${random.seed}, round ${round}: ${seen}`);
    }
  });
}
