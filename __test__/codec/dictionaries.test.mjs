/** Objects with many keys: both sides remember lists of keys that come again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
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

test('lists that begin alike, or begin and end alike, in turn and within one message', () => {
  const { roundTrip } = makePair();
  const list = (middle, last) => entries(20, (i) => [i === 0 ? 'first' : i === 19 ? last : `${middle} ${i}`, i]);
  const alike = [list('a', 'z1'), list('b', 'z2'), list('c', 'z3'), list('d', 'z3'), list('e', 'z3'), list('z3', 'first of the next')];
  for (let round = 0; round < 40; round++) {
    for (const dictionary of alike) assertSame(roundTrip(dictionary), dictionary);
    assertSame(roundTrip(alike), alike);
    assertSame(roundTrip({ ...alike }), { ...alike });
  }
});

test('lists of every length at which they are treated differently, again and again', () => {
  for (const n of [7, 8, 11, 12, 32, 33, 64, 65, 127, 128, 129, 200, 250, 251, 252, 253, 999, 1000, 1001, 3000]) {
    const { roundTrip } = makePair();
    for (const names of [[], ['toString'], ['__proto__'], ['constructor', 'valueOf'], ['ключ', '键', '\u2028', '"\\', '\ud800']]) {
      const make = (value) => entries(n, (i) => [names[i - 5] ?? `${n} ${i}`, value(i)]);
      for (let round = 0; round < 36; round++) {
        const dictionary = make(round % 3 === 0 ? (i) => i + round : round % 3 === 1 ? (i) => `${i}` : (i) => (i % 50 ? i / 3 : { i }));
        assertSame(roundTrip(dictionary), dictionary);
      }
    }
  }
});

test('lists that never come again, between some that do', () => {
  const { roundTrip } = makePair();
  const kept = Array.from({ length: 5 }, (_, d) => entries(90, (i) => [`kept ${d} ${i}`, i]));
  for (let round = 0; round < 300; round++) {
    const once = entries(90, (i) => [`${round} once ${i}`, i]);
    assertSame(roundTrip([once, kept[round % 5]]), [once, kept[round % 5]]);
  }
});

test('lists heavier than all that is remembered', () => {
  const { roundTrip } = makePair();
  const heavy = [1, 2].map((d) => entries(150, (i) => [`${d} ${i} `.repeat(1500), i]));
  const light = entries(20, (i) => [`light ${i}`, i]);
  for (let round = 0; round < 5; round++) for (const dictionary of [...heavy, light]) assertSame(roundTrip(dictionary), dictionary);
});

if (process.env.DICTIONARIES !== 'newer V8') {
  test('all of this with a newer V8', () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const flags = ['--require', fileURLToPath(new URL('newer-v8.cjs', import.meta.url))];
    const { status, stdout } = spawnSync(process.execPath, [...flags, fileURLToPath(import.meta.url)], { encoding: 'utf8', timeout: 120_000, env: { ...env, DICTIONARIES: 'newer V8' } });
    assert.equal(status, 0, stdout);
  });
}
