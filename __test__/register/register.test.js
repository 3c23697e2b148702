'use strict';
// threadport/register: what stands in the place of node:worker_threads, and how it comes and goes.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const stock = require('node:worker_threads');
const threadport = require('threadport');
const { copyOfPackage } = require('../support/copy.js');
const { inbox } = require('../support/deadline.js');
const { ROOT, run } = require('../support/program.js');
const { exited } = require('../support/threads.js');

const fixture = (name) => path.join(__dirname, 'fixtures', name);

/** The lines that a program prints; it must end well and say nothing else. */
async function linesOf(args, options) {
  const { code, signal, lines, stderr } = await run(args, options);
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  return lines;
}

for (const flag of ['--require', '--import']) {
  test(`${flag} threadport/register: each way to the module, and the globals, give ours`, async () => {
    const [line] = await linesOf([fixture('faces.cjs')], { node: [flag, 'threadport/register'] });
    for (const [way, isOurs] of Object.entries(JSON.parse(line))) assert.equal(isOurs, true, way);
  });
}

test('without it, none of them does', async () => {
  const [line] = await linesOf([fixture('faces.cjs')]);
  for (const [way, isOurs] of Object.entries(JSON.parse(line))) assert.equal(isOurs, false, way);
});

test('import gives the functions that require gives', async () => {
  const lines = await linesOf(['--input-type=module', '-e', `
    import registration, { register, unregister } from 'threadport/register';
    import { createRequire } from 'node:module';
    const required = createRequire(process.cwd() + '/')('threadport/register');
    console.log(registration === required, register === required.register, unregister === required.unregister, Object.keys(required));`]);
  assert.deepEqual(lines, ["true true true [ 'register', 'unregister' ]"]);
});

test('a name that was imported follows register and unregister', async () => {
  const lines = await linesOf(['--input-type=module', '-e', `
    import { Worker } from 'node:worker_threads';
    import threadport from 'threadport';
    const isOurs = () => Worker === threadport.Worker;
    console.log(isOurs());
    const { register, unregister } = await import('threadport/register');
    console.log(isOurs());
    unregister();
    console.log(isOurs());
    register();
    console.log(isOurs());`]);
  assert.deepEqual(lines, ['false', 'true', 'false', 'true']);
});

test('unregister leaves each descriptor as it was, register changes none but the values', async () => {
  assert.deepEqual(await linesOf([fixture('footprint.js')]), ['while registered: true', 'flags:', 'after:', 'again:', 'worker: 0']);
});

test('unregister leaves what the program has replaced meanwhile', async () => {
  const lines = await linesOf(['-e', `
    const wt = require('node:worker_threads');
    const { MessageChannel } = wt;
    const { unregister } = require('threadport/register');
    wt.Worker = class Mine extends wt.Worker {};
    unregister();
    console.log(wt.Worker.name, wt.MessageChannel === MessageChannel);`]);
  assert.deepEqual(lines, ['Mine true']);
});

test('a worker that is started after unregister is a stock one', async () => {
  const lines = await linesOf(['-e', `
    require('threadport/register').unregister();
    const { Worker } = require('node:worker_threads');
    new Worker('console.log(require("node:worker_threads").Worker === require("threadport").Worker)', { eval: true });`]);
  assert.deepEqual(lines, ['false']);
});

test('globals that the program has replaced before are left alone', async () => {
  const lines = await linesOf(['-e', `
    globalThis.MessageChannel = globalThis.structuredClone = 'mine';
    require('threadport/register');
    console.log(MessageChannel, structuredClone, MessagePort === require('threadport').MessagePort);`]);
  assert.deepEqual(lines, ['mine mine true']);
});

test('a frozen module: one warning, and nothing is changed', async () => {
  const { code, lines, stderr } = await run(['-e', `
    const wt = Object.freeze(require('node:worker_threads'));
    const { MessageChannel } = globalThis;
    const { register } = require('threadport/register');
    register();
    console.log(globalThis.MessageChannel === MessageChannel && wt.MessageChannel === MessageChannel);`]);
  assert.deepEqual({ code, lines }, { code: 0, lines: ['true'] });
  assert.match(stderr, /^\(node:\d+\) \[THREADPORT_NOT_REGISTERED\] /);
  assert.equal(stderr.match(/THREADPORT/g).length, 1);
});

test('without the addon it changes nothing, and the warning is the one of the package', async () => {
  const { code, lines, stderr } = await run(['-e', `
    const { Worker } = require('node:worker_threads');
    const { register, unregister } = require('threadport/register');
    unregister();
    register();
    console.log(require('node:worker_threads').Worker === Worker);`], { env: { THREADPORT_DISABLE_NATIVE: '1' } });
  assert.deepEqual({ code, lines }, { code: 0, lines: ['true'] });
  assert.equal(stderr.match(/THREADPORT_[A-Z_]+\]/g).join(), 'THREADPORT_NO_NATIVE]');
});

test('captured stock classes and ours have their instances in common, subclasses have not', (t) => {
  for (const name of ['MessageChannel', 'Worker']) {
    const make = (Class) => (name === 'Worker' ? new Class('', { eval: true }) : new Class());
    class Sub extends threadport[name] {}
    const [theirs, ours, sub] = [make(stock[name]), make(threadport[name]), make(Sub)];
    t.after(() => [theirs, ours, sub].forEach((instance) => instance.port1?.close()));
    for (const instance of [theirs, ours, sub]) {
      assert.ok(instance instanceof stock[name]);
      assert.ok(instance instanceof threadport[name]);
      assert.equal(instance instanceof Sub, instance === sub);
    }
    assert.equal({} instanceof threadport[name], false);
    assert.equal(undefined instanceof threadport[name], false);
  }
});

test('the classes of ours look like the stock ones: names, lengths, own methods', () => {
  for (const name of ['MessageChannel', 'MessagePort', 'Worker']) {
    assert.equal(threadport[name].name, stock[name].name);
    assert.equal(threadport[name].length, stock[name].length);
    const added = ['bufferedAmount', 'highWaterMark', 'maxBufferedBytes'];
    const own = (Class) => Object.getOwnPropertyNames(Class).filter((key) => key !== 'arguments' && key !== 'caller').sort();
    assert.deepEqual(own(threadport[name]), own(stock[name]));
    assert.deepEqual(own(threadport[name].prototype).filter((key) => !added.includes(key)), own(stock[name].prototype));
  }
  for (const [key, value] of Object.entries(stock)) {
    if (typeof value !== 'function') continue;
    assert.equal(threadport[key].name, value.name);
    assert.equal(threadport[key].length, value.length);
  }
});

test('a worker alone registers, with messages under way and a captured parentPort: all arrive, in order', async (t) => {
  for (const { Worker } of [stock, threadport]) {
    const worker = new Worker(fixture('late.js'));
    t.after(() => worker.terminate());
    const mail = inbox(worker);
    for (let n = 0; n < 500; n++) worker.postMessage(n % 7 ? { n } : { n, early: true, shared: new SharedArrayBuffer(1) });
    worker.postMessage({ n: 'end' });
    const seen = [];
    while (seen.at(-1)?.late !== 'end') seen.push(await mail.next());
    assert.deepEqual(seen.find(({ same }) => same !== undefined), { same: true });
    const late = seen.filter((value) => 'late' in value).map((value) => value.late);
    assert.deepEqual(late.slice(0, -1), Array.from({ length: late.length - 1 }, (_, i) => 501 - late.length + i));
    assert.deepEqual(seen.filter((value) => 'early' in value).map((value) => value.early), Array.from({ length: 72 }, (_, i) => i * 7));
    assert.equal(await exited(worker), 0);
  }
});

test('two copies of the package: the second warns once and does nothing; both work', async (t) => {
  const copy = copyOfPackage(t);
  const program = path.join(copy, 'program.js');
  fs.writeFileSync(program, `
    const first = require(${JSON.stringify(path.join(ROOT, 'register.js'))});
    const second = require('./register.js');
    second.register();
    second.unregister();
    const wt = require('node:worker_threads');
    const ours = require(${JSON.stringify(ROOT)});
    const theirs = require('.');
    console.log(wt.Worker === ours.Worker, wt.Worker !== theirs.Worker);
    const echo = \`
      const theirs = require(\${JSON.stringify(__dirname)});
      const { parentPort } = require('node:worker_threads');
      console.log(parentPort === theirs.parentPort);
      let n = 0;
      parentPort.on('message', (value) => (n++ % 2 ? parentPort : theirs.parentPort).postMessage(value));\`;
    for (const { Worker, MessageChannel } of [ours, theirs]) {
      const worker = new Worker(echo, { eval: true });
      const seen = [];
      worker.on('message', (value) => {
        seen.push(value.n);
        if (seen.length === 300) {
          console.log(seen.every((n, index) => n === index));
          worker.terminate();
        }
      });
      for (let n = 0; n < 300; n++) worker.postMessage(n % 5 ? { n } : { n, shared: new SharedArrayBuffer(1) });
      const { port1, port2 } = new MessageChannel();
      const moved = structuredClone(port2, { transfer: [port2] });
      port1.postMessage('here');
      console.log(wt.receiveMessageOnPort(moved).message);
      port1.close();
    }
    process.on('exit', () => {
      first.unregister();
      console.log(wt.Worker !== ours.Worker);
    });`);
  const { code, lines, stderr } = await run([program], { node: ['--require', 'threadport/register'] });
  assert.deepEqual(lines, ['true true', 'here', 'here', ...Array(5).fill('true')], stderr);
  assert.equal(code, 0);
  assert.deepEqual(stderr.match(/\[THREADPORT_\w+\]/g), ['[THREADPORT_REGISTERED_TWICE]']);
});
