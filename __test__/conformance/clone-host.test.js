'use strict';
// Objects of Node and of WebAssembly that only the stock serializer can carry, alone and among plain values.

const test = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs/promises');
const net = require('node:net');
const { createHistogram } = require('node:perf_hooks');
const util = require('node:util');
const stock = require('node:worker_threads');
const { channel, spawn } = require('../support/threads.js');
const { deadline, inbox } = require('../support/deadline.js');
const { outcome } = require('../support/outcome.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

// (module (func (export "f") (result i32) i32.const 42))
const WASM = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65, 42, 11);

const histogram = () => {
  const recorded = createHistogram();
  [1, 2, 300].forEach((value) => recorded.record(value));
  return recorded;
};
const blockList = () => {
  const list = new net.BlockList();
  list.addAddress('1.2.3.4');
  return list;
};

/** name -> [maker, what a program can ask of the value] */
const CLONED = {
  Blob: [() => new Blob(['some ', 'text'], { type: 'text/plain' }), async (blob) => [blob.size, blob.type, await blob.text()]],
  'secret KeyObject': [() => crypto.createSecretKey(Buffer.from('key')), (key) => [key.type, key.export().toString()]],
  'public KeyObject': [
    () => crypto.createPublicKey(crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey),
    (key) => [key.type, key.asymmetricKeyType],
  ],
  BlockList: [blockList, (list) => [list.check('1.2.3.4'), list.check('1.2.3.5'), list.rules]],
  SocketAddress: [() => new net.SocketAddress({ address: '1.2.3.4', port: 5 }), ({ address, port, family }) => [address, port, family]],
  Histogram: [histogram, ({ min, max, count }) => [min, max, count]],
  'WebAssembly.Module': [() => new WebAssembly.Module(WASM), (module) => new WebAssembly.Instance(module).exports.f()],
};

for (const [name, [make, ask]] of Object.entries(CLONED)) {
  test(`${name} arrives usable within a thread, alone and among plain values`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const value = make();
    const expected = await ask(value);
    port1.postMessage(value);
    port1.postMessage('between');
    port1.postMessage({ list: [1, { value }], value, text: 'plain' });
    assert.deepEqual(await ask(wt.receiveMessageOnPort(port2).message), expected);
    assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'between' });
    const { message } = wt.receiveMessageOnPort(port2);
    assert.deepEqual(await ask(message.value), expected);
    assert.equal(message.list[1].value, message.value);
    assert.equal(Object.getPrototypeOf(message.value), Object.getPrototypeOf(structuredClone(value)));
  });

  test(`${name} arrives usable through a worker, in order`, async (t) => {
    const worker = spawn(t, wt, ({ parentPort }) => {
      parentPort.on('message', (value) => parentPort.postMessage(value));
    });
    const mail = inbox(worker);
    const value = make();
    for (const sent of ['before', { value }, 'after']) worker.postMessage(sent);
    assert.equal(await mail.next(), 'before');
    assert.deepEqual(await ask((await mail.next()).value), await ask(value));
    assert.equal(await mail.next(), 'after');
  });
}

test('CryptoKey arrives usable', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const { subtle } = crypto.webcrypto;
  const key = await subtle.importKey('raw', Buffer.alloc(16, 1), 'AES-CBC', true, ['encrypt']);
  port1.postMessage([key, 'plain']);
  const [received, plain] = wt.receiveMessageOnPort(port2).message;
  assert.deepEqual(Buffer.from(await subtle.exportKey('raw', received)), Buffer.alloc(16, 1));
  assert.equal(plain, 'plain');
});

test('a shared WebAssembly.Memory is the same memory in a worker', async (t) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  const worker = spawn(t, wt, ({ parentPort }) => {
    parentPort.on('message', ({ memory }) => {
      new Uint8Array(memory.buffer)[7] = 99;
      parentPort.postMessage({ isMemory: memory instanceof WebAssembly.Memory });
    });
  });
  const mail = inbox(worker);
  worker.postMessage({ memory, plain: 1 });
  assert.deepEqual(await mail.next(), { isMemory: true });
  assert.equal(new Uint8Array(memory.buffer)[7], 99);
});

test('an unshared WebAssembly.Memory has the outcome of structuredClone', (t) => {
  const { port1 } = channel(t, wt);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { thrown, name, message } = outcome(() => port1.postMessage({ memory }));
  const expected = outcome(() => structuredClone({ memory }));
  assert.deepEqual({ thrown, name, message }, { thrown: expected.thrown, name: expected.name, message: expected.message });
});

test('a FileHandle in the transfer list moves, and is refused without one', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const handle = await fs.open(__filename);
  assert.throws(() => port1.postMessage({ handle }));
  port1.postMessage({ handle, plain: [1] }, [handle]);
  assert.equal(handle.fd, -1);
  const { message } = wt.receiveMessageOnPort(port2);
  assert.match((await deadline(message.handle.readFile('utf8'), 'the file')).slice(0, 12), /^'use strict'/);
  assert.deepEqual(message.plain, [1]);
  await message.handle.close();
});

test('streams in the transfer list move', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const readable = new ReadableStream({
    start(controller) {
      controller.enqueue('chunk');
      controller.close();
    },
  });
  assert.throws(() => port1.postMessage(readable), { name: /DataCloneError|TypeError/ });
  port1.postMessage({ readable, plain: true }, [readable]);
  const { message } = wt.receiveMessageOnPort(port2);
  const reader = message.readable.getReader();
  assert.deepEqual(await deadline(reader.read(), 'the chunk'), { value: 'chunk', done: false });
  assert.deepEqual(await deadline(reader.read(), 'the end'), { value: undefined, done: true });
});

test('a writable stream moves to a worker and back-pressures through it', async (t) => {
  const written = [];
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  const writable = new WritableStream({ write: (chunk) => void written.push(chunk), close: () => finish() });
  const worker = spawn(t, wt, async ({ parentPort }) => {
    parentPort.once('message', async ({ writable }) => {
      const writer = writable.getWriter();
      for (const chunk of [1, 'two', { three: 3 }]) await writer.write(chunk);
      await writer.close();
    });
  });
  worker.postMessage({ writable }, [writable]);
  await deadline(finished, 'the end of the stream');
  assert.deepEqual(written, [1, 'two', { three: 3 }]);
});

test('a transferable AbortSignal aborts on the other side', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const controller = util.transferableAbortController();
  port1.postMessage({ signal: controller.signal }, [controller.signal]);
  const { message: { signal } } = wt.receiveMessageOnPort(port2);
  assert.equal(signal.aborted, false);
  const aborted = new Promise((resolve) => {
    signal.onabort = resolve;
  });
  controller.abort(new RangeError('stop'));
  await deadline(aborted, "'abort'");
  assert.equal(signal.reason.message, 'stop');
});

test('markAsUntransferable keeps a buffer, a port and a pooled Buffer where they are', (t) => {
  const { port1, port2 } = channel(t, wt);
  const inner = channel(t, wt);
  const buffer = new ArrayBuffer(8);
  wt.markAsUntransferable(buffer);
  wt.markAsUntransferable(inner.port1);
  outcome(() => port1.postMessage(buffer, [buffer]));
  assert.equal(buffer.byteLength, 8);
  assert.throws(() => port1.postMessage(inner.port1, [inner.port1]));
  inner.port1.postMessage('still here');
  assert.deepEqual(wt.receiveMessageOnPort(inner.port2), { message: 'still here' });
  const pooled = Buffer.from('pooled');
  outcome(() => port1.postMessage(pooled, [pooled.buffer]));
  assert.equal(pooled.toString(), 'pooled');
  wt.receiveMessageOnPort(port2);
});

// From Node 21 on.
if (stock.isMarkedAsUntransferable) test('isMarkedAsUntransferable tells marked objects', (t) => {
  const buffer = new ArrayBuffer(8);
  const { port1 } = channel(t, wt);
  assert.equal(wt.isMarkedAsUntransferable(buffer), false);
  wt.markAsUntransferable(buffer);
  wt.markAsUntransferable(port1);
  assert.equal(wt.isMarkedAsUntransferable(buffer), true);
  assert.equal(wt.isMarkedAsUntransferable(port1), true);
});

// From Node 22.10 on.
if (stock.markAsUncloneable) test('markAsUncloneable makes an object uncloneable, nested too', (t) => {
  const { port1, port2 } = channel(t, wt);
  const marked = { a: 1 };
  wt.markAsUncloneable(marked);
  for (const value of [marked, { deep: [marked] }, new Map([[1, marked]])]) {
    assert.throws(() => port1.postMessage(value), { name: 'DataCloneError', code: 25 });
  }
  assert.throws(() => structuredClone(marked), { name: 'DataCloneError' });
  port1.postMessage({ a: 1 });
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: { a: 1 } });
});
