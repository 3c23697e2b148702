'use strict';
// What a program may do to the intrinsics of its realm, by name. Each is sent to a worker as source.

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

module.exports = { POLLUTIONS };
