'use strict';
// What was received can be collected once nobody holds it.

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
