'use strict';
// Hosts without libuv's symbols (Bun) are woken by a threadsafe function: the same order, the same ends.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('../support/program.js');

for (const name of ['far-receive', 'far-send', 'far-void', 'messageerror', 'parent-port', 'ref', 'ticks']) {
  test(`without libuv: ${name}`, async () => {
    const { code, stdout } = await run(['--test', `__test__/conformance/${name}.test.js`], { env: { THREADPORT_NO_LIBUV: '1' }, ms: 60_000 });
    assert.equal(code, 0, stdout.split('\n').filter((line) => /^\s*not ok|error:/.test(line)).join('\n'));
  });
}
