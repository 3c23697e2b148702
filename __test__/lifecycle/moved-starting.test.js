'use strict';
// Random programs: a port in use goes to a worker that is just starting, while its other end posts and moves; it closes before that, or when it is read.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { deadline, inbox } = require('../support/deadline.js');
const { farThread } = require('../support/far.js');
const { STEPS } = require('../support/posts.js');
const { seeded } = require('../support/random.js');
const { modulePath } = require('../support/threads.js');

const ROUNDS = 20;

/** Over there: posts that arrive and posts that fail, and moves. Returns how many have arrived, or will. */
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
  if (close) port.close();
  return kept.posted;
}

const ALL = ['move', ...Object.keys(STEPS)];

const numberOf = (value) => value.n ?? value;

/** How a port gets into a worker. */
const WAYS = {
  workerData: (port) => ({ start: { port } }),
  'a message': (port) => ({ start: {}, then: (worker) => worker.postMessage({ port }, [port]) }),
  'a port': (port) => {
    const { port1, port2 } = new wt.MessageChannel();
    port1.postMessage({ port }, [port]);
    return { start: { road: port2 }, then: () => port1.close() };
  },
};

/** Loads the package when the cell says so; then it passes the port back, or posts the numbers of what comes, and 'closed'. */
function program({ cell, modulePath }) {
  Atomics.wait(cell, 0, 0, 10_000);
  const { parentPort, workerData, receiveMessageOnPort } = require(modulePath);
  const { passes, first, road, port } = workerData;
  const post = (value) => parentPort.postMessage(value.n ?? value);
  const use = (port) => {
    if (passes) return parentPort.postMessage({ port }, [port]);
    parentPort.postMessage('reads');
    for (let i = 0; i < first; i++) {
      const found = receiveMessageOnPort(port);
      if (found !== undefined) post(found.message);
    }
    port.on('message', post);
    port.on('messageerror', (error) => post(String(error)));
    port.on('close', () => post('closed'));
  };
  if (port !== undefined) use(port);
  else (road ?? parentPort).once('message', ({ port }) => use(port));
}

function startWorker(t, way, port, more) {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const { start, then } = WAYS[way](port);
  const worker = new wt.Worker(`(${program})(require('node:worker_threads').workerData)`, {
    eval: true,
    workerData: { ...start, ...more, cell, modulePath },
    transferList: Object.values(start),
  });
  t.after(() => worker.terminate());
  const messages = inbox(worker);
  then?.(worker);
  const load = () => {
    Atomics.store(cell, 0, 1);
    Atomics.notify(cell, 0);
  };
  return { worker, messages, load };
}

async function play(t, farm, random, id) {
  const { port1, port2 } = new wt.MessageChannel();
  const far = await farm.adopt(port2, id);
  farm.run(({ kept }) => {
    kept.posted = 0;
  });
  let posted = 0;
  let isClosed = false;
  const post = (most, chance = 0) => {
    if (isClosed) return;
    isClosed = random.chance(chance);
    posted = far.run(act, id, Array.from({ length: random.below(most) }, () => random.pick(ALL)), isClosed);
  };
  const seen = [];
  const got = inbox(port1);
  for (post(4); seen.length < posted; ) seen.push(numberOf(await got.next()));
  // From now on by the lane; what comes is left unread.
  post(12);
  got.stop();
  while (got.queue.length > 0) seen.push(numberOf(got.queue.shift()));
  let port = port1;
  for (let hops = random.below(3); ; hops--) {
    const more = { passes: hops > 0, first: random.chance(0.7) ? 0 : random.below(6) };
    const { worker, messages, load } = startWorker(t, random.pick(Object.keys(WAYS)), port, more);
    post(8);
    load();
    for (;;) {
      const next = await messages.next('a number, a port or the close');
      if (next?.port !== undefined) ({ port } = next);
      else if (next === 'reads') {
        post(8, 1);
        continue;
      } else if (next !== 'closed') {
        seen.push(next);
        continue;
      }
      await deadline(worker.terminate(), 'terminate()');
      break;
    }
    if (hops === 0) return { seen, posted };
    // Closed earlier it could go nowhere once it is read.
    post(8, hops === 1 ? 0.2 : 0);
  }
}

test('a port in use goes to a worker that is just starting: everything once and in order', async (t) => {
  const random = seeded(t);
  const farm = farThread(t, wt);
  for (let round = 0; round < ROUNDS; round++) {
    const { seen, posted } = await play(t, farm, random, round);
    assert.deepEqual(seen, Array.from({ length: posted }, (_, n) => n), `round ${round}`);
  }
});
