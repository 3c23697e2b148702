'use strict';
// Odd things in transfer lists, odd lists, and lists whose iteration acts: within a thread and to another one, as the built-in has it.

const test = require('node:test');
const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const vm = require('node:vm');
const stock = require('node:worker_threads');
const { describe } = require('../support/describe.js');
const { farThread } = require('../support/far.js');
const { outcome } = require('../support/outcome.js');
const { deadline } = require('../support/deadline.js');
const { channel, spawn } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const detached = () => {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
};
const marked = (module, object) => {
  module.markAsUntransferable(object);
  return object;
};
const MARKED = { arrayBuffer: () => new ArrayBuffer(8), view: () => new Uint8Array(8), plain: () => ({ a: 1 }) };

/** name -> (port, { buffer, pair, module }) => what the post returns; `buffer` and `pair` are good things for the list. */
const LISTS = {
  'a buffer that is detached': (port, { buffer }) => port.postMessage(1, [buffer, detached()]),
  'a buffer that is detached, in the message too': (port) => { const gone = detached(); return port.postMessage(gone, [gone]); },
  'the buffer of a WebAssembly.Memory': (port, { buffer }) => port.postMessage(1, [buffer, new WebAssembly.Memory({ initial: 1 }).buffer]),
  'a WebAssembly.Memory': (port, { buffer }) => port.postMessage(1, [buffer, new WebAssembly.Memory({ initial: 1 })]),
  'the pool of a Buffer': (port, { buffer }) => port.postMessage(1, [buffer, Buffer.from('pooled').buffer]),
  'a buffer marked as untransferable': (port, { buffer, module }) => port.postMessage(1, [buffer, marked(module, MARKED.arrayBuffer())]),
  'a buffer marked as untransferable, in the message too': (port, { module }) => {
    const kept = marked(module, MARKED.arrayBuffer());
    return [port.postMessage({ kept }, [kept]), kept.byteLength];
  },
  'a marked view: its buffer goes': (port, { module }) => {
    const view = marked(module, MARKED.view());
    return [port.postMessage(view, [view.buffer]), view.byteLength];
  },
  'a marked port': (port, { buffer, pair, module }) => port.postMessage(1, [buffer, marked(module, pair.port1)]),
  'marked things that are only cloned': (port, { module }) =>
    port.postMessage(Object.values(MARKED).map((make) => marked(module, make()))),
  'a primitive marked as untransferable': (_port, { module }) => [1, 'text', null, undefined].map((value) => marked(module, value)),
  'a locked stream': (port, { buffer }) => {
    const stream = new ReadableStream();
    stream.getReader();
    return port.postMessage(1, [buffer, stream]);
  },
  'a stream twice': (port, { buffer }) => { const stream = new TransformStream(); return port.postMessage(1, [buffer, stream, stream]); },
  'a Blob': (port, { buffer }) => port.postMessage(1, [buffer, new Blob(['text'])]),
  'a KeyObject': (port, { buffer }) => port.postMessage(1, [buffer, crypto.createSecretKey(Buffer.from('key'))]),
  'a proxy of a port': (port, { buffer, pair }) => port.postMessage(1, [buffer, new Proxy(pair.port1, {})]),
  'a proxy of a buffer': (port, { buffer }) => port.postMessage(1, [new Proxy(buffer, {})]),
  'an object that inherits from a port': (port, { buffer, pair }) => port.postMessage(1, [buffer, Object.create(pair.port1)]),
  'a hole': (port, { buffer }) => port.postMessage(1, [buffer, , buffer]),
  'a buffer of another realm': (port) => {
    const buffer = vm.runInNewContext('new Uint8Array([1, 2, 3]).buffer');
    return [port.postMessage({ buffer }, [buffer]), buffer.byteLength];
  },
  'a proxy as list': (port, { buffer, pair }) => [port.postMessage(1, new Proxy([buffer, pair.port1], {})), buffer.byteLength],
  'a proxy as list whose traps are seen': (port, { buffer }) => {
    const log = [];
    const get = (target, key) => {
      log.push(String(key));
      return target[key];
    };
    return [port.postMessage(1, new Proxy([buffer], { get })), port.postMessage(1, new Proxy([], { get })), log];
  },
  'a revoked proxy as list': (port) => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return port.postMessage(1, proxy); },
  'a list of another realm': (port, { buffer }) => [port.postMessage(1, vm.runInNewContext('[buffer]', { buffer })), buffer.byteLength],
  'an array with an own transfer property': (port, { buffer }) => {
    const other = new ArrayBuffer(8);
    return [port.postMessage(1, Object.assign([buffer], { transfer: [other] })), buffer.byteLength, other.byteLength];
  },
  'a function with a transfer property': (port, { buffer }) => [port.postMessage(1, Object.assign(() => {}, { transfer: [buffer] })), buffer.byteLength],
  'an iterator without end that has no next': (port) => port.postMessage(1, { [Symbol.iterator]: () => ({}) }),
  'an iterator that is no object': (port) => port.postMessage(1, { [Symbol.iterator]: () => 1 }),
  'an iterator whose results are no objects': (port) => port.postMessage(1, { [Symbol.iterator]: () => ({ next: () => 1 }) }),
  'an iterator with getters': (port, { buffer }) => {
    const log = [];
    const results = [{ get done() { log.push('done'); return false; }, get value() { log.push('value'); return buffer; } }, { done: true }];
    const iterator = { get next() { log.push('next'); return () => results.shift(); }, get return() { return log.push('return'); } };
    const posted = port.postMessage(1, { get [Symbol.iterator]() { log.push('iterator'); return () => iterator; } });
    return [posted, buffer.byteLength, log];
  },
  'an iterator that throws in the middle: is it told to return?': (port, { buffer }) => {
    const log = [];
    const iterator = {
      next() { if (log.push('next') > 1) throw new RangeError('from next'); return { done: false, value: buffer }; },
      return() { log.push('return'); return {}; },
    };
    return [outcome(() => port.postMessage(1, { [Symbol.iterator]: () => iterator })), log, buffer.byteLength];
  },
  'an iteration that closes the port': (port, { buffer }) =>
    [port.postMessage(1, (function* list() { yield buffer; port.close(); })()), buffer.byteLength],
  'an iteration that posts on the port': (port, { buffer }) =>
    [port.postMessage('outer', (function* list() { port.postMessage({ inner: 1 }); yield buffer; port.postMessage('inner 2'); })()), buffer.byteLength],
  'an iteration that detaches what it gave': (port, { buffer }) =>
    port.postMessage({ buffer }, (function* list() { yield buffer; structuredClone(buffer, { transfer: [buffer] }); })()),
  'an iteration that closes the port which it gave': (port, { pair }) =>
    port.postMessage(1, (function* list() { yield pair.port1; pair.port1.close(); })()),
  'an iteration that posts on the port which it gave': (port, { pair }) =>
    port.postMessage(1, (function* list() { yield pair.port1; pair.port1.postMessage('to the other end'); })()),
};

function attempt(t, module, port, action, arrived) {
  const pair = channel(t, module);
  const buffer = new ArrayBuffer(8);
  const posted = outcome(() => action(port, { buffer, pair, module }));
  const isWhole = buffer.byteLength === 8;
  pair.port1.postMessage('still here');
  return { posted, isWhole, arrived: outcome(arrived), atPair: module.receiveMessageOnPort(pair.port2) };
}

for (const [name, action] of Object.entries(LISTS)) {
  test(`${name}: within a thread, the outcome of the built-in`, (t) => {
    const [ours, theirs] = [wt, stock].map((module) => {
      const { port1, port2 } = channel(t, module);
      return attempt(t, module, port1, action, () => describe(module.receiveMessageOnPort(port2)?.message));
    });
    assert.deepEqual(ours, theirs);
  });
}

test('odd things in lists, to another thread: the outcome of the built-in', async (t) => {
  const [ours, theirs] = [farThread(t, wt), farThread(t, stock)];
  for (const [name, action] of Object.entries(LISTS)) {
    await t.test(name, async () => {
      const [here, there] = await Promise.all([[wt, ours], [stock, theirs]].map(async ([module, thread]) => {
        const { near, far } = await thread.channel();
        return attempt(t, module, near, action, () => far.drain());
      }));
      assert.deepEqual(here, there);
    });
  }
});

test('many ports in a list, mixed, in another order than in the message, some twice or failed before: each is who it was', async (t) => {
  const pairs = Array.from({ length: 200 }, (_, n) => new (n % 7 === 3 ? stock : wt).MessageChannel());
  t.after(() => pairs.forEach(({ port1 }) => port1.close()));
  const ports = pairs.map(({ port2 }) => port2);
  // Some have messages already.
  pairs.forEach(({ port1 }, n) => n % 3 === 0 && port1.postMessage(['early', n]));
  const echo = ({ parentPort, workerData }) => {
    const serve = (ports) => ports.forEach((port, index) => port.on('message', (value) => port.postMessage([index, value])));
    serve(workerData.ports);
    parentPort.on('message', serve);
  };
  const half = ports.splice(0, 100);
  const order = (list) => list.map((_, n) => list[(n * 37) % list.length]);
  // Within a list the built-in refuses what is there twice: nothing moves.
  assert.throws(() => spawn(t, wt, echo, { workerData: { ports: half }, transferList: [...half, half[5]] }), { name: 'DataCloneError' });
  const worker = spawn(t, wt, echo, { workerData: { ports: half }, transferList: order(half) });
  assert.throws(() => worker.postMessage(ports, [...order(ports), ports[5]]), { name: 'DataCloneError' });
  worker.postMessage(ports, order(ports));
  const answers = pairs.map(({ port1 }, n) => {
    port1.postMessage(n);
    const count = n % 3 === 0 ? 2 : 1;
    return deadline(new Promise((resolve) => {
      const all = [];
      port1.on('message', (value) => all.push(value) === count && resolve(all));
    }), `answer ${n}`);
  });
  assert.deepEqual(await Promise.all(answers), pairs.map((_, n) => {
    const index = n % 100;
    return n % 3 === 0 ? [[index, ['early', n]], [index, n]] : [[index, n]];
  }));
});
