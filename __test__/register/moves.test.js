'use strict';
// The functions of Node that move ports without asking: under threadport/register they ask.

const test = require('node:test');
const assert = require('node:assert/strict');

const stock = { ...require('node:worker_threads'), structuredClone: globalThis.structuredClone };
require('threadport/register');
const wt = require('node:worker_threads');
const { channel, spawn } = require('../support/threads.js');
const { deadline, inbox, once } = require('../support/deadline.js');
const { message, numberOf, sequence, KINDS } = require('../support/mixture.js');
const { outcome } = require('../support/outcome.js');
const { stopped } = require('../support/stopped.js');

const MIXTURE = require.resolve('../support/mixture.js');
const number = (value) => numberOf(value, wt.receiveMessageOnPort);
const isOurs = (port) => Object.getPrototypeOf(port) === wt.MessagePort.prototype;

/** A port whose other end is in a worker that sends back what it gets. */
async function far(t) {
  const { port1, port2 } = channel(t, wt);
  spawn(t, wt, ({ workerData, require }) => {
    const { message, numberOf } = require(workerData.mixture);
    const { receiveMessageOnPort } = require('node:worker_threads');
    workerData.port.on('message', (value) => {
      if (Number.isInteger(value?.count)) for (let n = 0; n < value.count; n++) workerData.port.postMessage(...message(n));
      else workerData.port.postMessage(...message(numberOf(value, receiveMessageOnPort)));
    });
  }, { workerData: { port: port2, mixture: MIXTURE }, transferList: [port2] });
  const mail = inbox(port1);
  port1.postMessage({ count: 1 });
  await mail.next();
  mail.stop();
  return port1;
}

test('structuredClone of a port that is in use between threads: the rest goes to the new one, which is ours', async (t) => {
  let port = await far(t);
  for (let round = 0; round < 4; round++) {
    const seen = [];
    const moved = new Promise((resolve) => {
      port.on('message', (value) => {
        seen.push(number(value));
        if (seen.length === 10) resolve(structuredClone({ port }, { transfer: [port] }).port);
      });
    });
    port.postMessage({ count: KINDS * 8 });
    const closed = once(port, 'close');
    const next = await deadline(moved, 'the move');
    assert.ok(isOurs(next));
    const mail = inbox(next);
    const rest = (await mail.take(KINDS * 8 - 10)).map(number);
    assert.deepEqual([...seen, ...rest], sequence(KINDS * 8));
    await closed;
    mail.stop();
    port = next;
  }
});

test('structuredClone of several ports, in another order than the list, beside buffers', async (t) => {
  const pairs = [channel(t, wt), channel(t, wt), channel(t, stock)];
  const [a, b, c] = pairs.map(({ port2 }) => port2);
  pairs.forEach(({ port1 }, index) => port1.postMessage({ index }));
  const buffer = new ArrayBuffer(8);
  const moved = structuredClone({ ports: [c, b, a], again: b, buffer }, { transfer: [a, buffer, b, c] });
  assert.equal(buffer.byteLength, 0);
  assert.equal(moved.buffer.byteLength, 8);
  assert.equal(moved.again, moved.ports[1]);
  pairs.forEach(({ port1 }, index) => port1.postMessage([index]));
  for (const [position, port] of moved.ports.entries()) {
    const index = 2 - position;
    assert.deepEqual(await inbox(port).take(2), [{ index }, [index]]);
    port.postMessage('back');
    assert.deepEqual(await once(pairs[index].port1, 'message'), ['back']);
    assert.equal(isOurs(port), index !== 2);
  }
});

test('structuredClone whose getters make channels and use other ports: the port keeps its messages', async (t) => {
  const port = await far(t);
  const other = channel(t, wt);
  port.postMessage({ count: KINDS });
  const moved = structuredClone({
    port,
    get made() {
      other.port1.ref();
      other.port1.unref();
      const { port1 } = new wt.MessageChannel();
      port1.close();
      return 1;
    },
  }, { transfer: [port] });
  assert.equal(moved.made, 1);
  assert.deepEqual((await inbox(moved.port).take(KINDS)).map(number), sequence(KINDS));
});

test('structuredClone that throws leaves the ports as they were', async (t) => {
  const port = await far(t);
  port.postMessage({ count: KINDS });
  const throwing = { get x() { throw new Error('mine'); }, port };
  assert.throws(() => structuredClone(throwing, { transfer: [port] }), /mine/);
  assert.throws(() => structuredClone(() => {}, { transfer: [port] }), { name: 'DataCloneError' });
  assert.throws(() => structuredClone(0, { transfer: [port, port] }), { name: 'DataCloneError' });
  assert.deepEqual((await inbox(port).take(KINDS)).map(number), sequence(KINDS));
});

test('structuredClone: options that Node takes or refuses, read once', () => {
  const results = (clone) => [
    () => clone(),
    () => clone({ a: [1] }),
    () => clone(1, null),
    () => clone(1, undefined),
    () => clone(1, 'text'),
    () => clone(1, {}),
    () => clone(1, { transfer: null }),
    () => clone(1, { transfer: undefined }),
    () => clone(1, { transfer: 1 }),
    () => clone(1, { transfer: {} }),
    () => clone(1, { transfer: [] }),
    () => clone(1, { transfer: [1] }),
    () => clone(1, { transfer: [{}] }),
    () => clone(1, { transfer: new Set([new ArrayBuffer(1)]) }),
    () => clone(1, { transfer: [new ArrayBuffer(1)] }),
    () => {
      const reads = [];
      const buffer = new ArrayBuffer(1);
      clone(1, {
        get transfer() {
          reads.push('transfer');
          return { *[Symbol.iterator]() { reads.push('list'); yield buffer; } };
        },
      });
      return [reads, buffer.byteLength];
    },
  ].map(outcome);
  assert.deepEqual(results(structuredClone), results(stock.structuredClone));
});

if (wt.postMessageToThread !== undefined) {
  const listener = ({ parentPort, workerData, require }) => {
    const { message, numberOf } = require(workerData);
    const { receiveMessageOnPort } = require('node:worker_threads');
    process.on('workerMessage', ({ port }) => {
      port.on('message', (value) => port.postMessage(...message(numberOf(value, receiveMessageOnPort))));
      parentPort.postMessage('taken');
    });
    parentPort.on('message', () => {});
    parentPort.postMessage('ready');
  };

  test('postMessageToThread with a port that is in use: it works there, in order', async (t) => {
    const worker = spawn(t, wt, listener, { workerData: MIXTURE });
    const mail = inbox(worker);
    await mail.next();
    const { port1, port2 } = channel(t, wt);
    port1.postMessage('used');
    assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'used' });
    for (const n of sequence(KINDS)) port1.postMessage(...message(n));
    await wt.postMessageToThread(worker.threadId, { port: port2 }, [port2]);
    await mail.next();
    for (const n of sequence(KINDS, KINDS)) port1.postMessage(...message(n));
    const back = inbox(port1);
    const values = await back.take(2 * KINDS);
    assert.deepEqual(values.map(number), sequence(2 * KINDS));
  });

  test('postMessageToThread that fails leaves the port working', async (t) => {
    const port = await far(t);
    const { postMessageToThread: post, threadId } = wt;
    await assert.rejects(post(threadId, { port }, [port]), { code: 'ERR_WORKER_MESSAGING_SAME_THREAD' });
    await assert.rejects(post(threadId + 1, { port, not() {} }, [port]));
    await assert.rejects(post(threadId + 1, { port }, [port], -1), { code: 'ERR_OUT_OF_RANGE' });
    await assert.rejects(post(123_456, { port }, [port]), { code: 'ERR_WORKER_MESSAGING_FAILED' });
    port.postMessage({ count: KINDS });
    assert.deepEqual((await inbox(port).take(KINDS)).map(number), sequence(KINDS));
  });
}

test('structuredClone of a port that was stopped: an unread message with a port, and one with shared memory, come whole', async (t) => {
  const { port1: kept, port2: inner } = channel(t, wt);
  const { port } = await stopped(t, wt, ({ port, ports }) => {
    port.postMessage('first');
    const carried = ports.get('inner');
    port.postMessage({ carried }, [carried]);
    port.postMessage(new SharedArrayBuffer(3));
    port.postMessage('fourth');
  }, { inner });
  const moved = structuredClone(port, { transfer: [port] });
  t.after(() => moved.close());
  const [{ carried }, shared, fourth] = await inbox(moved).take(3);
  assert.equal(shared.byteLength, 3);
  assert.equal(fourth, 'fourth');
  const mail = inbox(kept);
  carried.postMessage('from the port');
  assert.equal(await mail.next(), 'from the port');
});
