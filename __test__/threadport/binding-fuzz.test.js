'use strict';
// The .node file can be required by anybody: whatever it is called with, the process must not crash.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run, fixture } = require('../support/program.js');
const { seeded } = require('../support/random.js');

const CALLS = 20_000;

for (const where of ['main', 'worker', 'both']) {
  for (const withPackage of ['without', 'with']) {
    test(`${CALLS} random calls of the raw addon in ${where}, ${withPackage} the package in use: no crash`, async (t) => {
      const { seed } = seeded(t);
      for (let round = 0; round < 3; round++) {
        const args = [seed + round, CALLS, where, withPackage].map(String);
        const { code, signal, stdout, stderr } = await run([fixture('fuzz-binding.js'), ...args], { ms: 60_000 });
        assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: 'survived\n' }, `seed ${seed + round}: ${stderr.slice(-2000)}`);
      }
    });
  }
}

test('a message with far more buffers than the array has is refused at once', async () => {
  const program = `
    const { Binding } = require('./__test__/support/addon.js');
    const binding = new Binding(() => {});
    const words = new Int32Array(new SharedArrayBuffer(65536));
    binding.setQueueWords(0, words);
    const queue = binding.openQueue(new Uint8Array(new SharedArrayBuffer(4096 + 320)), 0);
    for (const code of [0, 2]) for (const array of [[new ArrayBuffer(4)], 'text', { length: 2 ** 31 }]) {
      words[4] = 2 ** 31 - 1; // BLOBS
      const before = process.memoryUsage().rss;
      queue(code, code === 0 ? 'text' : array, array);
      console.log(words[0], process.memoryUsage().rss - before < 50e6);
    }`;
  const { code, signal, stdout, stderr } = await run(['-e', program], { ms: 20_000 });
  assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: '5 true\n'.repeat(6), stderr: '' });
});
