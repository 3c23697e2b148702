'use strict';
// What newer Node lines export beside the messages: there where the running line has it.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { spawn, exited } = require('../support/threads.js');
const { deadline, inbox, once } = require('../support/deadline.js');
const { outcome } = require('../support/outcome.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

if ('threadName' in stock) test('threadName and isInternalThread: in main, in a worker, and of a worker', async (t) => {
  assert.deepEqual([wt.threadName, wt.isInternalThread], [stock.threadName, false]);
  const worker = spawn(t, wt, ({ wt, parentPort }) => parentPort.postMessage([wt.threadName, wt.isInternalThread]), { name: 'a name' });
  assert.equal(worker.threadName, 'a name');
  assert.deepEqual(await once(worker, 'message'), [['a name', false]]);
});

if (stock.locks) test('locks: one holder among the threads, in the order of the requests', async (t) => {
  const worker = spawn(t, wt, ({ wt, parentPort }) => {
    wt.locks.request('name', async ({ name, mode }) => {
      parentPort.postMessage([name, mode]);
      await new Promise((resolve) => parentPort.once('message', resolve));
    });
  });
  assert.deepEqual(await once(worker, 'message'), [['name', 'exclusive']]);
  assert.equal(wt.locks, stock.locks);
  assert.equal(await deadline(wt.locks.request('name', { ifAvailable: true }, (lock) => lock), 'the answer'), null);
  const granted = wt.locks.request('name', ({ name }) => `${name} here`);
  assert.deepEqual((await deadline(wt.locks.query(), 'the query')).pending.map(({ name }) => name), ['name']);
  worker.postMessage('let go');
  assert.equal(await deadline(granted, 'the lock'), 'name here');
});

if (stock.postMessageToThread) {
  test('postMessageToThread: the errors of the built-in', async (t) => {
    const silent = spawn(t, wt, ({ parentPort }) => parentPort.on('message', () => {}));
    const throwing = spawn(t, wt, ({ parentPort }) => {
      process.on('workerMessage', () => { throw new Error('in the handler'); });
      parentPort.on('message', () => {});
      parentPort.postMessage('ready');
    });
    await Promise.all([once(silent, 'online'), once(throwing, 'message')]);
    const failed = async (...args) => {
      const { code, name } = await wt.postMessageToThread(...args).then(() => ({}), (error) => error);
      return [name, code];
    };
    assert.deepEqual(await failed(wt.threadId, 1), ['Error', 'ERR_WORKER_MESSAGING_SAME_THREAD']);
    assert.deepEqual(await failed(1e6, 1), ['Error', 'ERR_WORKER_MESSAGING_FAILED']);
    assert.deepEqual(await failed(silent.threadId, 1), ['Error', 'ERR_WORKER_MESSAGING_FAILED']);
    assert.deepEqual(await failed(throwing.threadId, 1), ['Error', 'ERR_WORKER_MESSAGING_ERRORED']);
    assert.deepEqual(await failed(silent.threadId, () => {}), ['DataCloneError', 25]);
  });
}

if (stock.Worker.prototype[Symbol.asyncDispose]) test('a worker can be disposed of', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.on('message', () => {}));
  await once(worker, 'online');
  const code = exited(worker);
  await deadline(worker[Symbol.asyncDispose](), 'the disposal');
  assert.equal(await code, 1);
});

if (stock.Worker.prototype.cpuUsage) test('cpuUsage() and getHeapStatistics() of a worker that gets messages', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.on('message', (value) => parentPort.postMessage(value)));
  const mail = inbox(worker);
  worker.postMessage('up');
  await mail.next();
  const usage = deadline(worker.cpuUsage(), 'the usage');
  worker.postMessage('between');
  assert.ok((await usage).user >= 0);
  if (worker.getHeapStatistics) assert.ok((await deadline(worker.getHeapStatistics(), 'the statistics')).total_heap_size > 0);
  assert.equal(await mail.next(), 'between');
});

test('symbols and names of classes and instances are those of the built-in', (t) => {
  const symbols = (object) => Object.getOwnPropertySymbols(object).map(String).sort();
  const worker = { ours: spawn(t, wt, () => {}), theirs: spawn(t, stock, () => {}, { module: 'node:worker_threads' }) };
  assert.deepEqual(Object.getOwnPropertyNames(worker.ours), Object.getOwnPropertyNames(worker.theirs));
  for (const name of Object.getOwnPropertyNames(stock.Worker.prototype)) {
    assert.deepEqual(outcome(() => wt.Worker.prototype[name].length), outcome(() => stock.Worker.prototype[name].length), name);
  }
  assert.deepEqual(symbols(wt.MessageChannel.prototype), symbols(stock.MessageChannel.prototype));
});
