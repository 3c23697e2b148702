'use strict';
// A worker that blocks until it is let go, so that what is posted to it stays unread.

const { source } = require('./threads.js');
const { deadline } = require('./deadline.js');

/**
 * `body` runs in the worker with `block()`, which waits until `release()` is called here. Resolves when the worker has
 * said 'ready' over its parentPort: it is then attached, and blocks at its next turn.
 */
async function blockedWorker(t, wt, body, options = {}) {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new wt.Worker(source(`({ wt, parentPort, workerData, require }) => {
    const { gate, data } = workerData;
    const block = () => {
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
      Atomics.wait(gate, 0, 1);
    };
    (${body})({ wt, parentPort, data, block, require });
  }`), { eval: true, workerData: { gate, data: options.data }, transferList: options.transferList });
  t.after(() => deadline(worker.terminate(), 'terminate() after the test'));
  const release = () => {
    Atomics.store(gate, 0, 2);
    Atomics.notify(gate, 0);
  };
  /** Waits, blocking this thread too, until the worker is in `block()`. */
  const waitUntilBlocked = () => {
    if (Atomics.load(gate, 0) !== 1) Atomics.wait(gate, 0, Atomics.load(gate, 0), 10_000);
    if (Atomics.load(gate, 0) !== 1) throw new Error('the worker did not block');
  };
  return { worker, release, waitUntilBlocked };
}

module.exports = { blockedWorker };
