/** Values that the codec carries arrive exactly as structuredClone makes them. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { assertSame, makePair, REFUSED } from './support.mjs';

const cyclic = { name: 'cycle', list: [] };
cyclic.self = cyclic;
cyclic.list.push(cyclic, cyclic.list);
const shared = { a: 1 };
const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
const big = new Uint8Array(5000).map((_, i) => i).buffer;
const ring = Array.from({ length: 40 }, (_, id) => ({ id, next: null }));
ring.forEach((node, i) => { node.next = ring[(i + 1) % ring.length]; });
const tree = { kids: [] };
for (let i = 0; i < 60; i++) tree.kids.push({ parent: tree, id: i, kids: [{ parent: null }] });
for (const kid of tree.kids) kid.kids[0].parent = kid;
const position = { line: 1, character: 2 };

const table = {
  integers: [0, 1, -1, 134217727, 134217728, -134217728, -134217729, 2147483647, -2147483648, 2147483648, 4294967295],
  doubles: [-0, 0.5, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 1e21],
  primitives: [undefined, null, true, false],
  'the root -0': -0, 'the root undefined': undefined, 'the root NaN': NaN, 'the root string': 'hello', 'one character': 'x',
  bigints: [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 63n, 2n ** 64n, -(2n ** 200n) - 7n],
  strings: ['', 'a', 'ab', 'é', 'ÿÿ', 'Ā', 'ĀĀ', '\ud800', '\udfff\ud800', '😀', '\0\0', 'x'.repeat(100000), '\u2028\u2029'],
  'a cons string': 'abcdefghijklm'.repeat(2) + String(Math.floor(1e6)),
  'empty object': {}, 'empty array': [],
  'null prototype': Object.assign(Object.create(null), { a: 1, b: { c: Object.create(null) } }),
  '__proto__ as a key': JSON.parse('{"__proto__":{"x":1},"a":{"__proto__":5}}'),
  'names of Object.prototype': { constructor: 1, toString: 2, hasOwnProperty: 3, valueOf: 4, __defineGetter__: 5, isPrototypeOf: 6 },
  'integer keys': { 10: 'a', 2: 'b', x: 'c', '-1': 'd', '4294967294': 'e', '4294967295': 'f', '01': 'g' },
  'awkward keys': { '': 1, 'a b': 2, "'": 3, '"': 4, '\\': 5, '\u2028': 6, '\ud800': 7, '😀': 8, 'é': 9 },
  'symbol keys are dropped': { a: 1, [Symbol('s')]: 2 },
  'hidden properties are dropped': Object.defineProperty({ a: 1 }, 'b', { value: 2 }),
  'getters are called': { get a() { return { b: 1 }; }, c: 2 },
  'nested': { a: { b: { c: { d: { e: [[[[1]]]] } } } } },
  'undefined properties': { a: undefined, b: [undefined, undefined] },
  'int array': Array.from({ length: 1000 }, (_, i) => i * 7 - 500),
  'int array with one -0': [1, 2, -0, 3], 'ints then doubles': [1, 2, 2.5, 2147483647, 3],
  'doubles then strings': [1.5, 2, 'x', {}, 3.5], 'ints then strings': [1, 2147483647, -5, 'x', null],
  'ints then objects': [1, 2, { a: 1 }], 'one int': [7], 'one double': [7.5],
  'double array': Array.from({ length: 999 }, (_, i) => i / 3), 'many strings': Array.from({ length: 300 }, (_, i) => 's'.repeat(i % 5) + i),
  'doubles at odd words': ['x', [1.5, 2.5], 1, [1.5], 'y', [NaN, 1]],
  'holes': [, 1, , 'x', , ,], 'only holes': new Array(5), 'holes in a long array': Object.assign(Array.from({ length: 200 }), { 5: 1 }),
  'a long array with a hole': (() => { const a = Array.from({ length: 200 }, (_, i) => i); delete a[100]; return a; })(),
  'a long array of objects with a hole': (() => { const a = Array.from({ length: 200 }, (_, i) => ({ i })); delete a[100]; return a; })(),
  'lengths around the limits': [15, 16, 17, 31, 32, 33, 63, 64, 65, 66].map((length) => [Array.from({ length }, (_, i) => i), Array.from({ length }, (_, i) => `${i}`)]),
  shared: [shared, shared, { shared }], cyclic, ring, tree,
  'shared leaves among many': Array.from({ length: 300 }, (_, i) => ({ range: { start: position, end: i % 3 ? position : { line: 1, character: 2 } } })),
  'shared wrappers among many': (() => {
    const pool = Array.from({ length: 40 }, (_, i) => ({ inner: { inner: { i: i % 7 } } }));
    return Array.from({ length: 400 }, (_, i) => (i % 3 ? pool[i % 40] : pool[i % 40].inner));
  })(),
  'equal but not shared': Array.from({ length: 500 }, () => ({ x: 0, y: [] })),
  'shared arrays among many': (() => {
    const pool = Array.from({ length: 50 }, (_, i) => (i % 2 ? [i % 5, 'x'] : [[i % 5]]));
    return Array.from({ length: 400 }, (_, i) => pool[(i * 7) % 50]);
  })(),
  'shared doubles at odd and even words': (() => { const d = [1.5, 2.5]; return [Array.from({ length: 20 }, (_, i) => [i]), d, 'x', 1, d, [d, 2], d]; })(),
  dates: [new Date(0), new Date(1e15), new Date(NaN), new Date(-1)],
  maps: [new Map(), new Map([[1, 'a'], ['b', { c: new Map([[{}, []]]) }], [NaN, -0]]), new Map([[shared, shared]])],
  sets: [new Set(), new Set([1, 'a', { b: 1 }, shared, new Set([shared])])],
  'cyclic map': (() => { const m = new Map(); m.set(m, new Set([m])); return m; })(),
  regexps: [/a/, /[/\]\n]/dgimsuy, /x/v, new RegExp(''), Object.assign(/late/g, { lastIndex: 4 })],
  boxed: [new Number(5), new Number(-0), new String('xyz'), new String(''), new Boolean(false), Object(10n), Object.assign(new Number(1), { extra: 1 })],
  'shared specials': (() => { const d = new Date(5), b = Object('s'), r = /r/g; return [d, d, b, b, r, r, buffer, buffer]; })(),
  buffers: [new ArrayBuffer(0), new ArrayBuffer(1), buffer, big, new ArrayBuffer(2047), new ArrayBuffer(2048), new ArrayBuffer(2049)],
  views: [
    new Uint8Array(buffer), new Int8Array(buffer, 1), new Uint8ClampedArray(buffer, 1, 3), new Uint16Array(buffer, 2, 2), new Int16Array(2),
    new Uint32Array(buffer), new Int32Array(0), new Float32Array([1.5, NaN]), new Float64Array(buffer), new BigInt64Array([5n, -5n]),
    new BigUint64Array(1), new DataView(buffer, 3, 4), new DataView(new ArrayBuffer(0)), new Uint8Array(big, 100, 50), new Float64Array(big),
  ],
  'views share their buffer': { a: new Uint8Array(big, 8, 8), b: new DataView(big), big, c: new Uint8Array(buffer), d: new Uint16Array(buffer) },
  'node buffers': [Buffer.from('pooled'), Buffer.alloc(10, 7), Buffer.allocUnsafeSlow(3000).fill(1)],
  'subclasses of typed arrays': new (class extends Uint8Array {})([1, 2, 3]),
  'hundreds of keys': Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key${i}`, i % 3 ? i : { i }])),
  'dozens of keys': Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`key${i}`, `${i}`])),
  'keys from ids': Object.fromEntries(Array.from({ length: 50 }, (_, i) => [i * 1000, { name: `n${i}` }])),
  'a shared dictionary among many': (() => {
    const dict = { k1: 1, k2: 'x' }, large = Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`l${i}`, i]));
    return Array.from({ length: 100 }, (_, i) => (i % 4 ? { i } : i % 8 ? dict : large));
  })(),
};
if (globalThis.Float16Array) table['half floats'] = new Float16Array([1, 2.5]);

for (const name of Object.keys(table)) {
  test(`arrives as structuredClone makes it: ${name}`, () => {
    const expected = structuredClone(table[name]);
    const { roundTrip } = makePair();
    // Shapes, repeated dictionaries and generated code set in after some repeats.
    for (let i = 0; i < 40; i++) {
      const actual = roundTrip(table[name]);
      assert.notEqual(actual, REFUSED);
      assertSame(actual, expected);
    }
  });
}

test('everything at once, in one message and one codec', () => {
  const { roundTrip } = makePair();
  const values = Object.keys(table).filter((name) => name !== 'shared specials').map((name) => table[name]);
  for (let i = 0; i < 3; i++) assertSame(roundTrip(values), structuredClone(values));
});

test('a string that is the whole text is returned as it is', () => {
  const { encoder, decoder } = makePair();
  const value = 'y'.repeat(1 << 16);
  assert.ok(encoder.encode(value));
  assert.equal(decoder.decode(encoder.i32, 8, encoder.words, encoder.text, 0, undefined), value);
});

test('a full registry and disappearing shapes change nothing', () => {
  const { roundTrip } = makePair({ capacity: 3 });
  for (let i = 0; i < 200; i++) {
    const value = { ['k' + (i % 20)]: i, nested: { ['n' + (i % 7)]: [{ a: 1, ['x' + i]: 2 }] } };
    assertSame(roundTrip(value), structuredClone(value));
  }
});

test('dictionaries do not flood the registry', () => {
  const { encoder, shapes } = makePair();
  for (let i = 0; i < 20000; i++) assert.ok(encoder.encode({ type: 'x', map: { [`id${i}`]: 1, [`other${i}`]: 2 } }));
  assert.equal(shapes.lookup(8), undefined);
});

test('integers end at any element of an array, and at any kind of value', () => {
  const { roundTrip } = makePair();
  for (const length of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 40, 200]) {
    const integers = Array.from({ length }, (_, i) => (i % 3 === 0 ? 0 : i * 40_000_000 - 1_000_000_000));
    assertSame(roundTrip(integers), integers);
    for (let at = 0; at < Math.min(length, 12); at++) {
      for (const other of [-0, 0.5, NaN, 2 ** 31, 'two', '7', undefined, null, 7n, { x: 1 }]) {
        const array = integers.with(at, other);
        assertSame(roundTrip(array), array);
      }
    }
  }
});

test('an element of integers that is a getter is read once', () => {
  for (let at = 0; at < 10; at++) {
    const { roundTrip } = makePair();
    const array = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    let reads = 0;
    Object.defineProperty(array, at, { enumerable: true, configurable: true, get: () => (reads++ === 0 ? 0.5 : 1) });
    const expected = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    expected[at] = 0.5;
    assertSame(roundTrip(array), expected);
    assert.equal(reads, 1);
  }
});
