'use strict';
// The conformance tests, which ask for node:worker_threads and are given ours.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('../support/program.js');

const FILES = ['carried-along', 'clone-host', 'events-target', 'far-moved', 'interop', 'order-in-transfer', 'order-recalled', 'parent-port', 'receive', 'ref', 'surface', 'worker-options'];

for (const name of FILES) {
  test(`under threadport/register: ${name}`, async () => {
    const env = { THREADPORT_TEST_MODULE: 'node:worker_threads', NODE_OPTIONS: '--require threadport/register' };
    const { code, stdout } = await run(['--test', `__test__/conformance/${name}.test.js`], { env, ms: 60_000 });
    assert.equal(code, 0, stdout.split('\n').filter((line) => /^\s*not ok|error:/.test(line)).join('\n'));
  });
}
