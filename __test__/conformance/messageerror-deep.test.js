'use strict';
// Values whose nesting the stack of the receiver cannot hold, and callers that are near the end of their own stack.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread } = require('../support/far.js');
const { spawn } = require('../support/threads.js');
const { inbox, once, until } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const OVERFLOW = ['messageerror', 'RangeError', 'Maximum call stack size exceeded'];
const ROUNDS = 4;
/** What the listeners are to see of the script of `deepSender`. */
const EXPECTED = sequence(ROUNDS).flatMap((round) => [`before ${round}`, OVERFLOW, `between ${round}`, OVERFLOW, { round }]);

/** A worker with room for any nesting. At 'go' on `port` it posts there what others cannot hold, with good messages around it. */
async function deepSender(t, port) {
  const worker = spawn(t, wt, ({ parentPort, workerData: { rounds } }) => {
    const nested = (levels, wrap) => {
      let value = 0;
      for (let level = 0; level < levels; level++) value = wrap(value);
      return value;
    };
    parentPort.once('message', (port) => {
      port.on('message', () => {
        for (let round = 0; round < rounds; round++) {
          port.postMessage(`before ${round}`);
          port.postMessage(nested(30_000, (value) => [value]));
          port.postMessage(`between ${round}`);
          port.postMessage(nested(30_000, (value) => ({ value })));
          port.postMessage({ round });
        }
        parentPort.postMessage('posted');
      });
      parentPort.postMessage('listening');
    });
  }, { workerData: { rounds: ROUNDS }, resourceLimits: { stackSizeMb: 64 } });
  const mail = inbox(worker);
  worker.postMessage(port, [port]);
  assert.equal(await mail.next(), 'listening');
  return mail;
}

test('nesting that the receiver cannot hold: a messageerror on both faces, and the next message arrives', async (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  await deepSender(t, port2);
  const faces = [[], []];
  const seen = ({ name, message }) => ['messageerror', name, message];
  port1.on('message', (value) => faces[0].push(value));
  port1.on('messageerror', (error) => faces[0].push(seen(error)));
  port1.addEventListener('message', ({ data }) => faces[1].push(data));
  port1.addEventListener('messageerror', ({ data }) => faces[1].push(seen(data)));
  for (let turn = 1; turn <= 3; turn++) {
    port1.postMessage('go');
    await until(() => faces[0].length === turn * EXPECTED.length, `all of turn ${turn}`);
  }
  for (const log of faces) assert.deepEqual(log, [...EXPECTED, ...EXPECTED, ...EXPECTED]);
});

test('nesting that the receiver cannot hold: receiveMessageOnPort throws, then goes on', async (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const mail = await deepSender(t, port2);
  for (let turn = 1; turn <= 3; turn++) {
    port1.postMessage('go');
    const log = [];
    const receive = () => {
      try {
        const received = wt.receiveMessageOnPort(port1);
        if (received !== undefined) log.push(received.message);
      } catch ({ name, message }) {
        log.push(['messageerror', name, message]);
      }
      return log.length === EXPECTED.length;
    };
    await until(receive, `all of turn ${turn}`);
    assert.deepEqual(log, EXPECTED);
    assert.equal(await mail.next(), 'posted');
  }
});

test('nesting that a worker of a small stack cannot hold: a messageerror there, and the next message arrives', async (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  await deepSender(t, port2);
  const receiver = spawn(t, wt, ({ parentPort }) => {
    parentPort.once('message', (port) => {
      const log = [];
      port.on('message', (value) => log.push(value) && log.length === 20 && parentPort.postMessage(log));
      port.on('messageerror', ({ name, message }) => log.push(['messageerror', name, message]));
      port.postMessage('go');
    });
  }, { resourceLimits: { stackSizeMb: 1 } });
  receiver.postMessage(port1, [port1]);
  assert.deepEqual(await once(receiver, 'message'), [EXPECTED]);
});

/** Calls `action` first at the very end of the stack, then with a little more of it each time. */
function atEveryDepth(action, times) {
  let calls = 0;
  const dive = () => {
    try {
      dive();
    } catch {
      // The end of the stack, or what `action` threw there.
    }
    if (calls++ < times) action();
  };
  dive();
}

/** Numbered values, by the lane and beside it. Also run over there. */
function numbered(n) {
  if (n % 4 === 0) return new Date(n);
  if (n % 4 === 1) return Object.assign(new (class Point {})(), { n });
  return n % 4 === 2 ? { n, bytes: new Uint8Array(4096) } : { n, list: [n, String(n)] };
}
const numberIn = (value) => (value instanceof Date ? value.getTime() : value.n);

test('posts near the end of the stack: what throws was not sent, everything else arrives in order', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  let next = 0;
  let sent = [];
  const post = () => {
    const n = next++;
    const value = numbered(n);
    try {
      near.postMessage(value);
    } catch (error) {
      if (error.name !== 'RangeError') throw error;
      return;
    }
    sent[sent.length] = n;
  };
  for (let turn = 0; turn < 10; turn++) {
    for (let warm = 0; warm < 20; warm++) post();
    atEveryDepth(post, 700);
    post();
    const arrived = far.run(({ port, wt }) => {
      const all = [];
      for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) all.push(next.message.n ?? Number(next.message));
      return all;
    });
    assert.ok(sent.length > 100);
    assert.deepEqual(arrived, sent);
    sent = [];
  }
});

/** Over there, where `numbered` is not in scope. */
const postNumbered = `({ port }, count) => {
  ${numbered}
  for (let n = 0; n < count; n++) port.postMessage(numbered(n));
}`;

test('receiveMessageOnPort near the end of the stack: nothing twice, nothing out of order, nothing lost but what it threw for', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const count = 400;
  for (let turn = 0; turn < 10; turn++) {
    far.run(postNumbered, count);
    const numbers = [];
    let errors = 0;
    let empty = false;
    const receive = () => {
      let received;
      try {
        received = wt.receiveMessageOnPort(near);
      } catch (error) {
        if (error.name !== 'RangeError') throw error;
        errors++;
        return;
      }
      if (received === undefined) empty = true;
      else numbers[numbers.length] = numberIn(received.message);
    };
    atEveryDepth(receive, 300);
    for (let n = 0; n <= count && !empty; n++) receive();
    assert.ok(numbers.every((n, index) => index === 0 || n > numbers[index - 1]));
    assert.equal(numbers.at(-1), count - 1);
    assert.ok(count - numbers.length <= errors, `${count - numbers.length} lost, ${errors} errors`);
  }
});
