'use strict';
// receiveMessageOnPort: reading a port by hand, beside and inside its listeners.

const test = require('node:test');
const assert = require('node:assert/strict');
const { channel, spawn } = require('../support/threads.js');
const { deadline, inbox, settle } = require('../support/deadline.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const { receiveMessageOnPort } = wt;

test('an empty port gives undefined, a message gives { message } and nothing else', (t) => {
  const { port1, port2 } = channel(t, wt);
  assert.equal(receiveMessageOnPort(port2), undefined);
  port1.postMessage('one');
  const received = receiveMessageOnPort(port2);
  assert.deepEqual(Reflect.ownKeys(received), ['message']);
  assert.equal(Object.getPrototypeOf(received), Object.prototype);
  assert.equal(received.message, 'one');
  assert.equal(receiveMessageOnPort(port2), undefined);
});

test('undefined is a message as any other', (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.postMessage(undefined);
  port1.postMessage(null);
  assert.deepEqual(receiveMessageOnPort(port2), { message: undefined });
  assert.deepEqual(receiveMessageOnPort(port2), { message: null });
});

test('it reads a port without listeners, one that was started, and one whose listener was removed', (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.postMessage(1);
  assert.deepEqual(receiveMessageOnPort(port2), { message: 1 });
  const listener = () => {};
  port2.on('message', listener);
  port1.postMessage(2);
  assert.deepEqual(receiveMessageOnPort(port2), { message: 2 });
  port2.off('message', listener);
  port1.postMessage(3);
  assert.deepEqual(receiveMessageOnPort(port2), { message: 3 });
});

test('what it took is not handed to the listener, what it left is', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const mail = inbox(port2);
  for (const value of ['taken', { taken: new SharedArrayBuffer(1) }, 'left']) port1.postMessage(value);
  assert.deepEqual(receiveMessageOnPort(port2), { message: 'taken' });
  assert.ok(receiveMessageOnPort(port2).message.taken instanceof SharedArrayBuffer);
  assert.equal(await mail.next(), 'left');
  await settle();
  assert.equal(mail.queue.length, 0);
});

test('inside a handler of the same port it takes the next message, which the listener then does not see', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const done = new Promise((resolve) => {
    port2.on('message', (value) => {
      log.push(value);
      if (value === 0) log.push(['taken', receiveMessageOnPort(port2).message, receiveMessageOnPort(port2).message]);
      if (value === 4) resolve();
    });
  });
  for (let value = 0; value < 5; value++) port1.postMessage(value);
  await deadline(done, 'message 4');
  assert.deepEqual(log, [0, ['taken', 1, 2], 3, 4]);
});

test('inside a handler it can read the port to its end', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const done = new Promise((resolve) => {
    port2.on('message', (value) => {
      log.push(value);
      for (let next; (next = receiveMessageOnPort(port2)) !== undefined; ) log.push(`read ${next.message}`);
      if (value === 'again') resolve();
      else port1.postMessage('again');
    });
  });
  for (let value = 0; value < 4; value++) port1.postMessage(value);
  await deadline(done, 'the message after');
  assert.deepEqual(log, [0, 'read 1', 'read 2', 'read 3', 'again']);
});

test('inside a handler it sees what the handler itself has just posted', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const done = new Promise((resolve) => {
    port2.on('message', (value) => {
      log.push(value);
      if (value !== 'x') return resolve();
      port1.postMessage('y');
      log.push(receiveMessageOnPort(port2));
      return undefined;
    });
  });
  port1.postMessage('x');
  port1.postMessage('z');
  await deadline(done, 'z');
  assert.deepEqual(log, ['x', { message: 'z' }, 'y']);
});

test('inside a handler it reads another port, nested two deep', async (t) => {
  const [a, b, c] = [channel(t, wt), channel(t, wt), channel(t, wt)];
  const log = [];
  c.port1.postMessage('deep');
  b.port1.postMessage({ port: c.port2 }, [c.port2]);
  b.port1.postMessage('b');
  const done = new Promise((resolve) => {
    a.port2.on('message', (value) => {
      const { port } = receiveMessageOnPort(b.port2).message;
      log.push(value, receiveMessageOnPort(port).message, receiveMessageOnPort(b.port2).message);
      port.close();
      resolve();
    });
  });
  a.port1.postMessage('a');
  await deadline(done, 'the handler');
  assert.deepEqual(log, ['a', 'deep', 'b']);
});

test('it reads messages that need the stock serializer, and fast ones behind them', (t) => {
  const { port1, port2 } = channel(t, wt);
  const buffer = Uint8Array.of(1, 2, 3).buffer;
  port1.postMessage(buffer, [buffer]);
  port1.postMessage({ fast: true });
  port1.postMessage(new SharedArrayBuffer(3));
  port1.postMessage('fast');
  assert.deepEqual(new Uint8Array(receiveMessageOnPort(port2).message), Uint8Array.of(1, 2, 3));
  assert.deepEqual(receiveMessageOnPort(port2), { message: { fast: true } });
  assert.ok(receiveMessageOnPort(port2).message instanceof SharedArrayBuffer);
  assert.deepEqual(receiveMessageOnPort(port2), { message: 'fast' });
  assert.equal(receiveMessageOnPort(port2), undefined);
});

test('a port in the message it read is a port of the module and works', (t) => {
  const { port1, port2 } = channel(t, wt);
  const inner = channel(t, wt);
  port1.postMessage({ deep: [{ port: inner.port2 }] }, [inner.port2]);
  const { message } = receiveMessageOnPort(port2);
  const { port } = message.deep[0];
  assert.ok(port instanceof wt.MessagePort);
  assert.equal(Object.getPrototypeOf(port), wt.MessagePort.prototype);
  inner.port1.postMessage('in');
  port.postMessage('out');
  assert.deepEqual(receiveMessageOnPort(port), { message: 'in' });
  assert.deepEqual(receiveMessageOnPort(inner.port1), { message: 'out' });
});

test('a worker reads its parentPort by hand before it listens', async (t) => {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = spawn(t, wt, ({ parentPort, wt: { receiveMessageOnPort }, workerData: gate }) => {
    Atomics.wait(gate, 0, 0, 5000);
    const read = [receiveMessageOnPort(parentPort).message, receiveMessageOnPort(parentPort).message];
    parentPort.on('message', (value) => {
      parentPort.postMessage([...read, 'heard', value]);
      parentPort.removeAllListeners();
      parentPort.close();
    });
  }, { workerData: gate });
  const mail = inbox(worker);
  worker.postMessage(1);
  worker.postMessage({ shared: new SharedArrayBuffer(1) });
  worker.postMessage(3);
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  const [first, second, ...rest] = await mail.next();
  assert.deepEqual([first, Object.keys(second), ...rest], [1, ['shared'], 'heard', 3]);
});

test('messages from another thread can be polled by hand in a blocking loop', async (t) => {
  const { port1, port2 } = channel(t, wt);
  spawn(t, wt, ({ workerData: port }) => {
    port.on('message', (value) => {
      for (let n = 0; n < 100; n++) port.postMessage([value, n]);
    });
  }, { workerData: port2, transferList: [port2] });
  port1.postMessage('go');
  const received = [];
  const end = Date.now() + 10_000;
  while (received.length < 100 && Date.now() < end) {
    const next = receiveMessageOnPort(port1);
    if (next !== undefined) received.push(next.message);
  }
  assert.deepEqual(received, Array.from({ length: 100 }, (_, n) => ['go', n]));
});
