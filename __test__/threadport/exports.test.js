'use strict';
// What the package exports, and that loading it changes nothing else.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { copyOfPackage } = require('../support/copy.js');
const { run, fixture } = require('../support/program.js');
const { inbox } = require('../support/deadline.js');

const wt = require('threadport');

test('every export of node:worker_threads is there, and our own besides', () => {
  for (const name of Object.keys(stock)) assert.ok(name in wt, name);
  const added = Object.keys(wt).filter((name) => !(name in stock));
  assert.deepEqual(added.sort(), ['SharedQueue', 'native', 'receiveAny', 'receiveAnySync', 'version']);
});

test('native is true and version is that of package.json', () => {
  assert.equal(wt.native, true);
  assert.equal(wt.version, require('threadport/package.json').version);
});

test('MessageChannel, MessagePort and Worker are ours, and subclasses of the built-in ones', () => {
  assert.notEqual(wt.MessageChannel, stock.MessageChannel);
  assert.notEqual(wt.MessagePort, stock.MessagePort);
  assert.notEqual(wt.Worker, stock.Worker);
  assert.ok(wt.MessagePort.prototype instanceof stock.MessagePort);
  assert.ok(wt.Worker.prototype instanceof stock.Worker);
});

test('import and require give the same instance, name by name', async () => {
  const imported = await import('threadport');
  assert.equal(imported.default, wt);
  for (const name of Object.keys(wt)) {
    assert.ok(name in imported, name);
    assert.equal(imported[name], wt[name], name);
  }
});

test('static imports of ESM give the same instance, in main and in a worker', async () => {
  const { code, lines, stderr } = await run([fixture('static-import.mjs')]);
  assert.deepEqual({ code, lines }, { code: 0, lines: ['main true', 'worker true'] }, stderr);
});

test('the package can be required by path and by name, and is one instance', () => {
  assert.equal(require('../..'), wt);
});

test('loading it changes nothing of the built-in module, the globals and their prototypes', async () => {
  const { code, lines, stderr } = await run([fixture('load-footprint.js')]);
  assert.deepEqual({ code, lines }, { code: 0, lines: ['unchanged'] }, stderr);
});

test('loading it neither keeps the process alive nor prints', async () => {
  for (const args of [['-e', 'require("threadport")'], ['--input-type=module', '-e', 'import "threadport"']]) {
    const { code, signal, stdout, stderr } = await run(args);
    assert.deepEqual({ code, signal, stdout, stderr }, { code: 0, signal: null, stdout: '', stderr: '' });
  }
});

test('a hundred workers one after the other load it and end', async () => {
  const program = `
    const { Worker } = require('threadport');
    let left = 100;
    const next = () => left-- > 0 && new Worker('require("threadport")', { eval: true }).on('exit', next);
    next();`;
  const { code, signal, stderr } = await run(['-e', program], { ms: 60_000 });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
});

test('two copies of the package in one process exchange ports and messages', async (t) => {
  const other = require(copyOfPackage(t));
  assert.notEqual(other.MessageChannel, wt.MessageChannel);
  const [road, pair] = [new wt.MessageChannel(), new other.MessageChannel()];
  t.after(() => [road.port1, pair.port1].forEach((port) => port.close()));
  pair.port1.postMessage({ n: 1 });
  road.port1.postMessage({ port: pair.port2 }, [pair.port2]);
  const { message: { port } } = wt.receiveMessageOnPort(road.port2);
  pair.port1.postMessage({ n: 2 });
  const mail = inbox(port);
  assert.deepEqual(await mail.take(2), [{ n: 1 }, { n: 2 }]);
});

test('a worker that loads another copy of the package than its parent talks with it in order', async (t) => {
  const folder = copyOfPackage(t);
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const worker = new wt.Worker(`
    const { parentPort, workerData } = require(${JSON.stringify(folder)});
    for (const port of [parentPort, workerData]) port.on('message', (value) => port.postMessage(value));
  `, { eval: true, workerData: port2, transferList: [port2] });
  t.after(() => worker.terminate());
  for (const end of [worker, port1]) {
    const mail = inbox(end);
    for (let n = 0; n < 100; n++) end.postMessage(n % 3 ? { n } : { n, shared: new SharedArrayBuffer(1) });
    assert.deepEqual((await mail.take(100)).map(({ n }) => n), Array.from({ length: 100 }, (_, n) => n));
  }
});

test('the package loaded anew after its modules were dropped from the cache works beside the first', async () => {
  const { code, signal, lines, stderr } = await run([fixture('load-twice.js')]);
  assert.deepEqual({ code, signal, lines }, { code: 0, signal: null, lines: ['in order true', 'in order true'] }, stderr);
});
