'use strict';
// First in, first out, whatever the messages are made of.

const test = require('node:test');
const assert = require('node:assert/strict');
const { channel, spawn, exited } = require('../support/threads.js');
const { deadline, inbox, settle } = require('../support/deadline.js');
const { message, numberOf, sequence, KINDS } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const MIXTURE = require.resolve('../support/mixture.js');
const number = (value) => numberOf(value, wt.receiveMessageOnPort);

test('20,000 integers posted before the listener was added arrive in order', async (t) => {
  const { port1, port2 } = channel(t, wt);
  for (let n = 0; n < 20_000; n++) port1.postMessage(n);
  assert.deepEqual(await inbox(port2).take(20_000), sequence(20_000));
});

test('fast messages and messages that need the stock serializer keep their order within a thread', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const count = KINDS * 30;
  const mail = inbox(port2);
  for (let n = 0; n < count; n++) port1.postMessage(...message(n));
  assert.deepEqual((await mail.take(count)).map(number), sequence(count));
});

test('the order is the same for receiveMessageOnPort', (t) => {
  const { port1, port2 } = channel(t, wt);
  const count = KINDS * 10;
  for (let n = 0; n < count; n++) port1.postMessage(...message(n));
  const received = [];
  for (let next; (next = wt.receiveMessageOnPort(port2)) !== undefined; ) received.push(number(next.message));
  assert.deepEqual(received, sequence(count));
});

test('a post that fails leaves no gap and no trace', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const refused = [() => {}, { deep: [Symbol('no')] }, new Map([[1, new WeakMap()]]), channel(t, wt).port1];
  const mail = inbox(port2);
  for (let n = 0; n < KINDS * 4; n++) {
    port1.postMessage(...message(n));
    assert.throws(() => port1.postMessage(refused[n % refused.length]));
  }
  port1.postMessage('end 0');
  const received = await mail.take(KINDS * 4 + 1);
  assert.deepEqual(received.slice(0, -1).map(number), sequence(KINDS * 4));
  assert.equal(received.at(-1), 'end 0');
});

test('both directions of a channel are independent queues', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const [left, right] = [inbox(port1), inbox(port2)];
  for (let n = 0; n < 200; n++) {
    port1.postMessage(...message(n));
    port2.postMessage(...message(200 + n));
  }
  assert.deepEqual((await right.take(200)).map(number), sequence(200));
  assert.deepEqual((await left.take(200)).map(number), sequence(200, 200));
});

test('main to worker, mixed kinds, posted before the worker runs and while it runs', async (t) => {
  const worker = spawn(t, wt, ({ parentPort, wt: { receiveMessageOnPort }, workerData, require }) => {
    const { numberOf } = require(workerData.mixture);
    const seen = [];
    parentPort.on('message', (value) => {
      seen.push(numberOf(value, receiveMessageOnPort));
      if (seen.length === workerData.count / 2) parentPort.postMessage('half');
      if (seen.length === workerData.count) parentPort.postMessage(seen);
    });
  }, { workerData: { mixture: MIXTURE, count: KINDS * 80 } });
  const mail = inbox(worker);
  for (let n = 0; n < KINDS * 40; n++) worker.postMessage(...message(n));
  assert.equal(await mail.next(), 'half');
  for (let n = KINDS * 40; n < KINDS * 80; n++) worker.postMessage(...message(n));
  assert.deepEqual(await mail.next(), sequence(KINDS * 80));
});

test('worker to main, mixed kinds, the last ones just before the worker ends', async (t) => {
  const worker = spawn(t, wt, ({ parentPort, workerData, require }) => {
    const { message } = require(workerData.mixture);
    for (let n = 0; n < workerData.count; n++) parentPort.postMessage(...message(n));
  }, { workerData: { mixture: MIXTURE, count: KINDS * 40 } });
  const mail = inbox(worker);
  const code = exited(worker);
  assert.deepEqual((await mail.take(KINDS * 40)).map(number), sequence(KINDS * 40));
  assert.equal(await code, 0);
});

test('an echo through a worker keeps the order of mixed kinds in both directions at once', async (t) => {
  const { port1, port2 } = channel(t, wt);
  spawn(t, wt, ({ workerData: { port, mixture }, wt: { receiveMessageOnPort }, require }) => {
    const { message, numberOf } = require(mixture);
    port.on('message', (value) => port.postMessage(...message(numberOf(value, receiveMessageOnPort))));
  }, { workerData: { port: port2, mixture: MIXTURE }, transferList: [port2] });
  const mail = inbox(port1);
  for (let n = 0; n < KINDS * 40; n++) port1.postMessage(...message(n));
  assert.deepEqual((await mail.take(KINDS * 40)).map(number), sequence(KINDS * 40));
});

test('a large message does not let the small ones behind it pass', async (t) => {
  const { port1, port2 } = channel(t, wt);
  spawn(t, wt, ({ workerData: port }) => {
    port.on('message', (value) => port.postMessage(value));
  }, { workerData: port2, transferList: [port2] });
  const mail = inbox(port1);
  const large = ['x'.repeat(1 << 20), new Uint8Array(1 << 20), '字'.repeat(1 << 19), new Array(50_000).fill(7)];
  for (const value of large) {
    port1.postMessage(value);
    port1.postMessage('small');
  }
  for (const value of large) {
    assert.deepEqual(await mail.next(), value);
    assert.equal(await mail.next(), 'small');
  }
});

test('messages posted in a handler to the port that is being read come after those already queued', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const done = new Promise((resolve) => {
    port2.on('message', (value) => {
      log.push(value);
      if (value < 3) port1.postMessage(value + 10);
      if (log.length === 6) resolve();
    });
  });
  for (const value of [0, 1, 2]) port1.postMessage(value);
  await deadline(done, 'six messages');
  assert.deepEqual(log, [0, 1, 2, 10, 11, 12]);
});

test('a handler that answers on its own port reaches the other end', async (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.on('message', (value) => port2.postMessage(value * 2));
  const mail = inbox(port1);
  for (const value of [1, 2, 3]) port1.postMessage(value);
  assert.deepEqual(await mail.take(3), [2, 4, 6]);
});

test('a port created, transferred through its own sibling channel and used in one turn keeps everything', (t) => {
  const outer = channel(t, wt);
  const inner = channel(t, wt);
  inner.port1.postMessage('before');
  outer.port1.postMessage({ port: inner.port2 }, [inner.port2]);
  inner.port1.postMessage('after');
  const { message: { port } } = wt.receiveMessageOnPort(outer.port2);
  inner.port1.postMessage('last');
  const received = [1, 2, 3].map(() => wt.receiveMessageOnPort(port).message);
  assert.deepEqual(received, ['before', 'after', 'last']);
  port.close();
});

test('ports inside queued messages of ports inside queued messages carry their own queues', (t) => {
  const channels = Array.from({ length: 6 }, () => channel(t, wt));
  channels.forEach(({ port1 }, level) => port1.postMessage(`first of ${level}`));
  for (let level = channels.length - 1; level > 0; level--) {
    channels[level - 1].port1.postMessage([channels[level].port2], [channels[level].port2]);
  }
  channels.forEach(({ port1 }, level) => port1.postMessage(`last of ${level}`));
  let port = channels[0].port2;
  for (let level = 0; level < channels.length; level++) {
    assert.equal(wt.receiveMessageOnPort(port).message, `first of ${level}`);
    const inner = level < channels.length - 1 ? wt.receiveMessageOnPort(port).message[0] : undefined;
    assert.equal(wt.receiveMessageOnPort(port).message, `last of ${level}`);
    assert.equal(wt.receiveMessageOnPort(port), undefined);
    port.close();
    port = inner;
  }
});

test('a hundred channels in use at once do not mix', async (t) => {
  const channels = Array.from({ length: 100 }, () => channel(t, wt));
  const mails = channels.map(({ port2 }) => inbox(port2));
  for (let n = 0; n < 20; n++) channels.forEach(({ port1 }, index) => port1.postMessage([index, n]));
  for (const [index, mail] of mails.entries()) {
    assert.deepEqual(await mail.take(20), sequence(20).map((n) => [index, n]));
  }
});

test('nothing is delivered before the port is started, not even when other ports are busy', async (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.on('close', () => {});
  port2.on('messageerror', assert.fail);
  port1.postMessage('waits');
  await settle();
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'waits' });
});

test('delivery is asynchronous: never inside postMessage, on() or start()', async (t) => {
  const { port1, port2 } = channel(t, wt);
  let delivered = 0;
  port1.postMessage(1);
  port2.on('message', () => delivered++);
  port2.start();
  port1.postMessage(2);
  assert.equal(delivered, 0);
  await Promise.resolve();
  await new Promise((resolve) => process.nextTick(resolve));
  assert.equal(delivered, 0);
  const mail = inbox(port2);
  await mail.take(2);
  assert.equal(delivered, 2);
});
