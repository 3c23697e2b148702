'use strict';
// The shape of the module, its classes and their instances.

const test = require('node:test');
const assert = require('node:assert/strict');
const util = require('node:util');
const stock = require('node:worker_threads');
const { outcome } = require('../support/outcome.js');
const { channel } = require('../support/threads.js');
const { settle } = require('../support/deadline.js');
const { run, fixture } = require('../support/program.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const PORT_NAMES = [
  'close', 'constructor', 'hasRef', 'onmessage', 'onmessageerror', 'postMessage', 'ref', 'start', 'unref',
];
const EMITTER_NAMES = [
  'addListener', 'emit', 'eventNames', 'getMaxListeners', 'listenerCount', 'off', 'on', 'once',
  'removeAllListeners', 'removeListener', 'setMaxListeners',
];
const TARGET_NAMES = ['addEventListener', 'dispatchEvent', 'removeEventListener'];

const refused = (code) => (error) => {
  assert.equal(error.constructor, TypeError);
  assert.equal(error.code, code);
  return true;
};

test('every export of node:worker_threads is there with its type', () => {
  for (const name of Object.keys(stock)) {
    assert.equal(typeof wt[name], typeof stock[name], name);
  }
});

test('what does not carry messages is passed through unchanged', () => {
  for (const name of ['SHARE_ENV', 'threadId', 'isMainThread', 'resourceLimits', 'workerData']) {
    assert.deepEqual(wt[name], stock[name], name);
  }
  assert.equal(wt.SHARE_ENV, stock.SHARE_ENV);
});

test('in the main thread parentPort is null', () => {
  assert.equal(wt.isMainThread, true);
  assert.equal(wt.parentPort, null);
  assert.equal(wt.threadId, 0);
});

test('MessagePort.prototype has exactly the own names of the built-in', () => {
  assert.deepEqual(Object.getOwnPropertyNames(wt.MessagePort.prototype).sort(), PORT_NAMES);
});

test('the members of MessagePort.prototype are enumerable and configurable, the constructor is not enumerable', () => {
  for (const name of PORT_NAMES) {
    const { enumerable, configurable } = Object.getOwnPropertyDescriptor(wt.MessagePort.prototype, name);
    assert.deepEqual({ name, enumerable, configurable }, { name, enumerable: name !== 'constructor', configurable: true });
  }
  const { get, set } = Object.getOwnPropertyDescriptor(wt.MessagePort.prototype, 'onmessage');
  assert.equal(typeof get, 'function');
  assert.equal(typeof set, 'function');
});

test('the methods of both event faces are inherited by ports, not own names of MessagePort.prototype', (t) => {
  const { port1 } = channel(t, wt);
  for (const name of [...EMITTER_NAMES, ...TARGET_NAMES]) {
    assert.equal(typeof port1[name], 'function', name);
    assert.equal(Object.hasOwn(wt.MessagePort.prototype, name), false, name);
  }
});

test('MessagePort cannot be constructed, called or subclassed', () => {
  class Sub extends wt.MessagePort {}
  const expected = { name: 'TypeError', code: 'ERR_CONSTRUCT_CALL_INVALID', message: 'Constructor cannot be called' };
  assert.throws(() => new wt.MessagePort(), expected);
  assert.throws(() => wt.MessagePort(), expected);
  assert.throws(() => new Sub(), expected);
  assert.throws(() => Reflect.construct(wt.MessagePort, [], wt.MessageChannel), expected);
});

test('MessageChannel must be called with new', () => {
  const expected = {
    name: 'TypeError',
    code: 'ERR_CONSTRUCT_CALL_REQUIRED',
    message: 'Cannot call constructor without `new`',
  };
  assert.throws(() => wt.MessageChannel(), expected);
  assert.throws(() => wt.MessageChannel.call({}), expected);
});

test('MessageChannel can be subclassed and its ports work', (t) => {
  class Sub extends wt.MessageChannel {}
  const pair = new Sub();
  t.after(() => pair.port1.close());
  assert.ok(pair instanceof Sub);
  assert.ok(pair instanceof wt.MessageChannel);
  pair.port1.postMessage('through');
  assert.deepEqual(wt.receiveMessageOnPort(pair.port2), { message: 'through' });
});

test('a channel has port1 and port2 as its only own properties, writable, enumerable and configurable', (t) => {
  const pair = channel(t, wt);
  assert.deepEqual(Reflect.ownKeys(pair), ['port1', 'port2']);
  for (const name of ['port1', 'port2']) {
    const { value, ...flags } = Object.getOwnPropertyDescriptor(pair, name);
    assert.equal(value, pair[name]);
    assert.deepEqual(flags, { writable: true, enumerable: true, configurable: true });
  }
  assert.notEqual(pair.port1, pair.port2);
  assert.deepEqual(Object.getOwnPropertyNames(wt.MessageChannel.prototype), ['constructor']);
});

test('names, lengths and string tags are those of the built-in', (t) => {
  const { port1 } = channel(t, wt);
  for (const name of ['MessagePort', 'MessageChannel', 'Worker', 'BroadcastChannel']) {
    assert.equal(wt[name].name, name);
    assert.equal(wt[name].length, stock[name].length, name);
    assert.equal(typeof wt[name], 'function');
  }
  assert.equal(Object.prototype.toString.call(port1), '[object EventTarget]');
  assert.equal(port1.constructor, wt.MessagePort);
  assert.equal(Object.getPrototypeOf(port1), wt.MessagePort.prototype);
});

test('a port is a MessagePort of the module and of the global, and an EventTarget, but no EventEmitter', (t) => {
  const { port1, port2 } = channel(t, wt);
  for (const port of [port1, port2]) {
    assert.ok(port instanceof wt.MessagePort);
    assert.ok(port instanceof globalThis.MessagePort);
    assert.ok(port instanceof stock.MessagePort);
    assert.ok(port instanceof EventTarget);
    assert.ok(!(port instanceof require('node:events')));
  }
});

test('a port has no own enumerable string property, and for-in lists the names of the built-in', (t) => {
  const { port1 } = channel(t, wt);
  const original = new stock.MessageChannel().port1;
  t.after(() => original.close());
  assert.deepEqual(Object.keys(port1), []);
  const listed = (port) => {
    const names = [];
    for (const name in port) names.push(name);
    return names.filter((name) => !['bufferedAmount', 'highWaterMark', 'maxBufferedBytes'].includes(name)).sort();
  };
  assert.deepEqual(listed(port1), listed(original));
});

test('util.inspect shows ports and channels as it shows those of the built-in', (t) => {
  const ours = channel(t, wt);
  const theirs = channel(t, stock);
  for (const depth of [-1, 0, 1, 2]) {
    assert.equal(util.inspect(ours, { depth }), util.inspect(theirs, { depth }), `channel, depth ${depth}`);
    assert.equal(util.inspect(ours.port1, { depth }), util.inspect(theirs.port1, { depth }), `port, depth ${depth}`);
  }
  assert.match(util.inspect(ours.port1), /^MessagePort \[EventTarget\] \{\n {2}active: true,\n {2}refed: false,/);
  ours.port1.on('message', () => {});
  assert.match(util.inspect(ours.port1), /refed: true/);
});

test('util.inspect shows a closed port as inactive', async (t) => {
  const { port1 } = channel(t, wt);
  port1.close();
  await settle();
  assert.match(util.inspect(port1), /^MessagePort \[EventTarget\] \{\n {2}active: false,/);
});

test('methods taken off the prototype refuse a receiver that is no port', () => {
  const proto = wt.MessagePort.prototype;
  for (const name of ['postMessage', 'close', 'start', 'ref', 'unref', 'hasRef']) {
    for (const receiver of [{}, null, undefined, 1, proto, Object.create(proto), new EventTarget()]) {
      assert.throws(() => proto[name].call(receiver, 1), TypeError, `${name} on ${util.inspect(receiver, { depth: -1 })}`);
    }
  }
  assert.throws(() => proto.onmessage, TypeError);
});

test('receiveMessageOnPort refuses what is no port', () => {
  for (const bad of [undefined, null, 1, 'port', {}, () => {}, Object.create(wt.MessagePort.prototype)]) {
    assert.throws(() => wt.receiveMessageOnPort(bad), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: 'The "port" argument must be a MessagePort instance',
    });
  }
});

test('methods return what those of the built-in return', (t) => {
  const { port1 } = channel(t, wt);
  const listener = () => {};
  for (const name of ['on', 'addListener', 'once', 'off', 'removeListener']) {
    assert.equal(port1[name]('custom', listener), port1, name);
  }
  assert.equal(port1.removeAllListeners('custom'), port1);
  assert.equal(port1.addEventListener('custom', listener), undefined);
  assert.equal(port1.removeEventListener('custom', listener), undefined);
  for (const name of ['start', 'ref', 'unref']) assert.equal(port1[name](), undefined, name);
  assert.equal(port1.postMessage(1), true);
  assert.equal(port1.hasRef(), false);
  assert.equal(port1.close(), undefined);
  assert.equal(port1.postMessage(1), undefined);
});

test('postMessage without an argument throws', (t) => {
  const { port1, port2 } = channel(t, wt);
  assert.throws(() => port1.postMessage(), refused('ERR_MISSING_ARGS'));
  assert.throws(() => port1.postMessage(), { message: 'Not enough arguments to MessagePort.postMessage' });
  assert.equal(wt.receiveMessageOnPort(port2), undefined);
});

/** Node itself does not load its modules any more where its intrinsics throw. */
const HOSTILE = {
  'frozen event target': ['before', 'after'],
  'patched intrinsics': ['after'],
  'wrapped intrinsics': ['before', 'after'],
  'enumerable properties on prototypes': ['before', 'after'],
};

for (const [scenario, times] of Object.entries(HOSTILE)) {
  for (const time of times) {
    test(`ports and workers work with ${scenario}, ${time} the module is loaded`, async () => {
      const { code, signal, lines, stderr } = await run([fixture('hostile-globals.js'), scenario.replaceAll(' ', '-'), time]);
      const expected = ['{"a":[1,2],"text":"x"}', 'shared 2', 'buffer 2', '[1,null,3]'];
      assert.deepEqual({ code, signal, lines }, {
        code: 0,
        signal: null,
        lines: ['port', 'worker'].flatMap((way) => expected.map((text) => `${way} ${text}`)),
      }, stderr);
    });
  }
}

test('methods have the names and lengths of those of the built-in', () => {
  const methods = ({ prototype }) => Object.getOwnPropertyNames(prototype).filter((name) => typeof Object.getOwnPropertyDescriptor(prototype, name).value === 'function');
  for (const type of ['MessagePort', 'MessageChannel', 'Worker']) {
    for (const method of methods(stock[type])) {
      const [ours, theirs] = [wt[type], stock[type]].map(({ prototype }) => prototype[method]);
      assert.deepEqual([ours.name, ours.length], [theirs.name, theirs.length], `${type}.prototype.${method}`);
    }
  }
});

test('a class that is called without new says its name', () => {
  for (const type of ['Worker', 'MessageChannel', 'MessagePort']) {
    assert.deepEqual(outcome(() => wt[type]()), outcome(() => stock[type]()), type);
  }
});
