'use strict';
// A thread whose intrinsics were patched, polluted, deleted or frozen after the module was loaded still gets and sends
// every value as it is: the built-in does, its serializer is not written in JavaScript.

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('../support/threads.js');
const { inbox } = require('../support/deadline.js');
const { describe } = require('../support/describe.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const fixed = (error) => Object.defineProperty(error, 'stack', { value: 'fixed', writable: true, configurable: true });

/** Every kind of value, with keys that the pollutions below are about. */
const values = () => {
  const shared = { a: 1, n: [1, 2] };
  return [
    1, -0, 1.5, 'text', '字 \ud800', 12345678901234567890n, null, undefined, true,
    { a: 1, n: 2, id: 3, get: 4, set: 5, value: 6, enumerable: false, writable: 7, configurable: 8 },
    { jsonrpc: '2.0', id: 1, method: 'm', params: { nested: { a: [1, 2, 3] } } },
    { toString: 1, valueOf: 2, constructor: 3, hasOwnProperty: 4, name: 'n', message: 'm', length: 5 },
    [1, 2, 3], [0.5, 1.5], ['a', 'b'], [{ a: 1 }, { a: 2 }], [, 1, , 2], new Array(3), [[1], [[2]]],
    Object.assign([1], { a: 2, extra: 'x' }),
    new Map([['a', 1], [{ a: 1 }, [1]]]), new Set([1, 'a', { a: 1 }]),
    new Date(1234), /x+/gi, new Number(5), new String('boxed'), Object(7n),
    fixed(new RangeError('range', { cause: { a: 1 } })), fixed(new Error('')),
    new Uint8Array([1, 2, 3]), new Float64Array([0.5]), new BigInt64Array(2), new DataView(new ArrayBuffer(4), 1),
    new ArrayBuffer(3), Buffer.alloc(4, 7), new Uint16Array(new ArrayBuffer(16), 4, 3),
    [shared, shared, { shared }], new SharedArrayBuffer(4),
    Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`key${n}`, n])),
    Array.from({ length: 300 }, (_, n) => n), Array.from({ length: 100 }, (_, n) => ({ a: n, n: `${n}` })),
    'x'.repeat(20_000), '字'.repeat(20_000), new Uint8Array(50_000),
  ];
};

const POLLUTIONS = {
  'setters on Object.prototype': () => {
    for (const key of ['a', 'n', 'id', 'jsonrpc', 'method', 'params', 'nested', 'extra', 'key0', 'shared', 'cause', '0', '1']) {
      Object.defineProperty(Object.prototype, key, { set() { throw new Error(`setter of ${key}`); }, configurable: true });
    }
  },
  'getters on Object.prototype': () => {
    for (const key of ['a', 'id', 'toJSON', 'then', 'transfer', 'shared', '0']) {
      Object.defineProperty(Object.prototype, key, { get() { throw new Error(`getter of ${key}`); }, configurable: true });
    }
  },
  'read-only names on Object.prototype': () => {
    for (const key of ['a', 'n', 'id', 'params', 'x']) Object.defineProperty(Object.prototype, key, { value: 'inherited', writable: false });
  },
  'descriptor names on Object.prototype': () => {
    Object.assign(Object.prototype, { get: () => 'polluted', enumerable: true, value: 1, writable: false, configurable: true });
  },
  'setters and getters on Array.prototype': () => {
    for (let index = 0; index < 20; index++) {
      Object.defineProperty(Array.prototype, index, { get: () => 'inherited', set() { throw new Error('setter'); }, configurable: true });
    }
  },
  'frozen intrinsics': () => {
    for (const name of ['Object', 'Array', 'Map', 'Set', 'Date', 'RegExp', 'Error', 'RangeError', 'String', 'Number', 'BigInt', 'Uint8Array', 'ArrayBuffer', 'DataView', 'Function', 'Promise']) {
      Object.freeze(globalThis[name]);
      Object.freeze(globalThis[name].prototype);
    }
  },
  'throwing methods of Array.prototype': () => {
    for (const name of Object.getOwnPropertyNames(Array.prototype)) {
      if (name !== 'length' && name !== 'constructor') Array.prototype[name] = () => { throw new Error(name); };
    }
    Array.prototype[Symbol.iterator] = () => { throw new Error('iterator'); };
  },
  'throwing methods of Map, Set and WeakMap': () => {
    for (const { prototype } of [Map, Set, WeakMap, WeakSet]) {
      for (const name of [...Object.getOwnPropertyNames(prototype), Symbol.iterator]) {
        if (name !== 'constructor') Object.defineProperty(prototype, name, { get() { throw new Error(String(name)); } });
      }
    }
  },
  'throwing functions of Object and Reflect': () => {
    const define = Object.defineProperty;
    const names = Object.getOwnPropertyNames;
    for (const object of [Reflect, Object]) {
      for (const name of names(object)) {
        if (typeof object[name] === 'function' && name !== 'prototype') define(object, name, { value: () => { throw new Error(name); } });
      }
    }
  },
  'throwing methods of String.prototype, Number and Math': () => {
    for (const object of [String.prototype, String, Number, Number.prototype, Math]) {
      for (const name of Object.getOwnPropertyNames(object)) {
        if (typeof object[name] === 'function' && !['constructor', 'prototype'].includes(name)) object[name] = () => { throw new Error(name); };
      }
    }
  },
  'throwing members of buffers and typed arrays': () => {
    const typed = Object.getPrototypeOf(Uint8Array.prototype);
    for (const prototype of [typed, ArrayBuffer.prototype, SharedArrayBuffer.prototype, DataView.prototype]) {
      for (const name of Object.getOwnPropertyNames(prototype)) {
        if (name !== 'constructor') Object.defineProperty(prototype, name, { get() { throw new Error(name); } });
      }
    }
  },
  'throwing functions of Buffer': () => {
    for (const object of [Buffer, Buffer.prototype]) {
      for (const name of Object.getOwnPropertyNames(object)) {
        const { value, configurable } = Object.getOwnPropertyDescriptor(object, name);
        if (typeof value === 'function' && configurable && name !== 'constructor') object[name] = () => { throw new Error(name); };
      }
    }
  },
  'throwing members of Date, RegExp, Error and BigInt': () => {
    for (const prototype of [Date.prototype, RegExp.prototype, BigInt.prototype]) {
      for (const name of Object.getOwnPropertyNames(prototype)) {
        if (name !== 'constructor') Object.defineProperty(prototype, name, { get() { throw new Error(name); } });
      }
    }
    Object.defineProperty(Error, 'captureStackTrace', { get() { throw new Error('captureStackTrace'); } });
  },
  'call, apply and bind that throw': () => {
    for (const name of ['call', 'apply', 'bind', 'toString']) Function.prototype[name] = () => { throw new Error(name); };
  },
  'deleted globals': () => {
    for (const name of ['Map', 'Set', 'Date', 'RegExp', 'Error', 'RangeError', 'Uint8Array', 'Float64Array', 'BigInt64Array', 'ArrayBuffer', 'SharedArrayBuffer', 'DataView', 'Buffer', 'BigInt', 'Reflect', 'WeakMap', 'structuredClone', 'MessageChannel', 'MessagePort', 'MessageEvent', 'EventTarget', 'Event', 'Atomics', 'queueMicrotask', 'setImmediate', 'TextDecoder']) {
      delete globalThis[name];
    }
  },
  'replaced constructors': () => {
    for (const name of ['Map', 'Set', 'Date', 'RegExp', 'Uint8Array', 'ArrayBuffer', 'DataView', 'Array', 'String', 'Number', 'Error']) {
      globalThis[name] = class Replaced { constructor() { throw new Error(`replaced ${name}`); } };
    }
    Array.prototype.constructor = globalThis.Array;
  },
  'code generation from strings forbidden': () => {
    globalThis.eval = () => { throw new Error('eval'); };
    Function.prototype.constructor = () => { throw new Error('Function.prototype.constructor'); };
    globalThis.Function = () => { throw new Error('Function'); };
  },
  'patched process': () => {
    for (const name of ['_tickCallback', 'emitWarning', 'hrtime', 'binding']) {
      Object.defineProperty(process, name, { value: () => { throw new Error(name); }, configurable: true });
    }
  },
  'patched prototypes of ports and events': () => {
    for (const prototype of [EventTarget.prototype, MessageEvent.prototype, Event.prototype]) Object.freeze(prototype);
    Object.getPrototypeOf(MessagePort.prototype).emit = () => { throw new Error('emit'); };
  },
};

for (const [name, pollute] of Object.entries(POLLUTIONS)) {
  test(`${name}: a thread still receives and sends every value`, async (t) => {
    const worker = spawn(t, wt, `({ parentPort, wt }) => {
      const pollute = ${pollute};
      let polluted = false;
      parentPort.on('message', (value) => {
        if (!polluted) {
          polluted = true;
          pollute();
        }
        parentPort.postMessage(value);
      });
    }`);
    const mail = inbox(worker);
    const failed = new Promise((_, reject) => worker.on('error', reject));
    failed.catch(() => {});
    const next = () => Promise.race([mail.next(), failed]);
    // Once one by one, then again in a burst: what was learnt of the shapes must not matter.
    worker.postMessage('start');
    await next();
    for (const value of values()) {
      worker.postMessage(value);
      assert.equal(describe(await next()), describe(structuredClone(value)));
    }
    for (const value of values()) worker.postMessage(value);
    for (const value of values()) assert.equal(describe(await next()), describe(structuredClone(value)));
  });
}

test('a thread started with --disallow-code-generation-from-strings sends and receives every value', async (t) => {
  const { run, fixture } = require('../support/program.js');
  const { code, lines, stderr } = await run([fixture('strict-codegen.js')], { node: ['--disallow-code-generation-from-strings'] });
  assert.deepEqual({ code, lines }, { code: 0, lines: ['300 objects in order'] }, stderr);
});
