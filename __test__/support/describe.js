'use strict';
// A value written down completely: types, prototypes, property order and flags, holes, -0, bytes, and which objects
// are the same. Two values with equal descriptions cannot be told apart by a program.

const { createHash } = require('node:crypto');

const { MessagePort } = globalThis;
const TypedArray = Object.getPrototypeOf(Uint8Array.prototype);
const slot = (proto, name) => Object.getOwnPropertyDescriptor(proto, name).get;
const digest = (data) => createHash('md5').update(data).digest('hex');

function describeString(text) {
  if (text.length <= 100) return JSON.stringify(text);
  return `string of ${text.length}, ${digest(Buffer.from(text, 'utf16le'))}`;
}

function describePrimitive(value) {
  if (typeof value === 'string') return describeString(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  return String(value);
}

function describeProto(value) {
  const proto = Object.getPrototypeOf(value);
  if (proto === null) return 'null';
  const name = proto.constructor?.name;
  return globalThis[name]?.prototype === proto ? name : `other ${name}`;
}

const tag = (value) => Object.prototype.toString.call(value).slice(8, -1);
const bytes = (buffer) => (buffer.byteLength <= 64 ? [...new Uint8Array(buffer)].join() : digest(new Uint8Array(buffer)));

function bufferSlots(buffer) {
  const limit = buffer.resizable || buffer.growable ? ` of at most ${buffer.maxByteLength}` : '';
  return `${buffer.byteLength} bytes${limit}: ${bytes(buffer)}`;
}

/** What the internal slots of an object hold, by brand. */
function slots(value, describe) {
  if (value instanceof Map) return [...value].map(([key, entry]) => `${describe(key)} => ${describe(entry)}`).join('; ');
  if (value instanceof Set) return [...value].map(describe).join('; ');
  if (value instanceof Date) return describePrimitive(value.getTime());
  if (value instanceof RegExp) return `${value.source} ${value.flags}`;
  if (value instanceof DOMException) return `${describePrimitive(value.name)} ${value.code}: ${describePrimitive(value.message)}`;
  if (value instanceof Error) return 'error';
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return bufferSlots(value);
  if (ArrayBuffer.isView(value)) {
    const length = value instanceof DataView ? value.byteLength : slot(TypedArray, 'length').call(value);
    return `${length} at ${value.byteOffset} of ${describe(value.buffer)}`;
  }
  if (value instanceof Number || value instanceof Boolean || value instanceof BigInt) return describePrimitive(value.valueOf());
  return value instanceof String ? describeString(value.valueOf()) : '';
}

function flags({ writable, enumerable, configurable, get, set }) {
  if (get || set) return 'accessor';
  return `${writable ? 'w' : '-'}${enumerable ? 'e' : '-'}${configurable ? 'c' : '-'}`;
}

function properties(value, describe) {
  if (ArrayBuffer.isView(value) && value.byteLength > 4096) return ['the keys of a long view were not listed'];
  const keys = Reflect.ownKeys(value);
  const wanted = ArrayBuffer.isView(value) || value instanceof String ? keys.filter((key) => !/^\d+$/.test(String(key))) : keys;
  return wanted.map((key) => {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    return `${typeof key === 'symbol' ? key.toString() : describeString(key)} ${flags(descriptor)} ${describe(descriptor.value)}`;
  });
}

function describe(root) {
  const seen = new Map();
  const visit = (value) => {
    if (typeof value === 'symbol' || typeof value === 'function') return `${typeof value} ${String(value)}`;
    if (value === null || typeof value !== 'object') return describePrimitive(value);
    if (seen.has(value)) return `#${seen.get(value)}`;
    seen.set(value, seen.size);
    if (value instanceof MessagePort) return `#${seen.get(value)} a port`;
    const head = `#${seen.get(value)} ${tag(value)} <${describeProto(value)}>${Object.isExtensible(value) ? '' : ' fixed'}`;
    const inside = slots(value, visit);
    return `${head} (${inside}) { ${properties(value, visit).join(', ')} }`;
  };
  return visit(root);
}

module.exports = { describe };
