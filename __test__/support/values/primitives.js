'use strict';
// Primitives, strings of every kind and size, and boxed primitives: name -> maker.

const { inspect } = require('node:util');

const table = {};
const literal = (...values) => {
  for (const value of values) table[`${typeof value} ${inspect(value)}`] = () => value;
};

literal(undefined, null, true, false);
literal(0, -0, 1, -1, 0.1, -0.5, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308);
for (const bits of [7, 8, 15, 16, 29, 30, 31, 32, 52, 53, 63]) literal(2 ** bits - 1, 2 ** bits, -(2 ** bits), -(2 ** bits) - 1);
literal(2 ** 31 + 0.5, -(2 ** 31) - 0.5, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Number.EPSILON);
literal(0n, 1n, -1n, 255n, 2n ** 31n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n);
literal(2n ** 64n - 1n, 2n ** 64n, -(2n ** 64n), 2n ** 65n + 1n, 2n ** 128n, -(2n ** 1000n) - 7n);

const strings = {
  empty: () => '',
  'one byte': () => 'a',
  'NUL and control': () => '\0\u0001\u001f\u007f',
  'latin1 above ASCII': () => 'äöüÿ\u0080\u00ff',
  CJK: () => '字典',
  emoji: () => '😀👩‍👩‍👧',
  'mixed one byte and two': () => 'abc字def',
  'lone high surrogate': () => '\ud800',
  'lone low surrogate': () => '\udfff',
  'lone surrogates among text': () => 'a\udc00b\ud83dc\ud800',
  'a reversed pair': () => '\ude00\ud83d',
  'BOM and specials': () => '\ufeff\ufffe\uffff\u2028\u2029',
  rope: () => ['left'.repeat(10), '右'.repeat(10)].reduce((text, part) => text + part + text, 'seed'),
  slice: () => `${'0123456789'.repeat(20)}`.slice(13, 57),
  'two-byte representation of one-byte text': () => '字abcdefghijklmnop'.slice(1),
  '1 MiB of one byte': () => 'a'.repeat(1 << 20),
  '1 MiB of CJK': () => '字'.repeat(1 << 19),
  '1 MiB of lone surrogates': () => '\ud800'.repeat(1 << 19),
  '3 MB rope': () => Array.from({ length: 3000 }, (_, n) => `${n}`.padEnd(1000, 'é')).join(''),
};
for (const size of [15, 16, 17, 63, 64, 127, 128, 255, 256, 257, 1023, 4095, 4096, 8191, 8192, 16383, 16384, 16385, 32768, 65535, 65536, 65537]) {
  strings[`${size} of one byte`] = () => 'abcdefg'.repeat(size / 7 + 1).slice(0, size);
  strings[`${size} of two bytes`] = () => '字符é'.repeat(size / 3 + 1).slice(0, size);
}
for (const [name, make] of Object.entries(strings)) table[`string, ${name}`] = make;

const withProperty = (object) => Object.assign(object, { extra: 1 });
Object.assign(table, {
  'boxed true': () => new Boolean(true),
  'boxed false': () => new Boolean(false),
  'boxed -0': () => new Number(-0),
  'boxed NaN': () => new Number(NaN),
  'boxed string': () => new String('boxed \ud800'),
  'boxed empty string': () => new String(''),
  'boxed bigint': () => Object(-(2n ** 70n)),
  'boxed number with a property': () => withProperty(new Number(1)),
  'boxed string with a property': () => withProperty(new String('s')),
  'boxed number of a subclass': () => new (class Special extends Number {})(3),
  'boxed twice the same': () => {
    const boxed = new Number(5);
    return [boxed, boxed, new Number(5)];
  },
  'all primitives in one array': () => [undefined, null, true, false, 0, -0, 1.5, NaN, 10n, '', 'é', '字', '\ud800'],
  'all primitives in one object': () => ({ u: undefined, n: null, t: true, f: false, z: -0, d: 1.5, nan: NaN, b: -1n, s: 's' }),
});

module.exports = table;
