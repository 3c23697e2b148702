'use strict';
// What a worker has posted before its end arrives, where Node gives up at the first message that cannot be decoded.

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('../support/threads.js');
const { deadline, once } = require('../support/deadline.js');

const wt = require('threadport');

test('a worker that ends while nobody reads: messages behind those that cannot be decoded arrive before its exit', async (t) => {
  const ended = new Int32Array(new SharedArrayBuffer(4));
  const worker = spawn(t, wt, ({ parentPort, workerData }) => {
    const nested = (levels) => {
      let value = 0;
      for (let level = 0; level < levels; level++) value = [value];
      return value;
    };
    parentPort.once('message', () => {
      for (let n = 0; n < 6; n++) {
        parentPort.postMessage(n);
        parentPort.postMessage(nested(30_000));
      }
      parentPort.postMessage('last');
    });
    process.on('exit', () => {
      Atomics.store(workerData, 0, 1);
      Atomics.notify(workerData, 0);
    });
    parentPort.postMessage('up');
  }, { workerData: ended, resourceLimits: { stackSizeMb: 64 } });
  await once(worker, 'message');
  const log = [];
  worker.on('message', (value) => log.push(value));
  worker.on('messageerror', ({ name }) => log.push(name));
  const exit = deadline(new Promise((resolve) => worker.on('exit', resolve)), "'exit'");
  worker.postMessage('go');
  assert.notEqual(Atomics.wait(ended, 0, 0, 10_000), 'timed-out');
  assert.equal(await exit, 0);
  const expected = [0, 1, 2, 3, 4, 5].flatMap((n) => [n, 'RangeError']);
  assert.deepEqual(log, [...expected, 'last']);
});
