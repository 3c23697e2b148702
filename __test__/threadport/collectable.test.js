'use strict';
// What was received can be collected once nobody holds it, and what is remembered of messages is bounded.

const test = require('node:test');
const assert = require('node:assert/strict');
const v8 = require('node:v8');
const vm = require('node:vm');
const { farThread } = require('../support/far.js');
const { inbox, settle } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');

const wt = require('threadport');

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');

const SIZES = { 'small': [100], 'large': [64 << 10], 'large, of several sizes': [64 << 10, 20_000, 1 << 20, 64 << 10] };

for (const [name, sizes] of Object.entries(SIZES)) {
  test(`buffers: ${name}`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    far.run(({ port }) => {
      port.on('message', (view) => port.postMessage(view));
    });
    const received = [];
    near.on('message', (view) => received.push(new WeakRef(view.buffer)));
    const answers = inbox(near);
    for (const round of sequence(20)) {
      for (const size of sizes) near.postMessage(new Uint8Array(size).fill(round));
      await answers.take(sizes.length);
    }
    for (let turn = 0; turn < 20 && received.some((reference) => reference.deref() !== undefined); turn++) {
      await settle();
      gc();
    }
    assert.equal(received.length, 20 * sizes.length);
    assert.equal(received.filter((reference) => reference.deref() !== undefined).length, 0);
  });
}

const MiB = 1 << 20;

/** Bytes of this thread's heap that are in use. */
function heap() {
  gc();
  return process.memoryUsage().heapUsed;
}

for (const [name, { keys, times }] of Object.entries({
  'few keys, twice': { keys: 5, times: 2 },
  'as many keys as a shape may have, ten times': { keys: 64, times: 10 },
  'more keys, three times': { keys: 300, times: 3 },
})) {
  test(`endless new lists of keys: ${name}`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    const heapOverThere = () => far.run(({ kept, require }) => {
      kept.gc ??= require('node:vm').runInNewContext('gc');
      kept.gc();
      return process.memoryUsage().heapUsed;
    });
    const readAll = () => far.run(({ port, wt }) => { while (wt.receiveMessageOnPort(port) !== undefined); });
    const before = [heap(), heapOverThere()];
    let sent = 0;
    for (let list = 0; sent < 20 * MiB; list++) {
      const names = sequence(keys).map((i) => `a key that has not come before: ${list}/${i}`);
      sent += names.join('').length;
      for (let time = 0; time < times; time++) near.postMessage(Object.fromEntries(names.map((key) => [key, time])));
      if (list % 20 === 0) readAll();
    }
    readAll();
    const grown = [heap() - before[0], heapOverThere() - before[1]];
    assert.ok(Math.max(...grown) < 10 * MiB, grown.join(' '));
  });
}
