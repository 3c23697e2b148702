'use strict';
// Objects whose keys have come before travel without them: bufferedAmount tells.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread } = require('../support/far.js');
const { sequence } = require('../support/mixture.js');

const wt = require('threadport');

const OTHERS = {
  'nothing': () => [],
  'objects whose keys are long': () => sequence(20).map((round) => ({ ['k'.repeat(5000)]: round, b: 2 })),
  'objects with many paths for keys': () => sequence(20).map(() => Object.fromEntries(sequence(60).map((i) => [`/a/path/${'of/directories/'.repeat(6)}${i}.ts`, i]))),
  'more lists of keys than can have a number, each twice': () => sequence(10_000).map((round) => ({ [`p${round >> 1}`]: 1, [`q${round >> 1}`]: 2 })),
  'objects whose keys never come again': () => sequence(200).map((round) => ({ [`a${round}`]: 1, [`b${round}`]: 2 })),
};

for (const [index, [name, others]] of Object.entries(OTHERS).entries()) {
  test(`once its keys have come a few times an item takes less, after ${name}`, async (t) => {
    const { near } = await farThread(t, wt).channel();
    const keys = ['label', 'kind', 'detail', 'sortText'].map((key) => `${key} ${index}`); // new to this thread
    for (const other of others()) near.postMessage({ other });
    const sizes = sequence(20).map((round) => {
      const before = near.bufferedAmount;
      near.postMessage([Object.fromEntries(keys.map((key) => [key, round]))]);
      return near.bufferedAmount - before;
    });
    assert.ok(sizes.at(-1) <= sizes[0] - keys.join('').length, sizes.join(' '));
  });
}
