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
