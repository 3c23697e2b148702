'use strict';
// A thread that is flooded by another which never pauses: its own loop turns all the same.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { deadline, once } = require('../support/deadline.js');
const { channel, spawn } = require('../support/threads.js');

/** A thread that posts to the port until `stop[0]` is set, or for ten seconds: `first`, then numbers (by the carrier: in shared memory). */
function flood(t, { first = [], byCarrier = false }) {
  const { port1: near, port2: far } = channel(t, wt);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = spawn(
    t,
    wt,
    ({ parentPort, workerData }) => {
      const { far, first, byCarrier, stop } = workerData;
      for (const value of first) far.postMessage(value);
      const end = Date.now() + 10_000;
      let sent = 0;
      // In blocks, with room for what the reader takes: it is never idle, and memory does not grow without end.
      while (Atomics.load(stop, 0) === 0 && Date.now() < end) {
        if (far.bufferedAmount > 1_000_000) continue;
        for (let i = 0; i < 100; i++) far.postMessage(byCarrier ? new Int32Array(new SharedArrayBuffer(4)).fill(sent++) : sent++);
      }
      parentPort.postMessage({ sent, isStopped: Atomics.load(stop, 0) === 1 });
    },
    { workerData: { far, first, byCarrier, stop }, transferList: [far] },
  );
  return { near, stop, summary: once(worker, 'message'), exit: once(worker, 'exit') };
}

/** So that the flood is faster than its reader. */
function work() {
  for (const end = process.hrtime.bigint() + 5000n; process.hrtime.bigint() < end; );
}

const FLOODS = {
  numbers: {},
  'a message by the carrier, then numbers': { first: [new SharedArrayBuffer(8)] },
  'a message by the carrier amid numbers': { first: [...new Array(2000).fill('before'), new SharedArrayBuffer(8)] },
  'all by the carrier': { byCarrier: true },
};

for (const [what, kind] of Object.entries(FLOODS)) {
  const { first = [] } = kind;

  test(`${what}: timers of the reader fire while the flood goes on, and all comes in order`, async (t) => {
    const { near, stop, summary } = flood(t, kind);
    let count = 0;
    let isTimed = false;
    const drained = new Promise((resolve, reject) => {
      let total = Infinity;
      summary.then(([{ sent, isStopped }]) => {
        if (!isStopped) reject(new Error(`no timer has fired while ${sent} messages were sent`));
        total = first.length + sent;
        if (count === total) resolve();
      }, reject);
      near.on('message', (message) => {
        const value = kind.byCarrier ? message[0] : message;
        if (!isTimed) setTimeout(() => Atomics.store(stop, 0, 1), 50);
        isTimed = true;
        const expected = count < first.length ? typeof first[count] : count - first.length;
        if ((typeof expected === 'number' ? value : typeof value) !== expected) reject(new Error(`${value} in place of ${expected}`));
        if (Atomics.load(stop, 0) === 0) work();
        if (++count === total) resolve();
      });
    });
    await deadline(drained, 'the last message', 30_000);
  });

  test(`${what}: a handler closes its port, and the port ends while the flood goes on`, async (t) => {
    const { near, stop, summary, exit } = flood(t, kind);
    let count = 0;
    near.on('message', () => {
      work();
      if (++count === first.length + 5000) near.close();
    });
    near.on('close', () => Atomics.store(stop, 0, 1));
    const [{ sent, isStopped }] = await summary;
    assert.ok(isStopped, `the port has not ended while ${sent} messages were sent`);
    await exit;
  });
}
