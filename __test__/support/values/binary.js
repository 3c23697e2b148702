'use strict';
// Buffers and views: name -> maker.

const NAMES = [
  'Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float16Array',
  'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array',
].filter((name) => name in globalThis);

const filled = (length) => Uint8Array.from({ length }, (_, n) => (n * 31 + 7) & 255);

const binary = {
  'empty ArrayBuffer': () => new ArrayBuffer(0),
  'ArrayBuffer': () => filled(11).buffer,
  'ArrayBuffer of 1 MiB': () => filled(1 << 20).buffer,
  'ArrayBuffer with a property': () => Object.assign(new ArrayBuffer(4), { extra: 1 }),
  'subclass of ArrayBuffer': () => new (class Block extends ArrayBuffer {})(4),
  'the same buffer twice': () => { const { buffer } = filled(9); return [buffer, buffer, { buffer }]; },
  'resizable ArrayBuffer': () => new ArrayBuffer(8, { maxByteLength: 64 }),
  'resizable ArrayBuffer after a resize': () => { const buffer = new ArrayBuffer(8, { maxByteLength: 64 }); buffer.resize(40); return buffer; },
  'length-tracking view': () => new Uint8Array(new ArrayBuffer(8, { maxByteLength: 64 }), 2),
  'fixed view on a resizable buffer': () => new Uint16Array(new ArrayBuffer(8, { maxByteLength: 64 }), 2, 2),
  'length-tracking DataView': () => new DataView(new ArrayBuffer(8, { maxByteLength: 64 }), 3),
  'DataView': () => new DataView(filled(16).buffer, 3, 7),
  'DataView over everything': () => new DataView(filled(16).buffer),
  'DataView with a property': () => Object.assign(new DataView(new ArrayBuffer(4)), { extra: 1 }),
  'two views of one buffer': () => { const { buffer } = filled(32); return [new Uint8Array(buffer, 1, 5), new Uint32Array(buffer, 4, 2), buffer]; },
  'view before its buffer': () => { const view = filled(8).subarray(2, 6); return { view, buffer: view.buffer }; },
  'buffer before its view': () => { const view = filled(8).subarray(2, 6); return { buffer: view.buffer, view }; },
  'one view twice': () => { const view = filled(8); return [view, view]; },
  'small view of a large buffer': () => new Uint8Array(filled(100_000).buffer, 50_000, 3),
  'empty view in the middle': () => new Float64Array(filled(64).buffer, 16, 0),
  'empty view at the end': () => new Uint8Array(filled(4).buffer, 4),
  'typed array with a property': () => Object.assign(filled(3), { extra: 1, '-1': 2 }),
  'typed array with a symbol': () => Object.assign(filled(3), { [Symbol('s')]: 1 }),
  'subclass of Uint8Array': () => new (class Bytes extends Uint8Array {})([1, 2, 3]),
  'typed array with a null prototype': () => Object.setPrototypeOf(filled(3), null),
  'typed array with another length': () => Object.defineProperty(filled(3), 'length', { value: 99 }),
  'Float64Array of 10,000': () => Float64Array.from({ length: 10_000 }, (_, n) => n / 3),
  'NaN bits': () => new Uint8Array(new Float64Array(new BigUint64Array([0x7ff8_0000_0000_0001n, 0xfff0_0000_0000_0001n]).buffer).buffer),
  'Uint8Array of 64 KiB': () => filled(65_536),
  'Buffer of its own': () => Buffer.alloc(5, 'abc'),
  'empty Buffer': () => Buffer.alloc(0),
  'Buffer of 1 MiB': () => Buffer.alloc(1 << 20, 'xyz'),
  'Buffer over an ArrayBuffer': () => Buffer.from(filled(20).buffer, 4, 8),
  'Buffer with a property': () => Object.assign(Buffer.alloc(3, 1), { extra: 1 }),
  'SharedArrayBuffer': () => { const shared = new SharedArrayBuffer(8); new Uint8Array(shared).set(filled(8)); return shared; },
  'view of a SharedArrayBuffer': () => new Int32Array(new SharedArrayBuffer(16), 4, 2),
  'DataView of a SharedArrayBuffer': () => new DataView(new SharedArrayBuffer(16), 4, 2),
  'growable SharedArrayBuffer': () => new SharedArrayBuffer(8, { maxByteLength: 32 }),
  'length-tracking view of a growable SharedArrayBuffer': () => new Uint8Array(new SharedArrayBuffer(8, { maxByteLength: 32 }), 1),
  'shared and plain side by side': () => ({ plain: new ArrayBuffer(4), shared: new SharedArrayBuffer(4), list: [1, 2] }),
  'views in a Map and a Set': () => { const view = filled(4); return new Map([[view, new Set([view, view.buffer])]]); },
};

for (const name of NAMES) {
  const Type = globalThis[name];
  const bytes = Type.BYTES_PER_ELEMENT;
  binary[name] = () => new Type(filled(bytes * 5).buffer);
  binary[`empty ${name}`] = () => new Type(0);
  binary[`${name} at an offset`] = () => new Type(filled(bytes * 6).buffer, bytes * 2, 3);
}
for (const size of [1, 3, 63, 64, 65, 4095, 4096, 65_535, 65_537]) {
  binary[`Uint8Array of ${size}`] = () => filled(size);
}

module.exports = binary;
