/** An encoder and a decoder joined by copies, and the comparison with what structuredClone makes. */
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
import { types } from 'node:util';
import { MemoryShapeRegistry } from './registry.mjs';

export const codec = createRequire(import.meta.url)('../../dist/codec.js');
const { Encoder, Decoder, BASE } = codec;

export const REFUSED = Symbol('refused');

export function makePair({ words = 64, capacity } = {}) {
  const shapes = new MemoryShapeRegistry(capacity);
  const encoder = new Encoder(new Int32Array(words), { grow: (n) => new Int32Array(n + 16), onBusy() {} }, shapes);
  const decoder = new Decoder(shapes);
  return { shapes, encoder, decoder, roundTrip: (value) => roundTrip(encoder, decoder, value) };
}

/** The message as a receiver gets it: words and text somewhere within those of a batch. */
export function take(encoder) {
  const words = encoder.i32.slice(BASE, encoder.words);
  assert.equal(words.length % 2, 0);
  const message = { words, text: encoder.text, attachments: encoder.attachments?.map((buffer) => buffer.slice(0)) };
  encoder.release();
  return message;
}

export function receive(decoder, { words, text, attachments }, lead = 6) {
  const batch = new Int32Array(lead + words.length + 8).fill(-1);
  batch.set(words, lead);
  return decoder.decode(batch, lead, lead + words.length, `before${text}after`, 6, attachments);
}

export function roundTrip(encoder, decoder, value) {
  if (!encoder.encode(value)) return REFUSED;
  return receive(decoder, take(encoder));
}

/** Same values, prototypes, own properties with their order and attributes, holes, and identity. */
export function assertSame(actual, expected) {
  compare(actual, expected, new Map(), '$');
}

function compare(a, b, seen, path) {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) {
    assert.ok(Object.is(a, b), `${path}: ${String(a)} is not ${String(b)}`);
    return;
  }
  if (seen.has(b)) {
    assert.equal(seen.get(b), a, `${path}: identity`);
    return;
  }
  for (const known of seen.values()) assert.notEqual(known, a, `${path}: identity of different objects`);
  seen.set(b, a);
  assert.equal(Object.getPrototypeOf(a), Object.getPrototypeOf(b), `${path}: prototype`);
  if (types.isTypedArray(b) || types.isDataView(b)) {
    assert.equal(a.byteOffset, b.byteOffset, path);
    assert.equal(a.byteLength, b.byteLength, path);
    compare(a.buffer, b.buffer, seen, `${path}.buffer`);
    return;
  }
  if (types.isAnyArrayBuffer(b)) {
    assert.deepEqual(new Uint8Array(a), new Uint8Array(b), path);
    return;
  }
  compareSlots(a, b, path);
  compareProperties(a, b, seen, path);
  if (types.isMap(b)) compare([...a].flat(), [...b].flat(), new Proxyless(seen), `${path}.entries`);
  if (types.isSet(b)) compare([...a], [...b], new Proxyless(seen), `${path}.values`);
}

/** The hidden contents of dates, expressions, boxed primitives and errors. */
function compareSlots(a, b, path) {
  assert.equal(Array.isArray(a), Array.isArray(b), path);
  for (const brand of ['isDate', 'isRegExp', 'isBoxedPrimitive', 'isNativeError', 'isMap', 'isSet']) assert.equal(types[brand](a), types[brand](b), `${path}: ${brand}`);
  if (types.isDate(b) || types.isBoxedPrimitive(b)) assert.ok(Object.is(a.valueOf(), b.valueOf()), `${path}: value`);
  if (types.isRegExp(b)) assert.equal(String(a), String(b), path);
}

/** A view of `seen` that forgets the temporary array given to it first. */
class Proxyless {
  constructor(seen) { this.seen = seen; this.first = true; }
  has(key) { return this.seen.has(key); }
  get(key) { return this.seen.get(key); }
  values() { return this.seen.values(); }
  set(key, value) {
    if (!this.first) this.seen.set(key, value);
    this.first = false;
  }
}

function compareProperties(a, b, seen, path) {
  const keys = Reflect.ownKeys(b);
  assert.deepEqual(Reflect.ownKeys(a).map(String), keys.map(String), `${path}: own keys`);
  for (const key of keys) {
    const x = Object.getOwnPropertyDescriptor(a, key);
    const y = Object.getOwnPropertyDescriptor(b, key);
    for (const name of ['writable', 'enumerable', 'configurable', 'get', 'set']) assert.equal(x[name], y[name], `${path}.${String(key)}: ${name}`);
    compare(a[key], b[key], seen, `${path}.${String(key)}`);
  }
}

