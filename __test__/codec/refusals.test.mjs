/** What the codec cannot carry faithfully is refused, alone and nested, and leaves the encoder usable. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import vm from 'node:vm';
import * as namespace from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { assertSame, makePair, REFUSED } from './support.mjs';

class Point { constructor() { this.x = 1; } }
const trap = () => { throw new Error('a trap fired'); };
const handler = new Proxy({}, { get: () => trap });
const detached = new ArrayBuffer(8);
structuredClone(detached, { transfer: [detached] });
const emptyDetached = new ArrayBuffer(0);
structuredClone(emptyDetached, { transfer: [emptyDetached] });
const viewOfDetached = new Uint8Array(8);
structuredClone(viewOfDetached.buffer, { transfer: [viewOfDetached.buffer] });
const lying = (object, prototype = Object.prototype) => Object.setPrototypeOf(object, prototype);
const deep = (n) => { let value = 1; for (let i = 0; i < n; i++) value = { value }; return value; };
const { port1, port2 } = new MessageChannel();

const refused = {
  symbol: Symbol('s'), function: () => 1, class: Point, instance: new Point(), 'array subclass': new (class extends Array {})(3),
  'map subclass': new (class extends Map {})(), proxy: new Proxy({}, handler), 'proxy of an array': new Proxy([], handler), 'proxy of a function': new Proxy(trap, handler),
  'revoked proxy': (() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; })(),
  arguments: (function () { return arguments; })(1, 2), 'empty arguments': (function () { return arguments; })(),
  'module namespace': namespace, promise: Promise.resolve(1), weakmap: new WeakMap(), weakset: new WeakSet(), weakref: new WeakRef({}),
  'generator object': (function* () {})(), 'map iterator': new Map().keys(), 'symbol object': Object(Symbol('s')),
  'object of another realm': vm.runInNewContext('({ a: 1 })'), 'array of another realm': vm.runInNewContext('[1]'), 'map of another realm': vm.runInNewContext('new Map'),
  'array with a name': Object.assign([1, 2], { name: 1 }), 'long array with a name': Object.assign(Array.from({ length: 1000 }, () => 1), { name: 1 }),
  'long array with an odd name': Object.assign(Array.from({ length: 1000 }, () => 1), { 4294967295: 1 }), 'match': /a/.exec('a'),
  'huge sparse array': Object.assign([], { 4294967294: 1 }), 'sparse array': Object.assign([], { 100000: 1 }),
  'array with a hidden element': Object.defineProperty([1, 2], 1, { enumerable: false }),
  'shared buffer': new SharedArrayBuffer(8), 'view of a shared buffer': new Uint8Array(new SharedArrayBuffer(8)),
  'detached buffer': detached, 'empty detached buffer': emptyDetached, 'view of a detached buffer': viewOfDetached,
  'resizable buffer': new ArrayBuffer(8, { maxByteLength: 16 }), 'length-tracking view': new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 })),
  port: port1, 'global object': globalThis, 'environment': process.env,
  'map with the prototype of objects': lying(new Map([[1, 2]])), 'date with the prototype of objects': lying(new Date()),
  'regexp with the prototype of objects': lying(/x/), 'error with the prototype of objects': lying(new Error('x')),
  'promise with the prototype of objects': lying(Promise.resolve()), 'array with the prototype of objects': lying([]),
  'array with no prototype': lying([1], null), 'object with the prototype of arrays': lying({ a: 1 }, Array.prototype),
  'object with the prototype of maps': lying({}, Map.prototype), 'object with the prototype of dates': lying({}, Date.prototype),
  'object with the prototype of sets': lying({}, Set.prototype), 'object with the prototype of buffers': lying({}, ArrayBuffer.prototype),
  'object with the prototype of regexps': lying({}, RegExp.prototype), 'object with the prototype of numbers': lying({}, Number.prototype),
  'object with the prototype of typed arrays': lying({}, Uint8Array.prototype), 'object with the prototype of errors': lying({}, Error.prototype),
  'too deep': deep(5000),
};

test.after(() => { port1.close(); port2.close(); });

for (const name of Object.keys(refused)) {
  test(`refuses: ${name}`, () => {
    const { encoder, roundTrip } = makePair();
    const value = refused[name];
    for (const nest of [(v) => v, (v) => [v], (v) => ({ a: 1, v, text: 'wide Ā' }), (v) => new Map([[1, v]]), (v) => [[{ x: 'y' }], [v]]]) {
      for (let i = 0; i < 3; i++) assert.equal(roundTrip(nest(value)), REFUSED);
      assert.ok(encoder.encode({ after: 'text' }));
      assertSame(roundTrip({ after: 'text', list: [{}] }), { after: 'text', list: [{}] });
    }
  });
}

test('a proxy in the place of a known shape fires no trap', () => {
  const { roundTrip } = makePair();
  for (let i = 0; i < 50; i++) assertSame(roundTrip({ a: { b: 1 } }), { a: { b: 1 } });
  assert.equal(roundTrip({ a: new Proxy({ b: 1 }, handler) }), REFUSED);
  assert.equal(roundTrip(new Proxy({ a: { b: 1 } }, handler)), REFUSED);
  assert.equal(roundTrip({ a: Object.create(new Proxy({}, handler)) }), REFUSED);
});

test('texts that no string could hold together are refused, wherever they are, and the next message is not', () => {
  const { roundTrip, encoder } = makePair();
  const half = 'x'.repeat(2 ** 28);
  for (let i = 0; i < 40; i++) roundTrip({ a: 'x', b: 'y', c: 1 });
  for (const value of [[half, half], { a: half, b: half, c: 1 }, [{ a: half, b: 'y', c: 1 }, half], new Map([[half, half]])]) {
    assert.equal(encoder.encode(value), false);
    assertSame(roundTrip({ a: 'x', b: 'y', c: 1 }), { a: 'x', b: 'y', c: 1 });
  }
  const own = new RangeError('Invalid string');
  assert.throws(() => encoder.encode({ get a() { throw own; } }), own);
});

test('the depth that is accepted is decoded again', () => {
  const { roundTrip } = makePair();
  const list = (n) => { let value = 1; for (let i = 0; i < n; i++) value = [value]; return value; };
  assertSame(roundTrip(deep(199)), deep(199));
  assertSame(roundTrip(list(199)), list(199));
});
