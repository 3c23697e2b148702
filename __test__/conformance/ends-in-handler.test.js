'use strict';
// Handlers that end things with messages waiting: their worker, the port they listen to, or their own thread.

const test = require('node:test');
const assert = require('node:assert/strict');
const { channel, spawn, exited } = require('../support/threads.js');
const { deadline, inbox, once, settle } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const COUNT = 10;
const number = (value) => value.n ?? value;

/** A worker that has posted ten messages, by its public port and by `port`, before a handler here sees the first of them. */
async function loaded(t) {
  const { port1: port, port2 } = channel(t, wt);
  const posted = new Int32Array(new SharedArrayBuffer(4));
  const worker = spawn(t, wt, ({ parentPort, workerData: { port, posted, count } }) => {
    port.on('message', () => {});
    parentPort.on('message', () => {
      for (let n = 0; n < count; n++) {
        for (const way of [parentPort, port]) way.postMessage(n % 3 ? n : { n, shared: new SharedArrayBuffer(1) });
      }
      Atomics.store(posted, 0, 1);
      Atomics.notify(posted, 0);
    });
    parentPort.postMessage('ready');
  }, { workerData: { port: port2, posted, count: COUNT }, transferList: [port2] });
  await once(worker, 'message');
  const seen = { worker: [], port: [] };
  const closed = deadline(new Promise((resolve) => port.once('close', resolve)), "'close'");
  const load = () => {
    worker.postMessage('go');
    assert.notEqual(Atomics.wait(posted, 0, 0, 10_000), 'timed-out');
  };
  return { worker, port, seen, closed, load };
}

const ENDINGS = {
  'terminates the worker': { inWorker: ({ worker }) => void worker.terminate() },
  'terminates the worker, in a handler of a port to it': { inPort: ({ worker }) => void worker.terminate() },
  'closes its port and terminates the worker': { inPort: ({ worker, port }) => { port.close(); worker.terminate(); } },
  'terminates the worker twice': { inWorker: ({ worker }) => { worker.terminate(); worker.terminate(); } },
  'terminates the worker and posts to it': { inWorker: ({ worker, port }) => { worker.terminate(); worker.postMessage('late'); port.postMessage('late'); } },
};

for (const [name, { inWorker, inPort }] of Object.entries(ENDINGS)) {
  test(`a handler ${name}: what was posted before arrives, then 'close' and 'exit'`, async (t) => {
    const all = await loaded(t);
    const { worker, port, seen, closed, load } = all;
    worker.on('message', (value) => {
      seen.worker.push(number(value));
      if (number(value) === 2) inWorker?.(all);
    });
    port.on('message', (value) => {
      seen.port.push(number(value));
      if (number(value) === 2) inPort?.(all);
    });
    const exit = exited(worker);
    load();
    assert.equal(await exit, 1);
    await closed;
    assert.deepEqual(seen, { worker: sequence(COUNT), port: sequence(COUNT) });
    await settle();
    assert.equal(seen.worker.length + seen.port.length, 2 * COUNT);
  });
}

/** Ways in which a handler in a worker ends its own thread at message 2; what it posts first arrives, the rest is not handled. */
const EXITS = {
  'process.exit()': [({ parentPort }) => parentPort.on('message', (n) => { parentPort.postMessage(n); if (n === 2) process.exit(4); }), 4],
  'an exception': [({ parentPort }) => parentPort.on('message', (n) => { parentPort.postMessage(n); if (n === 2) throw new Error('end'); }), 1],
  'process.exit() in a microtask': [({ parentPort }) => parentPort.on('message', (n) => {
    parentPort.postMessage(n);
    if (n === 2) queueMicrotask(() => process.exit(5));
  }), 5],
  'process.exit() in an exit handler': [({ parentPort }) => {
    process.on('exit', () => { process.exitCode = 6; });
    parentPort.on('message', (n) => { parentPort.postMessage(n); if (n === 2) process.exit(); });
  }, 6],
  'the last listener is removed': [({ parentPort }) => {
    const listener = (n) => { parentPort.postMessage(n); if (n === 2) parentPort.off('message', listener); };
    parentPort.on('message', listener);
  }, 0],
  'its port is unreferenced': [({ parentPort }) => parentPort.on('message', (n) => {
    if (n > 2) return;
    parentPort.postMessage(n);
    if (n === 2) parentPort.unref();
  }), 0],
};

for (const [name, [program, code]] of Object.entries(EXITS)) {
  test(`a handler in a worker ends its thread, ${name}: what it posted arrives`, async (t) => {
    const worker = spawn(t, wt, program);
    worker.on('error', ({ message }) => assert.equal(message, 'end'));
    const seen = [];
    worker.on('message', (n) => seen.push(n));
    for (let n = 0; n < COUNT; n++) worker.postMessage(n);
    assert.equal(await exited(worker), code);
    assert.deepEqual(seen, [0, 1, 2]);
  });
}

test('a handler hands each port that it receives on to a worker: their queues arrive there', async (t) => {
  const road = channel(t, wt);
  const worker = spawn(t, wt, ({ parentPort }) => {
    parentPort.on('message', ({ port }) => {
      port.on('message', (value) => parentPort.postMessage(value));
    });
  });
  const mail = inbox(worker);
  road.port2.on('message', ({ port }) => worker.postMessage({ port }, [port]));
  const pairs = sequence(5).map(() => channel(t, wt));
  pairs.forEach(({ port1, port2 }, n) => {
    port1.postMessage([n, 'before']);
    road.port1.postMessage({ port: port2 }, [port2]);
    port1.postMessage({ shared: new SharedArrayBuffer(1), entry: [n, 'behind'] });
  });
  const entries = (await mail.take(10)).map((value) => value.entry ?? value);
  for (const n of sequence(5)) assert.deepEqual(entries.filter(([of]) => of === n).map(([, when]) => when), ['before', 'behind']);
});

test('a handler closes the other port of its channel, and channels in the same turn: what was queued arrives', async (t) => {
  const pairs = sequence(3).map(() => channel(t, wt));
  const seen = pairs.map(() => []);
  const closed = pairs.map(({ port2 }) => once(port2, 'close'));
  pairs.forEach(({ port2 }, n) => port2.on('message', (value) => {
    seen[n].push(number(value));
    if (n === 0 && number(value) === 1) for (const { port1 } of pairs) port1.close();
  }));
  for (const { port1 } of pairs) for (const n of sequence(4)) port1.postMessage(n % 2 ? n : { n });
  await Promise.all(closed);
  assert.deepEqual(seen, pairs.map(() => sequence(4)));
});
