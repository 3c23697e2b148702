'use strict';
// Posts that fail, post inside and close in the middle, while the other end reads at the same time in its own thread.

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('../support/threads.js');
const { deadline, inbox, once } = require('../support/deadline.js');
const { Point, STEPS, fail } = require('../support/posts.js');
const { seeded } = require('../support/random.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const POSTS = 400;

/** Reads `port` to its end and reports the numbers: by a listener, or by asking all the time. */
const READER = ({ wt, parentPort }) => {
  const numberIn = (value, close) => {
    if (typeof value === 'number') return value;
    if (value.port !== undefined && close) value.port.close();
    return value.n;
  };
  /** In the place of a message that could not move on with the port (docs/limitations.md). */
  const noteLeft = (error, numbers) => {
    if (error.code !== 'ERR_THREADPORT_DATA_CLONE') throw error;
    numbers.push('left');
  };
  const receive = (port, numbers) => {
    try {
      return wt.receiveMessageOnPort(port);
    } catch (error) {
      noteLeft(error, numbers);
    }
  };
  const poll = (port, numbers) => {
    for (let asked = 0; asked < 2_000; asked++) {
      const received = receive(port, numbers);
      if (received !== undefined) numbers.push(numberIn(received.message, true));
    }
  };
  parentPort.on('message', ({ port, how, leaveAt }) => {
    const numbers = [];
    let open = true;
    const move = () => {
      open = false;
      parentPort.postMessage({ numbers, port }, [port]);
    };
    port.on('close', () => {
      if (open) parentPort.postMessage({ numbers });
      open = false;
    });
    port.on('messageerror', (error) => noteLeft(error, numbers));
    if (how === 'listen') {
      port.on('message', (value) => {
        numbers.push(numberIn(value, true));
        if (numbers.length === leaveAt) move();
      });
      return;
    }
    const turn = () => {
      if (!open) return;
      poll(port, numbers);
      if (leaveAt !== undefined && numbers.length >= leaveAt) move();
      else setImmediate(turn);
    };
    turn();
  });
  parentPort.postMessage('up');
};

const NAMES = Object.keys(STEPS);
async function reader(t) {
  const worker = spawn(t, wt, READER);
  const mail = inbox(worker);
  assert.equal(await mail.next(), 'up');
  return { worker, mail };
}

const counter = () => {
  let n = 0;
  const next = () => n++;
  next.count = () => n;
  return next;
};

const isSequence = (numbers) => numbers.every((n, index) => n === index || n === 'left');

for (const how of ['listen', 'poll']) {
  test(`${how}: good and failing posts of all kinds, then close: everything once and in order`, async (t) => {
    const { worker, mail } = await reader(t);
    const random = seeded(t);
    for (let round = 0; round < 6; round++) {
      const { port1, port2 } = new wt.MessageChannel();
      worker.postMessage({ port: port2, how }, [port2]);
      const next = counter();
      for (let post = 0; post < POSTS; post++) {
        STEPS[random.pick(NAMES)](next, port1);
        if (random.chance(0.02)) await new Promise((resolve) => setImmediate(resolve));
      }
      port1.close();
      const { numbers } = await mail.next('the report');
      assert.ok(isSequence(numbers), `seed ${random.seed}, round ${round}`);
      assert.equal(numbers.length, next.count(), `seed ${random.seed}, round ${round}`);
    }
  });

  test(`${how}: the far end moves to a third thread in the middle: everything once and in order`, async (t) => {
    const [first, second] = [await reader(t), await reader(t)];
    const random = seeded(t);
    for (let round = 0; round < 6; round++) {
      const { port1, port2 } = new wt.MessageChannel();
      first.worker.postMessage({ port: port2, how, leaveAt: 1 + random.below(60) }, [port2]);
      const next = counter();
      let before;
      const forward = first.mail.next('the port').then(({ numbers, port }) => {
        before = numbers;
        second.worker.postMessage({ port, how: random.pick(['listen', 'poll']) }, [port]);
      });
      for (let post = 0; post < POSTS; post++) {
        STEPS[random.pick(NAMES)](next, port1);
        if (random.chance(0.05)) await new Promise((resolve) => setImmediate(resolve));
      }
      await forward;
      for (let post = 0; post < 30; post++) STEPS[random.pick(NAMES)](next, port1);
      port1.close();
      const { numbers } = await second.mail.next('the report');
      const all = [...before, ...numbers];
      assert.ok(isSequence(all), `seed ${random.seed}, round ${round}`);
      assert.equal(all.length, next.count(), `seed ${random.seed}, round ${round}`);
    }
  });

  test(`${how}: the port is closed by a getter of what is posted: what came before arrives once and in order`, async (t) => {
    const { worker, mail } = await reader(t);
    const random = seeded(t);
    for (let round = 0; round < 20; round++) {
      const { port1, port2 } = new wt.MessageChannel();
      worker.postMessage({ port: port2, how }, [port2]);
      const next = counter();
      const posts = random.below(60);
      for (let post = 0; post < posts; post++) {
        STEPS[random.pick(NAMES)](next, port1);
        if (random.chance(0.1)) await new Promise((resolve) => setImmediate(resolve));
      }
      const close = () => {
        port1.close();
        return random.chance(0.5) ? fail() : 1;
      };
      try {
        port1.postMessage(Object.defineProperty(new Point(-1), 'a', { get: close, enumerable: true }));
      } catch (error) {
        assert.equal(error.message, 'refused');
      }
      const { numbers } = await mail.next('the report');
      // The one in whose getter the port was closed may arrive or not, as the last.
      if (numbers.at(-1) === -1) numbers.length--;
      assert.ok(isSequence(numbers), `seed ${random.seed}, round ${round}`);
      assert.equal(numbers.length, next.count(), `seed ${random.seed}, round ${round}`);
    }
  });

  test(`${how}: the reader is terminated in the middle: posting goes on as to any closed port`, async (t) => {
    const random = seeded(t);
    for (let round = 0; round < 4; round++) {
      const { worker } = await reader(t);
      const { port1, port2 } = new wt.MessageChannel();
      worker.postMessage({ port: port2, how }, [port2]);
      const closed = once(port1, 'close');
      const next = counter();
      let gone;
      const end = random.below(POSTS);
      for (let post = 0; post < POSTS; post++) {
        if (post === end) gone = worker.terminate();
        STEPS[random.pick(NAMES.filter((name) => name !== 'list that is refused'))](next, port1);
        if (random.chance(0.05)) await new Promise((resolve) => setImmediate(resolve));
      }
      await deadline(gone, 'terminate()');
      await closed;
      port1.postMessage({ n: next() });
    }
  });
}
