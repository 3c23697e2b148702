'use strict';
// threadport/register reaches every worker, and changes nothing else that its program can see of itself.

const test = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { run } = require('../support/program.js');

const STARTS = path.join(__dirname, 'fixtures', 'starts.js');
const LIMITS = { ms: 100_000 };

async function seen(flags, ...args) {
  const { code, signal, lines, stderr } = await run([STARTS, ...args], { node: flags, ...LIMITS });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  return JSON.parse(lines[0]);
}

const stock = seen([]);

const WAYS = {
  '--require': [['--require', 'threadport/register']],
  '--import': [['--import', 'threadport/register']],
  'require() in the program': [[], 'register'],
  'the class captured before it is required': [[], 'captured'],
};

for (const [name, [flags, ...args]] of Object.entries(WAYS)) {
  test(`workers of each kind, registered by ${name}`, async () => {
    const expected = await stock;
    const actual = await seen(flags, ...args);
    assert.deepEqual(Object.keys(actual), Object.keys(expected));
    for (const [kind, facts] of Object.entries(actual)) {
      assert.equal(expected[kind].isOurs, false, `${kind}, without`);
      assert.deepEqual(facts, { ...expected[kind], isOurs: true }, kind);
    }
  });
}

test('texts are as strict as they say', async () => {
  const outcomes = async (flags) => JSON.parse((await run([path.join(__dirname, 'fixtures', 'texts.js')], { node: flags, ...LIMITS })).lines[0]);
  const expected = await outcomes([]);
  assert.ok(expected.includes(true) && expected.includes(false));
  assert.deepEqual(await outcomes(['--require', 'threadport/register']), expected);
});

test('an ES module has no main module', async () => {
  const program = `
    const { Worker } = require('node:worker_threads');
    const source = 'import { createRequire } from "module"; import { parentPort } from "worker_threads";'
      + 'parentPort.postMessage([typeof createRequire(import.meta.url).main, "mainModule" in process])';
    const file = require('node:path').join(require('node:fs').mkdtempSync(require('node:path').join(require('node:os').tmpdir(), 'threadport-')), 'w.mjs');
    require('node:fs').writeFileSync(file, source);
    new Worker(file, { execArgv: [] }).on('message', (message) => console.log(JSON.stringify(message)));`;
  for (const flags of [[], ['--require', 'threadport/register']]) {
    const { lines } = await run(['-e', program], { node: flags, ...LIMITS });
    assert.deepEqual(lines, ['["undefined",false]'], flags.join(' '));
  }
});
