'use strict';
// Both ends of a channel are given to workers in workerData, and neither knows how much the other has sent before it loaded the
// package: the one begins its count again in the middle of a flood, while the other is just starting.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { deadline, once } = require('../support/deadline.js');
const { channel, spawn } = require('../support/threads.js');

/** Posts numbers, a port beside some of them, until `cells[0]` is set; at once, before its own loop turns. */
function sender({ wt, parentPort, workerData: { port, cells, every } }) {
  let n = 0;
  for (const end = Date.now() + 20_000; Atomics.load(cells, 0) === 0 && Date.now() < end; n++) {
    if (n % every === 0) {
      const { port1, port2 } = new wt.MessageChannel();
      port1.postMessage(n);
      port.postMessage({ n, port: port2 }, [port2]);
    } else port.postMessage({ n });
    Atomics.store(cells, 1, n);
    while (port.bufferedAmount > 200_000 && Atomics.load(cells, 0) === 0);
  }
  port.postMessage({ n, isEnd: true });
  parentPort.on('message', () => {});
}

/** Checks that they come in order, and sets `cells[0]` after some that came while it was reading. */
function receiver({ wt, parentPort, workerData: { port, cells } }) {
  let expected = 0;
  port.on('message', ({ n, port: inner, isEnd }) => {
    if (n !== expected) throw new Error(`${expected} was expected, ${n} came`);
    if (inner !== undefined) {
      const { message } = wt.receiveMessageOnPort(inner);
      if (message !== n) throw new Error(`the port of ${n} brought ${message}`);
      inner.close();
    }
    if (++expected === 300) Atomics.store(cells, 0, 1);
    if (isEnd) parentPort.postMessage(expected);
  });
}

for (const every of [1000, 7]) {
  test(`a port with each message of ${every}: all come in order`, async (t) => {
    for (let round = 0; round < 12; round++) {
      const { port1, port2 } = channel(t, wt);
      const cells = new Int32Array(new SharedArrayBuffer(8));
      const a = spawn(t, wt, sender, { workerData: { port: port1, cells, every }, transferList: [port1] });
      a.on('error', (error) => assert.ifError(error));
      // The receiver starts at various moments of the flood.
      const begin = round * 10;
      const end = Date.now() + 5000;
      while (Atomics.load(cells, 1) < begin && Date.now() < end) await new Promise((resolve) => setImmediate(resolve));
      const b = spawn(t, wt, receiver, { workerData: { port: port2, cells }, transferList: [port2] });
      const [received] = await once(b, 'message', 30_000);
      assert.ok(received >= 300);
      await Promise.all([deadline(a.terminate(), 'the end of the sender'), deadline(b.terminate(), 'the end of the receiver')]);
    }
  });
}

/** Posts from within a getter, before its count was ever right. */
function nester({ wt, parentPort, workerData: { port, cells } }) {
  for (const end = Date.now() + 10_000; Atomics.load(cells, 0) === 0 && Date.now() < end; );
  port.postMessage({
    get outer() {
      const { port1, port2 } = new wt.MessageChannel();
      port1.postMessage('within');
      port.postMessage({ inner: port2 }, [port2]);
      return 1;
    },
  });
  for (let n = 2; n < 10; n++) port.postMessage({ outer: n });
  Atomics.store(cells, 1, 1);
  Atomics.notify(cells, 1);
  parentPort.on('message', () => {});
}

function reader({ wt, parentPort, workerData: { port, cells } }) {
  Atomics.store(cells, 0, 1);
  Atomics.wait(cells, 1, 0, 10_000);
  const { inner } = wt.receiveMessageOnPort(port).message;
  const got = [wt.receiveMessageOnPort(inner).message];
  port.on('message', ({ outer }) => {
    got.push(outer);
    if (outer === 9) parentPort.postMessage(got);
  });
}

test('a getter that posts a port, on an end whose count was never right', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const cells = new Int32Array(new SharedArrayBuffer(8));
  const a = spawn(t, wt, nester, { workerData: { port: port1, cells }, transferList: [port1] });
  a.on('error', (error) => assert.ifError(error));
  const b = spawn(t, wt, reader, { workerData: { port: port2, cells }, transferList: [port2] });
  assert.deepEqual(await once(b, 'message'), [['within', 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
});
