'use strict';
// BroadcastChannel under threadport/register: the conformance tests, what happens at the borders of a process whose threads
// are all known, and programs whose threads are not.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { run } = require('../support/program.js');
const programs = require('./fixtures/broadcasts.js');

const REGISTER = ['--require', 'threadport/register'];
const fixture = (name) => path.join(__dirname, 'fixtures', name);

for (const [title, more] of [['registered', {}], ['registered, without libuv', { THREADPORT_NO_LIBUV: '1' }]]) {
  for (const name of ['broadcast', 'broadcast-far', 'broadcast-life', 'broadcast-random']) {
    test(`${title}: ${name}`, async () => {
      const env = { THREADPORT_TEST_MODULE: 'node:worker_threads', ...more };
      const { code, stdout } = await run([...REGISTER, '--test', `__test__/conformance/${name}.test.js`], { env, ms: 60_000 });
      assert.equal(code, 0, stdout.split('\n').filter((line) => /^\s*not ok|error:/.test(line)).join('\n'));
    });
  }
}

async function ends(args, options) {
  const { code, signal, lines, stderr } = await run(args, options);
  assert.deepEqual({ code, signal, lines }, { code: 0, signal: null, lines: ['done'] }, stderr);
}

for (const name of programs) {
  test(`covered: ${name}`, () => ends([...REGISTER, '--expose-internals', fixture('broadcasts.js'), name]));
}

const SPACED = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'threadport-register-')), 'a folder');
fs.mkdirSync(SPACED);
fs.symlinkSync(path.join(__dirname, '..', '..'), path.join(SPACED, 'threadport'));
test.after(() => fs.rmSync(path.dirname(SPACED), { recursive: true }));

/** How the program is started, and whether all of its threads are known from their start. */
const STARTS = {
  '--require': [REGISTER, true],
  '--require=': [['--require=threadport/register'], true],
  '--require of its file, in a folder with a space in its name': [['--require', path.join(SPACED, 'threadport', 'register')], true],
  '-r, before another': [['-r', 'threadport/register', '-r', fixture('early.cjs')], true],
  'NODE_OPTIONS': [[], true, '--require threadport/register'],
  '--import of another, which comes later': [[...REGISTER, '--import', fixture('early.mjs')], true],
  '--require behind another': [['--require', fixture('early.cjs'), ...REGISTER], false],
  'another in NODE_OPTIONS': [REGISTER, false, `--require ${fixture('early.cjs')}`],
  '--import': [['--import', 'threadport/register'], false],
  '--import behind another': [['--import', fixture('early.mjs'), '--import', 'threadport/register'], false],
  '--require of a file that requires it': [['--require', fixture('early-register.cjs')], false],
  '--loader': [['--no-warnings', '--loader', fixture('early-hooks.mjs'), ...REGISTER], false],
  'in the program': [['--require', fixture('early.cjs')], false],
};

for (const [name, [node, isCovered, NODE_OPTIONS]] of Object.entries(STARTS)) {
  for (const program of ['mixed.cjs', 'mixed.mjs']) {
    test(`${name}: ${program}, channels in threads of all kinds, with other ones beside them`, async () => {
      await ends(['--expose-internals', ...node, fixture(program), String(isCovered)], { env: { NODE_OPTIONS } });
    });
  }
}
