'use strict';
// The package is loaded in unusual places and orders, and by several copies.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run, fixture } = require('../support/program.js');
const { copyOfPackage } = require('../support/copy.js');
const { deadline, inbox } = require('../support/deadline.js');

const wt = require('threadport');

test('by workers alone, by eight at once, and again after the last of them has ended', async () => {
  const { code, signal, lines, stderr } = await run([fixture('load-in-workers.js')], { ms: 60_000 });
  assert.deepEqual({ code, signal, lines, stderr }, { code: 0, signal: null, lines: ['true', 'true', 'true'], stderr: '' });
});

test('in a vm context: values of that realm arrive as they do with structuredClone', async () => {
  const { code, signal, lines, stderr } = await run([fixture('vm-realm.js')]);
  assert.deepEqual({ code, signal, lines, stderr }, { code: 0, signal: null, lines: ['native true another copy true'], stderr: '' });
});

test('where shared memory cannot grow, as with --no-harmony-rab-gsab', async () => {
  const program = `
    delete SharedArrayBuffer.prototype.growable;
    const { SharedQueue, native } = require('threadport');
    const q = SharedQueue.from(new SharedQueue().buffer);
    q.tryPush('there');
    console.log(native, q.tryPop());`;
  const { code, lines, stderr } = await run(['-e', program]);
  assert.deepEqual({ code, lines, stderr }, { code: 0, lines: ['true there'], stderr: '' });
});

test('by a worker while its parent is still in the constructor: ports of its workerData are ours', async (t) => {
  // `threadId` is asked for there after the thread has been started.
  class Slow extends wt.Worker {
    get threadId() {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      return super.threadId;
    }
  }
  const { port1, port2 } = new wt.MessageChannel();
  const program = `const { workerData: port, MessagePort } = require('threadport'); port.postMessage(Object.getPrototypeOf(port) === MessagePort.prototype);`;
  const worker = new Slow(program, { eval: true, workerData: port2, transferList: [port2] });
  t.after(() => worker.terminate());
  assert.equal(await inbox(port1).next(), true);
});

/** A word that no port has. */
const UNUSED = 4000;
const COUNT = 100;
const make = (n) => [{ n }, { n, shared: new SharedArrayBuffer(1) }, { n, bytes: new Uint8Array(5000) }][n % 3];

/** Sends what it gets back by whichever end it came. */
const ECHO = (load) => `
  ${load}
  const { parentPort, workerData } = wt;
  const echo = (port) => port.on('message', (value) => (value.port ? echo(value.port) : port.postMessage(value)));
  for (const port of [parentPort, workerData]) echo(port);`;

async function echoes(end) {
  const mail = inbox(end);
  for (let n = 0; n < COUNT; n++) end.postMessage(make(n));
  const got = (await mail.take(COUNT)).map(({ n }) => n);
  assert.deepEqual(got, Array.from({ length: COUNT }, (_, n) => n));
}

/** What the worker loads: copy a, b, both in either order, or none. */
const LOADS = {
  'the first': (a) => `const wt = require(${JSON.stringify(a)});`,
  'the second': (_, b) => `const wt = require(${JSON.stringify(b)});`,
  'the first, then the second': (a, b) => `const wt = require(${JSON.stringify(a)}); require(${JSON.stringify(b)});`,
  'the second, then the first': (a, b) => `const wt = require(${JSON.stringify(b)}); require(${JSON.stringify(a)});`,
  'none': () => `const wt = require('node:worker_threads');`,
};

test('by two copies: ports with queued messages go through the hands of both, to workers that load either, both or none', async (t) => {
  const folder = copyOfPackage(t);
  const other = require(folder);
  const first = require.resolve('threadport');
  for (const [a, b, Worker] of [[wt, other, wt.Worker], [wt, other, other.Worker], [other, wt, wt.Worker], [other, wt, other.Worker]]) {
    for (const load of Object.values(LOADS)) {
      const [data, inner] = [new a.MessageChannel(), new a.MessageChannel()];
      inner.port1.postMessage(make(0));
      const worker = new Worker(ECHO(load(first, folder)), { eval: true, workerData: data.port2, transferList: [data.port2] });
      // By a road of the other copy first.
      const road = new b.MessageChannel();
      road.port1.postMessage({ port: inner.port2 }, [inner.port2]);
      const { message: { port } } = b.receiveMessageOnPort(road.port2);
      worker.postMessage({ port }, [port]);
      road.port1.close();
      const mail = inbox(inner.port1);
      assert.equal((await mail.next()).n, 0);
      mail.stop();
      await Promise.all([worker, data.port1, inner.port1].map(echoes));
      for (const end of [data.port1, inner.port1]) end.close();
      await deadline(worker.terminate(), 'terminate()');
    }
  }
});

test('by two copies: threads that block wait on words of their own copy, and both are woken', async (t) => {
  const folder = copyOfPackage(t);
  const other = require(folder);
  const [ours, theirs] = [wt, other].map(({ MessageChannel }) => new Int32Array(new MessageChannel().port1.signal.buffer));
  ours[UNUSED] = 1;
  t.after(() => (ours[UNUSED] = 0));
  assert.equal(theirs[UNUSED], 0, 'they share the memory of the words');
  for (const [copy, file] of [[wt, require.resolve('threadport')], [other, folder]]) {
    const { port1, port2 } = new copy.MessageChannel();
    const worker = new copy.Worker(`const { workerData: port, receiveAnySync } = require(${JSON.stringify(file)});
      for (let n = 0; n < 50; n++) port.postMessage({ echo: port.receiveSync() });
      for (let n = 0; n < 50; n++) port.postMessage({ echo: receiveAnySync([port]).value });
      for (let n = 0; n < 50; n++) {
        const seen = Atomics.load(port.signal, 0);
        let value = port.tryReceive();
        if (value === undefined) {
          Atomics.wait(port.signal, 0, seen);
          value = port.receiveSync();
        }
        port.postMessage({ echo: value });
      }`, { eval: true, workerData: port2, transferList: [port2] });
    t.after(() => worker.terminate());
    const mail = inbox(port1);
    for (let n = 0; n < 150; n++) {
      port1.postMessage(n);
      assert.deepEqual(await mail.next(), { echo: n });
    }
    port1.close();
  }
});
