'use strict';
// What postMessage refuses: class, name, code and text as the built-in has them, and nothing sent or detached.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { channel } = require('../support/threads.js');
const { inbox, once, settle } = require('../support/deadline.js');
const { FAILURES } = require('../support/failures.js');
const { outcome } = require('../support/outcome.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const MISSING = 'Object that needs transfer was found in message but not listed in transferList';

/** What a failed post must leave behind: a list with everything in it still attached, and an empty queue. */
function untouched({ port1, port2 }, { buffer, inner }, module) {
  assert.equal(buffer.byteLength, 8);
  assert.doesNotThrow(() => new Uint8Array(buffer).fill(1));
  inner.port1.postMessage('inner works');
  assert.deepEqual(module.receiveMessageOnPort(inner.port2), { message: 'inner works' });
  assert.equal(module.receiveMessageOnPort(port2), undefined);
  port1.postMessage({ buffer, port: inner.port1 }, [buffer, inner.port1]);
  assert.equal(buffer.byteLength, 0);
  const { message } = module.receiveMessageOnPort(port2);
  assert.equal(message.buffer.byteLength, 8);
  message.port.close();
}

for (const [name, fail] of Object.entries(FAILURES)) {
  test(`postMessage refuses ${name} as the built-in does, and detaches and sends nothing`, (t) => {
    const outcomes = [wt, stock].map((module) => {
      const pair = channel(t, module);
      const [inner, extra, gone, closed] = [1, 2, 3, 4].map(() => channel(t, module));
      closed.port1.close();
      channel(t, module).port1.postMessage(1, [gone.port1]);
      const list = { buffer: new ArrayBuffer(8), inner, extra: extra.port1, gone: gone.port1, closed: closed.port1 };
      const result = outcome(() => fail(pair.port1, list));
      untouched(pair, list, module);
      return result;
    });
    assert.deepEqual(outcomes[0], outcomes[1]);
    assert.ok(outcomes[0].thrown);
  });
}

const domException = (message) => (error) => {
  assert.ok(error instanceof DOMException);
  assert.equal(error.name, 'DataCloneError');
  assert.equal(error.code, 25);
  assert.equal(error.message, message);
  return true;
};

test('the texts of the transfer errors', (t) => {
  const { port1 } = channel(t, wt);
  const inner = channel(t, wt);
  const buffer = new ArrayBuffer(4);
  const closed = channel(t, wt).port1;
  closed.close();
  assert.throws(() => port1.postMessage(1, [port1]), domException('Transfer list contains source port'));
  const twice = [inner.port1, inner.port1];
  assert.throws(() => port1.postMessage(1, twice), domException('Transfer list contains duplicate MessagePort'));
  assert.throws(() => port1.postMessage(1, [buffer, buffer]), domException('Transfer list contains duplicate ArrayBuffer'));
  assert.throws(() => port1.postMessage(1, [closed]), domException('MessagePort in transfer list is already detached'));
  assert.throws(() => port1.postMessage({ port: inner.port1 }), (error) => {
    assert.equal(error.message, MISSING);
    return error.code === 'ERR_MISSING_TRANSFERABLE_IN_TRANSFER_LIST' || error.name === 'DataCloneError';
  });
});

for (const bad of [0, 1, NaN, 1n, '', 'list', true, false, Symbol('list')]) {
  test(`a transfer list that is ${typeof bad} ${String(bad)} is ERR_INVALID_ARG_TYPE`, (t) => {
    const { port1, port2 } = channel(t, wt);
    assert.throws(() => port1.postMessage(1, bad), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'Optional transferList argument must be an iterable',
    });
    assert.equal(wt.receiveMessageOnPort(port2), undefined);
  });
}

for (const bad of [null, 0, 1, '', 'list', true, {}, () => {}]) {
  test(`{ transfer } that is ${bad === null ? 'null' : typeof bad} ${String(bad)} is ERR_INVALID_ARG_TYPE`, (t) => {
    const { port1, port2 } = channel(t, wt);
    assert.throws(() => port1.postMessage(1, { transfer: bad }), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'Optional options.transfer argument must be an iterable',
    });
    assert.equal(wt.receiveMessageOnPort(port2), undefined);
  });
}

const iterable = (next) => ({ [Symbol.iterator]: () => ({ next }) });
for (const [name, list] of [
  ['undefined', undefined],
  ['null', null],
  ['an empty object', {}],
  ['an empty array', []],
  ['an empty Set', new Set()],
  ['a function', () => {}],
  ['{ transfer: undefined }', { transfer: undefined }],
  ['{ transfer: [] }', { transfer: [] }],
  ['an array in a Proxy', new Proxy([], {})],
  ['an object whose Symbol.iterator is no function', { [Symbol.iterator]: 1 }],
  ['an object whose iterator is no object', { [Symbol.iterator]: () => 1 }],
  ['an iterator without next', { [Symbol.iterator]: () => ({}) }],
  ['an iterator that is done at once', iterable(() => ({ done: true }))],
]) {
  test(`a transfer list that is ${name} is taken as empty`, (t) => {
    const { port1, port2 } = channel(t, wt);
    assert.equal(port1.postMessage({ list: name }, list), true);
    assert.deepEqual(wt.receiveMessageOnPort(port2), { message: { list: name } });
  });
}

for (const [name, make] of [
  ['an array', (items) => items],
  ['a Set', (items) => new Set(items)],
  ['a generator', (items) => (function* list() { yield* items; })()],
  ['{ transfer: array }', (items) => ({ transfer: items })],
  ['{ transfer: generator }', (items) => ({ transfer: (function* list() { yield* items; })() })],
  ['an inherited transfer property', (items) => Object.create({ transfer: items })],
  ['a Proxy of an array', (items) => new Proxy(items, {})],
]) {
  test(`${name} serves as transfer list for buffers and ports`, (t) => {
    const { port1, port2 } = channel(t, wt);
    const inner = channel(t, wt);
    const buffer = Uint8Array.of(1, 2, 3).buffer;
    port1.postMessage({ buffer, port: inner.port2 }, make([buffer, inner.port2]));
    assert.equal(buffer.byteLength, 0);
    const { message } = wt.receiveMessageOnPort(port2);
    assert.deepEqual(new Uint8Array(message.buffer), Uint8Array.of(1, 2, 3));
    inner.port1.postMessage('open');
    assert.deepEqual(wt.receiveMessageOnPort(message.port), { message: 'open' });
  });
}

test('a transferred buffer that the message does not mention is detached all the same', (t) => {
  const { port1, port2 } = channel(t, wt);
  const buffer = new ArrayBuffer(8);
  port1.postMessage('plain', [buffer]);
  assert.equal(buffer.byteLength, 0);
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'plain' });
});

test('a view on a transferred buffer arrives as a view on the moved memory', (t) => {
  const { port1, port2 } = channel(t, wt);
  const view = new Uint16Array([1, 2, 3, 4]).subarray(1, 3);
  port1.postMessage({ view, again: view }, [view.buffer]);
  assert.equal(view.length, 0);
  const { message } = wt.receiveMessageOnPort(port2);
  assert.deepEqual(message.view, Uint16Array.of(2, 3));
  assert.equal(message.view.buffer.byteLength, 8);
  assert.equal(message.view, message.again);
});

test('a port sent to its own peer: a warning, the channel is lost, buffers are detached all the same', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const buffer = new ArrayBuffer(8);
  const warned = once(process, 'warning');
  const closed = Promise.all([once(port1, 'close'), once(port2, 'close')]);
  assert.doesNotThrow(() => port1.postMessage({ port2, buffer }, [port2, buffer]));
  assert.equal(buffer.byteLength, 0);
  const [warning] = await warned;
  assert.equal(warning.message, 'The target port was posted to itself, and the communication channel was lost');
  await closed;
  assert.doesNotThrow(() => port1.postMessage('nowhere'));
});

test('a port sent in a message to its own peer, deep inside: the same', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const inner = channel(t, wt);
  const warned = once(process, 'warning');
  const closed = Promise.all([once(port1, 'close'), once(inner.port1, 'close')]);
  inner.port1.on('message', assert.fail);
  port1.postMessage({ a: [{ port2 }], other: inner.port2 }, [port2, inner.port2]);
  await warned;
  await closed;
});

test('the source port can be used after it was refused', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const mail = inbox(port2);
  assert.throws(() => port1.postMessage(port1, [port1]));
  assert.throws(() => port1.postMessage(() => {}));
  port1.postMessage('works');
  assert.equal(await mail.next(), 'works');
});

test('a getter may close or post on the sending port: what was posted inside comes first, no crash', async (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.postMessage({ get nested() { port1.postMessage('inner'); return 'outer'; } });
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'inner' });
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: { nested: 'outer' } });
  assert.doesNotThrow(() => port1.postMessage({ get closing() { port1.close(); return 1; } }));
  await settle();
  assert.equal(port1.hasRef(), false);
});

test('a getter may transfer the sending port away: the message then goes nowhere or with the port, never crashes', (t) => {
  const road = channel(t, wt);
  const { port1, port2 } = channel(t, wt);
  port1.postMessage('before');
  outcome(() => port1.postMessage({ get moving() { road.port1.postMessage(port1, [port1]); return 1; } }));
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'before' });
  const { message: moved } = wt.receiveMessageOnPort(road.port2);
  wt.receiveMessageOnPort(port2);
  moved.postMessage('after');
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'after' });
  moved.close();
});
