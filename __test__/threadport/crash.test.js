'use strict';
// Ports that are closed, gone or half gone: many of these calls end the process with the built-in of Node 20 to 26.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run, fixture } = require('../support/program.js');
const scenarios = require('../fixtures/crash.js');

for (const name of Object.keys(scenarios)) {
  for (const place of ['local', 'far']) {
    test(`${name} (${place}): no crash`, async () => {
      const { code, signal, lines, stderr } = await run([fixture('crash.js'), name, place]);
      assert.deepEqual({ code, signal, lines }, { code: 0, signal: null, lines: ['survived'] }, stderr);
    });
  }
}
