'use strict';
// Hosts without libuv's symbols (Bun) are woken by a threadsafe function, hosts that make no strings over foreign memory
// get copies: the same order, the same ends. `npm run test:hosts` plays everything there.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('../support/program.js');

const CONFORMANCE = ['far-receive', 'far-send', 'far-void', 'messageerror', 'parent-port', 'ref', 'ticks'].map((name) => `conformance/${name}`);

for (const [what, variable, files] of [
  ['libuv', 'THREADPORT_NO_LIBUV', CONFORMANCE],
  ['external strings', 'THREADPORT_NO_EXTERNAL', ['conformance/order', 'queue/api', 'queue/threads']],
]) {
  for (const name of files) {
    test(`without ${what}: ${name}`, async () => {
      const { code, stdout } = await run(['--test', `__test__/${name}.test.js`], { env: { [variable]: '1' }, ms: 60_000 });
      assert.equal(code, 0, stdout.split('\n').filter((line) => /^\s*(?:not ok|✖)|[Ee]rror/.test(line)).join('\n'));
    });
  }
}
