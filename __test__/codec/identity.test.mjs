/** Objects that are referred to more than once arrive as one, and different ones as different ones, in messages of any size. */
import test from 'node:test';
import assert from 'node:assert/strict';
import { makePair } from './support.mjs';

/** Index to object: what the hashes of their primitives fall on. */
const KINDS = {
  'names that count': (i) => ({ name: `id${i}` }),
  'short names that count': (i) => ({ k: `k${i}` }),
  'a name and a flag': (i) => ({ id: `id${i}`, ok: true }),
  'numbers at a distance': (i) => ({ id: i * 2898 }),
  'numbers and strings': (i) => ({ uid: i % 2 ? i : `u${i}`, a: 1 }),
  'arrays': (i) => [`id${i}`],
  'equal ones': () => ({ a: 1, b: 'same' }),
  'few different ones': (i) => ({ a: i % 40 }),
  'with a nested one first': (i) => ({ inner: { name: `id${i}` }, i }),
  'equal ones with a nested one first': () => ({ inner: { name: 'same' } }),
  'large ones': (i) => Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`key${n}`, i])),
  'of all kinds': (i) => [{ name: `id${i}` }, [i], { a: 1 }, new Date(i), new Map([[i, i]]), { inner: [`k${i}`] }][i % 6],
};

for (const [name, make] of Object.entries(KINDS)) {
  for (const count of [100, 1000, 5000]) {
    test(`${count} objects, each referred to twice: ${name}`, () => {
      const { roundTrip } = makePair();
      // From the first large message on they are hashed.
      for (const before of [20, count]) roundTrip(Array.from({ length: before }, (_, i) => ({ id: i })));
      for (const isNew of [true, false]) {
        // The tables have grown already, the second time.
        const pair = isNew ? makePair() : { roundTrip };
        if (isNew) pair.roundTrip(Array.from({ length: 20 }, (_, i) => ({ id: i })));
        const first = Array.from({ length: count }, (_, i) => make(i));
        const got = pair.roundTrip({ first, second: first.slice(), again: first.slice().reverse() });
        const torn = got.first.filter((one, i) => one !== got.second[i] || one !== got.again[count - 1 - i]);
        assert.equal(torn.length, 0);
        assert.equal(new Set(got.first).size, count);
      }
    });
  }
}
