/** Objects with many keys: the decoder remembers key lists that come again. */
import { test } from 'node:test';
import { assertSame, makePair } from './support.mjs';

const entries = (n, make) => Object.fromEntries(Array.from({ length: n }, (_, i) => make(i)));

test('more lists of keys than are remembered, each several times', () => {
  const { roundTrip } = makePair();
  const dictionaries = Array.from({ length: 700 }, (_, d) => entries(70, (i) => [`key ${d * i} of ${d}: ${i}`, i % 2 ? i : `${i}`]));
  for (let pass = 0; pass < 3; pass++) for (const dictionary of dictionaries) assertSame(roundTrip(dictionary), dictionary);
});

test('more characters than are kept', () => {
  const { roundTrip } = makePair();
  const dictionaries = Array.from({ length: 50 }, (_, d) => entries(100, (i) => [`${i} `.repeat(80) + d, i]));
  for (let pass = 0; pass < 3; pass++) {
    for (const dictionary of dictionaries) for (let i = 0; i < 2; i++) assertSame(roundTrip(dictionary), dictionary);
  }
});

test('one list again and again, then with other values', () => {
  const { roundTrip } = makePair();
  const make = (value) => entries(100, (i) => [`name ${i}`, value(i)]);
  for (let round = 0; round < 40; round++) assertSame(roundTrip(make((i) => i * round)), make((i) => i * round));
  for (const value of [(i) => `${i}`, (i) => i / 3, (i) => ({ i }), (i) => [i, null], () => undefined, (i) => BigInt(i)]) {
    assertSame(roundTrip(make(value)), make(value));
  }
  const shared = { x: 1 };
  assertSame(roundTrip(make(() => shared)), make(() => shared));
});
