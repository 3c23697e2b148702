'use strict';
// The package without its addon: disabled by the environment, missing, or not loadable.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { run, fixture } = require('../support/program.js');
const { copyOfPackage } = require('../support/copy.js');

const DISABLED = { THREADPORT_DISABLE_NATIVE: '1' };
const WARNING = /\[THREADPORT_NO_NATIVE\]/g;

/** Prints what can be seen of the package that `specifier` names. */
const report = (specifier) => `
  const warnings = [];
  process.on('warning', ({ name, code, message }) => warnings.push([name, code, message.length > 10]));
  const wt = require(${JSON.stringify(specifier)});
  require(${JSON.stringify(specifier)});
  const stock = require('node:worker_threads');
  const { port1, port2 } = new wt.MessageChannel();
  port1.postMessage({ a: 1 });
  const same = Object.keys(stock).filter((name) => wt[name] !== stock[name]);
  setImmediate(() => console.log(JSON.stringify({
    native: wt.native, version: wt.version, different: same, warnings, received: wt.receiveMessageOnPort(port2),
  })));`;

const EXPECTED = (version) => ({
  native: false,
  version,
  different: [],
  warnings: [['Warning', 'THREADPORT_NO_NATIVE', true]],
  received: { message: { a: 1 } },
});
const { version } = require('threadport/package.json');

test('THREADPORT_DISABLE_NATIVE=1: native is false, every class is the stock one, one warning with its code', async () => {
  const { code, lines, stderr } = await run(['-e', report('threadport')], { env: DISABLED });
  assert.equal(code, 0, stderr);
  assert.deepEqual(JSON.parse(lines[0]), EXPECTED(version));
  assert.equal(stderr.match(WARNING).length, 1);
});

test('THREADPORT_DISABLE_NATIVE=1: import gives the same as require', async () => {
  const program = `
    import threadport, * as all from 'threadport';
    import { createRequire } from 'node:module';
    import * as stock from 'node:worker_threads';
    const required = createRequire(process.cwd() + '/x.js')('threadport');
    console.log(threadport === required, all.native, all.MessageChannel === stock.MessageChannel, all.Worker === stock.Worker);`;
  const { code, lines, stderr } = await run(['--input-type=module', '-e', program], { env: DISABLED });
  assert.deepEqual({ code, lines }, { code: 0, lines: ['true false true true'] }, stderr);
  assert.equal(stderr.match(WARNING).length, 1);
});

test('THREADPORT_DISABLE_NATIVE=1: parents and workers exchange messages', async () => {
  const { code, signal, lines, stderr } = await run([fixture('program.js'), 'exits.js', 'worker removes its listener'], { env: DISABLED });
  assert.deepEqual({ code, signal, lines }, { code: 0, signal: null, lines: ['got {"echo":1}', 'got {"echo":2}', 'exit 0'] }, stderr);
});

test('only the parent has the addon: messages and ports go by the built-in, in order', async () => {
  const program = `
    const { Worker, MessageChannel } = require('threadport');
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(\`
      const { parentPort, workerData, native } = require('threadport');
      for (const port of [parentPort, workerData]) port.on('message', (value) => port.postMessage([native, value]));
    \`, { eval: true, env: { ...process.env, THREADPORT_DISABLE_NATIVE: '1' }, workerData: port2, transferList: [port2] });
    const seen = [[], []];
    [worker, port1].forEach((end, index) => {
      end.on('message', ([native, { n }]) => {
        seen[index].push(n);
        if (native || seen[0].length + seen[1].length < 100) return;
        console.log(seen.every((list) => list.every((value, position) => value === position)));
        worker.terminate();
      });
      for (let n = 0; n < 50; n++) end.postMessage(n % 3 ? { n } : { n, shared: new SharedArrayBuffer(1) });
    });`;
  const { code, lines, stderr } = await run(['-e', program]);
  assert.deepEqual({ code, lines }, { code: 0, lines: ['true'] }, stderr);
});

test('THREADPORT_DISABLE_NATIVE=1: one warning, not one for each thread; receiveAny rejects', async () => {
  const program = `
    const { Worker } = require('threadport');
    const text = \`
      const { receiveAny, receiveAnySync, SharedQueue } = require('threadport');
      receiveAny([]).catch((error) => {
        for (const needs of [() => receiveAnySync([]), () => new SharedQueue()]) try { needs(); } catch ({ code }) { console.log(code, error.code); }
      });\`;
    for (let i = 0; i < 3; i++) new Worker(text, { eval: true });`;
  const { code, lines, stderr } = await run(['-e', program], { env: DISABLED });
  assert.deepEqual({ code, lines }, { code: 0, lines: Array(6).fill('ERR_THREADPORT_NO_NATIVE ERR_THREADPORT_NO_NATIVE') }, stderr);
  assert.equal(stderr.match(WARNING).length, 1);
});

if (process.platform === 'linux') {
  test('an addon that is there and cannot be loaded is what the warning tells of, not one that is missing', async (t) => {
    const folder = copyOfPackage(t, (_, to) => fs.writeFileSync(to.replace(/[a-z]+\.node$/, 'musl.node'), 'this is text'));
    const { lines, stderr } = await run(['-e', report(folder)]);
    assert.deepEqual(JSON.parse(lines[0]), EXPECTED(version));
    assert.match(stderr, /native addon: .*musl\.node/);
  });
}

for (const [name, spoil] of [
  ['is missing', () => {}],
  ['is empty', (_, to) => fs.writeFileSync(to, '')],
  ['is no shared library', (_, to) => fs.writeFileSync(to, 'this is text')],
  ['is all zeros', (_, to) => fs.writeFileSync(to, Buffer.alloc(1000))],
  ['is a folder', (_, to) => fs.mkdirSync(to)],
]) {
  test(`an addon that ${name}: the package works without it, and the warning says why`, async (t) => {
    const folder = copyOfPackage(t, spoil);
    const { code, signal, lines, stderr } = await run(['-e', report(folder)]);
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, stderr);
    assert.deepEqual(JSON.parse(lines[0]), EXPECTED(version));
  });
}
