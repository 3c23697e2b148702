'use strict';
// Both ends of a channel are given to workers in workerData, which start at the same moment: the one takes back what it has sent, since it
// does not know yet that the other reads lanes, while the other is just taking its end.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { deadline, inbox } = require('../support/deadline.js');
const { channel, spawn } = require('../support/threads.js');

const STARTS = 60;
const TRIPS = 50;

/** Counts to `trips` with its partner, and sleeps on the signal of its port until there is an answer. */
function partner({ parentPort, workerData: { port, isFirst, trips } }) {
  const { signal } = port;
  if (isFirst) port.postMessage(0);
  let n = 0;
  while (n < trips) {
    const seen = Atomics.load(signal, 0);
    const value = port.tryReceive();
    if (value !== undefined) port.postMessage((n = value + 1));
    else if (Atomics.wait(signal, 0, seen, 5000) === 'timed-out') throw new Error(`the signal did not change, after ${n}`);
  }
  parentPort.postMessage('done');
}

test('each hears of what the other posts', async (t) => {
  for (let start = 0; start < STARTS; start++) {
    const { port1, port2 } = channel(t, wt);
    const workers = [port1, port2].map((port, i) => {
      const worker = spawn(t, wt, partner, { workerData: { port, isFirst: i === 1, trips: TRIPS }, transferList: [port] });
      worker.on('error', (error) => assert.ifError(error));
      return worker;
    });
    await Promise.all(workers.map((worker) => inbox(worker).next('the end of the count', 20_000)));
    await Promise.all(workers.map((worker) => deadline(worker.terminate(), 'the end of a worker')));
  }
});
