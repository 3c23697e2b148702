'use strict';
// What cannot be cloned, what is borderline, and hostile objects: name -> maker.

const vm = require('node:vm');

const detached = (make) => {
  const value = make();
  structuredClone(null, { transfer: [value.buffer ?? value] });
  return value;
};
const shrunk = () => {
  const buffer = new ArrayBuffer(16, { maxByteLength: 32 });
  const view = new Uint8Array(buffer, 8, 8);
  buffer.resize(4);
  return view;
};
const nest = (levels, make = (inner) => [inner]) => {
  let value = [];
  for (let level = 0; level < levels; level++) value = make(value);
  return value;
};
const throwing = (error) => () => {
  throw error;
};
const TRAPS = [
  'get', 'set', 'has', 'ownKeys', 'getOwnPropertyDescriptor', 'getPrototypeOf', 'isExtensible', 'defineProperty',
];
const trapped = (target) =>
  new Proxy(target, Object.fromEntries(TRAPS.map((trap) => [trap, throwing(new Error(`trap ${trap}`))])));

/** Never cloned: the post must throw. */
const REFUSED = {
  'an arrow function': () => () => {},
  'a named function': () => function named() {},
  'a class': () => class Named {},
  'an async generator function': () => async function* named() {},
  'a bound function': () => function named() {}.bind(null),
  'a built-in function': () => Math.max,
  'a symbol': () => Symbol('described'),
  'a symbol without description': () => Symbol(),
  'a registered symbol': () => Symbol.for('registered'),
  'a boxed symbol': () => Object(Symbol('boxed')),
  'a function in an object': () => ({ a: { b: [() => {}] } }),
  'a method': () => ({ method() {} }),
  'a symbol in an array': () => [1, Symbol('s')],
  'a function as Map key': () => new Map([[() => {}, 1]]),
  'a function in a Set': () => new Set([function inSet() {}]),
  'a function as cause': () => new Error('x', { cause: () => {} }),
  'a function behind a getter': () => ({ get f() { return () => {}; } }),
  'a function in an array property': () => Object.assign([1], { f() {} }),
  'a WeakMap': () => new WeakMap(),
  'a WeakSet': () => new WeakSet(),
  'a WeakRef': () => new WeakRef({}),
  'a FinalizationRegistry': () => new FinalizationRegistry(() => {}),
  'a Promise': () => Promise.resolve(1),
  'a generator': () => (function* generator() {})(),
  'an async generator': () => (async function* generator() {})(),
  'an array iterator': () => [1].values(),
  'a Map iterator': () => new Map([[1, 1]]).entries(),
  'arguments': () => (function list() { return arguments; })(1, 2),
  'an Intl object': () => new Intl.NumberFormat('en'),
  'a Proxy of an object': () => new Proxy({ a: 1 }, {}),
  'a Proxy of an array': () => new Proxy([1], {}),
  'a Proxy of a Map': () => new Proxy(new Map(), {}),
  'a Proxy of a function': () => new Proxy(() => {}, {}),
  'a Proxy of a Proxy': () => new Proxy(new Proxy({}, {}), {}),
  'a Proxy in an object': () => ({ deep: { proxy: new Proxy({ a: 1 }, {}) } }),
  'a Proxy in an array': () => [1, new Proxy({}, {})],
  'a Proxy whose every trap throws': () => trapped({}),
  'a Proxy of an array whose every trap throws': () => ({ a: trapped([]) }),
  'a revoked Proxy': () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; },
  'a revoked Proxy in an array': () => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return [proxy]; },
  'a detached ArrayBuffer': () => detached(() => new ArrayBuffer(8)),
  'a view of a detached ArrayBuffer': () => detached(() => new Uint8Array(8)),
  'a DataView of a detached ArrayBuffer': () => ({ view: detached(() => new DataView(new ArrayBuffer(8))) }),
  'a detached Buffer': () => [detached(() => Buffer.from(new ArrayBuffer(8)))],
  'a getter that throws an Error': () => ({ get a() { throw new RangeError('from a getter'); } }),
  'a getter that throws undefined': () => ({ get a() { throw undefined; } }),
  'a getter that throws a string': () => [{ get a() { throw 'a string'; } }],
  'an element getter that throws': () => Object.defineProperty([1], 0, { get: throwing(new Error('element')), enumerable: true }),
  'an error whose message getter throws': () => Object.defineProperty(new Error('x'), 'message', { get: throwing(new RangeError('message')) }),
  'an error whose name getter throws': () => Object.defineProperty(new Error('x'), 'name', { get: throwing(new RangeError('name')) }),
  'an error with a symbol as message': () => Object.assign(new Error(), { message: Symbol('no text') }),
  'a bare port of the module': () => ({ port: new MessageChannel().port1 }),
  '100,000 levels of arrays': () => nest(100_000),
  '100,000 levels of objects': () => nest(100_000, (inner) => ({ inner })),
};

/** Cloned or refused, by the version of Node: the outcome must be the same. */
const BORDERLINE = {
  'a module namespace': () => require('node:fs/promises'),
  'globalThis': () => globalThis,
  'process': () => process,
  'process.env': () => process.env,
  'a URL': () => new URL('http://host/path'),
  'URLSearchParams': () => new URLSearchParams('a=1'),
  'an Event': () => new Event('x'),
  'an EventTarget': () => new EventTarget(),
  'an EventEmitter': () => new (require('node:events'))(),
  'an AbortController': () => new AbortController(),
  'a TextEncoder': () => new TextEncoder(),
  'Headers': () => new Headers({ a: 'b' }),
  'a Script': () => new vm.Script('1'),
  'a hash object': () => require('node:crypto').createHash('md5'),
  'a DOMException': () => new DOMException('message', 'AbortError'),
  'a DOMException in an object': () => ({ cause: new DOMException('x', 'DataCloneError') }),
  'a DOMException with more properties': () => Object.assign(new DOMException('x', 'AbortError'), { extra: 1, stack: 's' }),
  'a DOMException with a cause': () => new DOMException('x', { name: 'Custom', cause: new Map([[1, 2]]) }),
  'a DOMException as cause': () => Object.assign(new Error('outer', { cause: new DOMException('inner', 'AbortError') }), { stack: 's' }),
  'an instance of a subclass of DOMException': () => new (class Refusal extends DOMException {})('x', 'AbortError'),
  'an object that inherits from a DOMException': () => Object.create(new DOMException('x', 'AbortError')),
  'a QuotaExceededError': () => new (globalThis.QuotaExceededError ?? DOMException)('x'),
  'a File': () => new (require('node:buffer').File)(['text'], 'name.txt', { lastModified: 1 }),
  'a certificate, keys and parameters of crypto': () => require('node:crypto').generateKeyPairSync('ed25519').privateKey,
  'a PerformanceEntry': () => performance.mark('mark', { startTime: 1, detail: { a: 1 } }),
  'stats of a file': () => require('node:fs').statSync('/'),
  'a WebAssembly.Table': () => new WebAssembly.Table({ initial: 1, element: 'anyfunc' }),
  'an unshared WebAssembly.Memory': () => new WebAssembly.Memory({ initial: 1 }),
  'a Temporal or Intl value': () => (globalThis.Temporal ? Temporal.Duration.from('P1D') : new Intl.Locale('en')),
  'an Iterator of this line': () => (globalThis.Iterator ? [1].values().map((n) => n) : [1].values()),
  'a socket': () => new (require('node:net').Socket)(),
  'a view that fell out of its resizable buffer': shrunk,
  'an error that causes itself': () => Object.assign(new Error('x'), { stack: 's' }),
  'an object with a lone __proto__ getter': () => Object.defineProperty({}, '__proto__', { get: () => 1, enumerable: true }),
  'an object whose toString and valueOf throw': () => ({ a: 1, toString: 1, valueOf: 2 }),
  'an object with a throwing Symbol.toPrimitive': () => ({ a: 1, [Symbol.toPrimitive]: throwing(new Error('prim')) }),
  'an object with a throwing toJSON getter that is hidden': () => Object.defineProperty({ a: 1 }, 'toJSON', { get: throwing(new Error('json')) }),
  'an object that looks like a promise': () => ({ get then() { return 1; } }),
  'Object.prototype': () => Object.prototype,
  'Array.prototype': () => Array.prototype,
  'Map.prototype': () => Map.prototype,
  'Error.prototype': () => Error.prototype,
  'MessagePort.prototype': () => MessagePort.prototype,
  'an object that inherits from a port': () => Object.create(new MessageChannel().port1),
  'an array whose length is far beyond its elements': () => Object.assign([1], { length: 2 ** 31 }),
  'an object with an own length and indices': () => ({ length: 2, 0: 'a', 1: 'b' }),
  'a WebAssembly.Instance': () => new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))),
  '1,000 levels of arrays': () => nest(1000),
  '1,000 levels of Maps': () => nest(1000, (inner) => new Map([[1, inner]])),
  '1,000 levels of causes': () => nest(1000, (cause) => Object.assign(new Error('level', { cause }), { stack: 's' })),
  'objects of another realm': () => vm.runInNewContext('({ a: [1, { b: 2 }], m: new Map([[1, 2]]), d: new Date(5), e: new RangeError("x").message })'),
  'an array of another realm': () => vm.runInNewContext('[1, , 3]'),
  'an error of another realm': () => vm.runInNewContext('Object.assign(new TypeError("other"), { stack: "s" })'),
  'a typed array of another realm': () => vm.runInNewContext('new Uint16Array([1, 2, 3])'),
  'a class instance of another realm': () => vm.runInNewContext('new (class Point { x = 1; get y() { return 2; } })()'),
  'collections of another realm': () => vm.runInNewContext('[new Map([[{ a: 1 }, new Set([1])]]), new (class Bag extends Set {})([1])]'),
  'boxed values and expressions of another realm': () => vm.runInNewContext('[new Number(1), new String("s"), Object(1n), /x/gi, new Date(5)]'),
  'buffers of another realm': () => vm.runInNewContext('[new ArrayBuffer(3), new ArrayBuffer(2, { maxByteLength: 4 }), new DataView(new ArrayBuffer(2), 1)]'),
  'shared memory of another realm': () => vm.runInNewContext('new Int32Array(new SharedArrayBuffer(8), 4)'),
  'errors of another realm': () => vm.runInNewContext(`[
    Object.assign(new (class Custom extends RangeError { name = "Custom" })("own", { cause: { a: 1 } }), { stack: "s" }),
    Object.assign(new AggregateError([1], "many"), { stack: "s" })]`),
  'an array with extras and holes of another realm': () => vm.runInNewContext('Object.assign([1, , { a: [] }], { extra: new Date(1) })'),
  'an object without prototype of another realm': () => vm.runInNewContext('({ __proto__: null, a: 1 })'),
  'a function of another realm': () => vm.runInNewContext('({ f() {} })'),
  'a proxy of another realm': () => vm.runInNewContext('new Proxy({}, {})'),
  'a promise of another realm': () => vm.runInNewContext('Promise.resolve(1)'),
  'an error that another realm throws from a getter': () => vm.runInNewContext('({ get a() { throw new TypeError("from there"); } })'),
  'the global of another realm': () => vm.createContext({ a: 1 }),
  'an object of this realm that inherits from one of another': () => Object.assign(Object.create(vm.runInNewContext('({ inherited: 1 })')), { own: 1 }),
  'a Map of this realm with a prototype of another': () => Object.setPrototypeOf(new Map([[1, 2]]), vm.runInNewContext('Map.prototype')),
  'the sparsest of arrays': () => { const list = []; list[4294967294] = 'last'; list[7] = 'seventh'; return list; },
  'a sparse array with extras': () => Object.assign(Object.assign([], { 1e6: 'far', 1e3: { near: [] } }), { extra: 1, '-1': 2 }),
};

module.exports = { REFUSED, BORDERLINE };
