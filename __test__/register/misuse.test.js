'use strict';
// threadport/register more than once, taken back in the middle, and after other code has taken the stock classes: nothing is lost or mixed.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('../support/program.js');

async function linesOf(source, node = []) {
  const { code, signal, lines, stderr } = await run(['-e', source], { node });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  return lines;
}

/** What the programs below share: mixed messages there and back, and whether all came in order. */
const TOOLS = `
  const COUNT = 300;
  const make = (n) => (n % 5 ? { n } : { n, shared: new SharedArrayBuffer(1) });
  const post = (port) => { for (let n = 0; n < COUNT; n++) port.postMessage(make(n)); };
  const ECHO = "require('node:worker_threads').parentPort.on('message', function echo(value) {" +
    "if (value.port) value.port.on('message', (inner) => value.port.postMessage(inner)); else this.postMessage(value); })";
  const ordered = (port) => new Promise((resolve) => {
    let next = 0;
    port.on('message', function count({ n }) {
      if (n !== next++) resolve(false);
      if (next === COUNT) { port.off('message', count); resolve(true); }
    });
  });`;

test('register by --require, --import, require and call: one registration, and one unregister ends it', async () => {
  const lines = await linesOf(`
    const { Worker: first } = require('node:worker_threads');
    const { register, unregister } = require('threadport/register');
    register();
    register();
    const wt = require('node:worker_threads');
    console.log(wt.Worker === first, wt.Worker === require('threadport').Worker);
    new wt.Worker('require("threadport/register").register(); console.log(require("node:worker_threads").Worker === require("threadport").Worker)', { eval: true })
      .on('exit', () => {
        unregister();
        console.log(wt.Worker !== first);
        unregister();
        register();
        console.log(wt.Worker === first);
      });`, ['--require', 'threadport/register', '--import', 'threadport/register']);
  assert.deepEqual(lines, ['true true', 'true', 'true', 'true']);
});

test('unregister with messages under way: they arrive in order, and what was made before goes on', async () => {
  const lines = await linesOf(`${TOOLS}
    const { register, unregister } = require('threadport/register');
    const wt = require('node:worker_threads');
    const worker = new wt.Worker(ECHO, { eval: true });
    const { port1, port2 } = new wt.MessageChannel();
    worker.postMessage({ port: port2 }, [port2]);
    (async () => {
      post(worker);
      post(port1);
      unregister();
      console.log(await Promise.all([ordered(worker), ordered(port1)]));
      const stock = new (require('node:worker_threads').MessageChannel)();
      worker.postMessage({ port: stock.port2 }, [stock.port2]);
      post(stock.port1);
      post(port1);
      console.log(await Promise.all([ordered(stock.port1), ordered(port1)]));
      register();
      post(port1);
      post(worker);
      console.log(await Promise.all([ordered(port1), ordered(worker)]));
      await worker.terminate();
    })();`);
  assert.deepEqual(lines, ['[ true, true ]', '[ true, true ]', '[ true, true ]']);
});

test('stock classes captured before: their ports and ours go by each other, with what is queued, in order', async () => {
  const lines = await linesOf(`${TOOLS}
    const stock = { ...require('node:worker_threads') };
    const early = new stock.MessageChannel();
    post(early.port1);
    require('threadport/register');
    const wt = require('node:worker_threads');
    (async () => {
      for (const { Worker } of [stock, wt]) {
        const worker = new Worker(ECHO, { eval: true });
        const made = [stock, wt].flatMap(({ MessageChannel }) => [new MessageChannel(), new MessageChannel()]);
        made.push(early);
        for (const { port1, port2 } of made) {
          if (port1 !== early.port1) post(port1);
          const road = made.indexOf(port1) % 2 ? new stock.MessageChannel() : new wt.MessageChannel();
          road.port1.postMessage({ port: port2 }, [port2]);
          const { message: { port } } = (made.length % 2 ? stock : wt).receiveMessageOnPort(road.port2);
          worker.postMessage({ port }, [port]);
          road.port1.close();
        }
        post(worker);
        console.log((await Promise.all([worker, ...made.map(({ port1 }) => port1)].map(ordered))).every(Boolean));
        made.pop();
        for (const { port1 } of made) port1.close();
        await worker.terminate();
        Object.assign(early, new stock.MessageChannel());
        post(early.port1);
      }
      early.port1.close();
    })();`);
  assert.deepEqual(lines, ['true', 'true']);
});

test('a module that is frozen while we stand in it: unregister warns once and changes nothing, messages go on', async () => {
  const { code, lines, stderr } = await run(['-e', `${TOOLS}
    const { register, unregister } = require('threadport/register');
    const wt = Object.freeze(require('node:worker_threads'));
    const worker = new wt.Worker(ECHO, { eval: true });
    post(worker);
    unregister();
    unregister();
    register();
    console.log(wt.Worker === require('threadport').Worker, globalThis.MessageChannel === wt.MessageChannel);
    ordered(worker).then((all) => { console.log(all); worker.terminate(); });`]);
  assert.deepEqual({ code, lines }, { code: 0, lines: ['true true', 'true'] }, stderr);
  assert.deepEqual(stderr.match(/\[THREADPORT_\w+\]/g), ['[THREADPORT_NOT_UNREGISTERED]']);
});

for (const [name, prototype] of Object.entries({
  'BroadcastChannel': 'wt.BroadcastChannel.prototype',
  'Worker': 'wt.Worker.prototype',
  'the built-in Worker': 'Object.getPrototypeOf(wt.Worker.prototype)',
})) {
  test(`unregister when the prototype of ${name} is frozen: it ends, for workers too, and may begin again`, async () => {
    const lines = await linesOf(`
      const wt = require('node:worker_threads');
      const { register, unregister } = require('threadport/register');
      const stock = Object.getPrototypeOf(wt.Worker);
      Object.freeze(${prototype});
      const look = () => new Promise((resolve) => {
        const text = "const { Worker } = require('node:worker_threads'); console.log(Object.getPrototypeOf(Worker) === Function.prototype || Object.getPrototypeOf(Worker).name);";
        new stock(text, { eval: true, execArgv: [] }).on('exit', resolve);
      });
      (async () => {
        await look();
        unregister();
        console.log(wt.Worker === stock);
        await look();
        register();
        console.log(wt.Worker === stock);
        await look();
      })();`, ['--require', 'threadport/register']);
    assert.deepEqual(lines, ['Worker', 'true', 'EventEmitter', 'false', 'Worker']);
  });
}

test('register when the prototype of Worker is frozen: one warning, and all but workers is registered', async () => {
  const { code, stdout, stderr } = await run(['--input-type=module', '-e', `
    import * as wt from 'node:worker_threads';
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    Object.freeze(wt.Worker.prototype);
    require('threadport/register');
    console.log(wt.Worker === require('threadport').Worker, globalThis.MessageChannel === require('threadport').MessageChannel);`]);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'true true\n' });
  assert.equal(stderr.match(/THREADPORT_WORKERS_NOT_REGISTERED/g)?.length, 1, stderr);
});
