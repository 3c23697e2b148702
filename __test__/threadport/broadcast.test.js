'use strict';
// BroadcastChannel with native inboxes: the conformance tests in a process that is covered, and what happens at its borders.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run, fixture } = require('../support/program.js');
const programs = require('../fixtures/covered.js');

const COVERED = ['--require', require.resolve('../support/covered.js')];

for (const [title, env] of [['covered', {}], ['covered, without libuv', { THREADPORT_NO_LIBUV: '1' }]]) {
  for (const name of ['broadcast', 'broadcast-far', 'broadcast-life', 'broadcast-random']) {
    test(`${title}: ${name}`, async () => {
      const { code, stdout } = await run([...COVERED, '--test', `__test__/conformance/${name}.test.js`], { env, ms: 60_000 });
      assert.equal(code, 0, stdout.split('\n').filter((line) => /^\s*not ok|error:/.test(line)).join('\n'));
    });
  }
}

for (const name of programs) {
  test(`covered: ${name}`, async () => {
    const { code, signal, lines, stderr } = await run([...COVERED, fixture('covered.js'), name]);
    assert.deepEqual({ code, signal, lines }, { code: 0, signal: null, lines: ['done'] }, stderr);
  });
}
