'use strict';
// threadport/register reaches every worker, and changes nothing else that its program can see of itself.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
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

test('a worker of the built-in class is followed behind a constructor that threw', async () => {
  const { code, lines } = await run(['--require', 'threadport/register', '-e', `
    const wt = require('node:worker_threads');
    const Stock = Object.getPrototypeOf(wt.Worker);
    try {
      new wt.Worker(123);
    } catch ({ code }) {
      console.log(code);
    }
    new Stock('console.log("bufferedAmount" in require("node:worker_threads").parentPort)', { eval: true, execArgv: [] });`]);
  assert.deepEqual({ code, lines }, { code: 0, lines: ['ERR_INVALID_ARG_TYPE', 'true'] });
});

test('a preloaded module of almost the same name is not taken for ours', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'threadport-names-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'threadport', 'register-metrics.js');
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(file, '');
  const { code, lines } = await run(['--require', file, '-e', `
    require('threadport/register');
    const { Worker } = require('node:worker_threads');
    new Worker('console.log("bufferedAmount" in require("node:worker_threads").parentPort)', { eval: true });`]);
  assert.deepEqual({ code, lines }, { code: 0, lines: ['true'] });
});

for (const [name, hooks] of [['by --loader', '--loader'], ['by register()', '--import']]) {
  test(`${name}: files of workers run where CommonJS gets its source by hooks`, async () => {
    const source = path.join(__dirname, 'fixtures', 'source-hooks.mjs');
    for (const own of [[], ['--import', 'data:text/javascript,']]) {
      const { code, lines, stderr } = await run(['--no-warnings', '--import', 'threadport/register', hooks, source, '-e', `
        const { Worker } = require('node:worker_threads');
        const execArgv = ${JSON.stringify(own)};
        const worker = new Worker(${JSON.stringify(path.join(__dirname, 'fixtures', 'worker.js'))}, execArgv.length > 0 ? { execArgv } : {});
        worker.once('message', ({ isOurs }) => console.log(isOurs));`]);
      assert.deepEqual({ code, lines }, { code: 0, lines: ['true'] }, stderr);
    }
  });
}
