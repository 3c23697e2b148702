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

test('a getter among the buffers of a message cannot replace the words that the message is in', async () => {
  const program = `
    require('node:v8').setFlagsFromString('--expose-gc');
    const gc = require('node:vm').runInNewContext('gc');
    const { Binding } = require('./__test__/support/addon.js');
    const binding = new Binding(() => {});
    const shared = (count) => new Int32Array(new SharedArrayBuffer(4 * count));
    const slot = binding.openChannel(0, 0);
    (() => {
      const words = shared(1 << 26);
      words.set([slot, 8, 1, 0, 0, 1]); // SLOT, END, KIND, TEXT, WIDE, ATTACHMENTS
      binding.setTransmit(words);
    })();
    const buffers = [];
    const get = () => {
      try {
        binding.setTransmit(shared(4096));
      } catch (error) {
        console.log(error.message);
      }
      gc();
      return new ArrayBuffer(8);
    };
    Object.defineProperty(buffers, 0, { get });
    // The array that the first words were made with is garbage in another turn.
    setImmediate(() => {
      binding.send(undefined, buffers);
      binding.setTransmit(shared(4096));
      console.log('done');
    });`;
  const { code, signal, stdout } = await run(['-e', program], { ms: 20_000 });
  assert.deepEqual({ code, signal }, { code: 0, signal: null });
  assert.match(stdout, /words in use.*\ndone\n$/);
});

test('ports that nobody asked for, in messages of a port that is half gone, end without blocking', async () => {
  const program = `
    const { Binding } = require('./__test__/support/addon.js');
    const binding = new Binding(() => {});
    const { op } = binding;
    const near = binding.openChannel(0, 0);
    const far = op(19, near, 0); // MEET_PEER
    const ticket = op(25, far, 0); // DETACH
    op(26, 0, ticket); // STAGE
    op(27, near, 0); // LOAD
    const recalled = binding.beginRecall(near);
    console.log(op(28, recalled, 5)); // UNLOAD`;
  const { code, signal, stdout } = await run(['-e', program], { ms: 20_000 });
  assert.deepEqual({ code, signal, stdout }, { code: 0, signal: null, stdout: '0\n' });
});
