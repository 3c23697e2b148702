/** Own getters run as often and in the order in which stock runs them, and may do what they like. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { assertSame, makePair, REFUSED } from './support.mjs';

/** Both ways on a fresh value each: the same result and the same calls. */
function compareWalks(make, warm) {
  const { roundTrip } = makePair();
  for (let i = 0; warm !== undefined && i < 50; i++) roundTrip(warm);
  const stock = make();
  const expected = structuredClone(stock.value);
  const ours = make();
  assertSame(roundTrip(ours.value), expected);
  assert.deepEqual(ours.log, stock.log);
}

test('order and number of calls', () => {
  for (const warm of [undefined, { a: 1, b: { c: 2 }, d: 3 }]) {
    compareWalks(() => {
      const log = [];
      return { log, value: { get a() { log.push('a'); return log.length; }, get b() { log.push('b'); return { get c() { log.push('c'); return log.length; } }; }, get d() { log.push('d'); return log.length; } } };
    }, warm);
  }
});

test('a property deleted by a getter is skipped', () => {
  for (const warm of [undefined, { a: 1, b: 2, c: { d: 1 } }]) {
    compareWalks(() => {
      const value = { get a() { delete value.b; return 1; }, b: 2, c: { d: 1 } };
      return { log: [], value };
    }, warm);
  }
});

function setOneByOne(entries) {
  const object = {};
  for (const [key, value] of entries) object[key] = value;
  return object;
}

// V8 keeps the first as a hash table; the second is read by position.
const BUILDS = { 'set one by one': setOneByOne, 'made at once': Object.fromEntries };
for (const [name, build] of Object.entries(BUILDS)) test(`a large dictionary, ${name}, is changed by a getter: it travels with the keys that it had, and has`, () => {
  const fill = () => build(Array.from({ length: 200 }, (_, i) => [`k${i}`, i]));
  const make = () => {
    const log = [];
    const value = fill();
    const change = () => {
      delete value.k50;
      delete value.k199;
      value.k51 = { now: 'an object' };
      value.added = 1;
      Object.defineProperty(value, 'k60', { enumerable: false });
      Object.defineProperty(value, 'k70', { enumerable: true, get: () => log.push('k70') });
      return 5;
    };
    Object.defineProperty(value, 'k5', { enumerable: true, get: change });
    return { log, value };
  };
  compareWalks(make);
  compareWalks(make, fill());
});

test('a property added, replaced or turned into a getter by a getter', () => {
  compareWalks(() => {
    const log = [];
    const value = { get a() { value.z = 1; value.b = 'new'; Object.defineProperty(value, 'c', { enumerable: true, get() { log.push('c'); return 9; } }); return 1; }, b: 2, c: 3 };
    return { log, value };
  });
});

test('an array shortened or extended by a getter', () => {
  for (const change of [(a) => { a.length = 2; }, (a) => { a.push(1, 2); }, (a) => { delete a[3]; }]) {
    compareWalks(() => {
      const value = [1, { get x() { change(value); return 1; } }, 'x', { y: 1 }, 5];
      return { log: [], value };
    });
  }
});

test('an element that is a getter is read once', () => {
  for (const rest of [[1, 2], ['a', 1.5], [1.5, {}]]) {
    compareWalks(() => {
      const log = [];
      const value = [...rest, 0];
      Object.defineProperty(value, 1, { enumerable: true, get() { log.push(1); return rest[1]; } });
      return { log, value };
    });
  }
});

test('a collection changed by a getter travels as it was', () => {
  compareWalks(() => {
    const map = new Map([[1, { get x() { map.delete(2); map.set(3, 3); return 1; } }], [2, 2]]);
    return { log: [], value: map };
  });
  compareWalks(() => {
    const set = new Set([{ get x() { set.clear(); return 1; } }, 2]);
    return { log: [], value: set };
  });
});

test('an object with a getter, referenced twice, is read once', () => {
  compareWalks(() => {
    const log = [];
    const once = { get x() { log.push('x'); return log.length; } };
    return { log, value: [once, once, { once }] };
  });
});

test('a getter that throws throws out of encode, and the encoder goes on', () => {
  const { encoder, roundTrip } = makePair();
  const thrown = new Error('mine');
  const value = { a: [1, { get b() { throw thrown; } }] };
  for (let i = 0; i < 30; i++) {
    assert.throws(() => encoder.encode(value), (error) => error === thrown);
    assertSame(roundTrip({ a: [1, { b: 2 }] }), { a: [1, { b: 2 }] });
  }
});

test('a getter may send on the same encoder: that message is refused, the outer one intact', () => {
  const { encoder, roundTrip } = makePair();
  const inner = [];
  const value = { a: 'x', get b() { inner.push(encoder.encode({ c: 'y' }), encoder.encode(5), encoder.encode('s')); return 'z'; }, d: [1] };
  assertSame(roundTrip(value), { a: 'x', b: 'z', d: [1] });
  assert.deepEqual(inner, [false, false, false]);
  assert.notEqual(roundTrip(1), REFUSED);
});

test('near the end of the stack a message is refused or carried, and the encoder stays usable', () => {
  const { encoder, roundTrip } = makePair();
  let value = {};
  for (let i = 0; i < 150; i++) value = { value, list: [i] };
  const outcomes = new Set();
  const descend = () => {
    try {
      descend();
    } catch {
      // Out of stack here; on the way back there is a little more of it each time.
    }
    // A walk that had not even the stack to end is ended here; no other one is on the stack.
    encoder.mend();
    if (outcomes.size < 2 || !outcomes.has(true)) outcomes.add(encoder.encode(value));
  };
  descend();
  assert.ok(outcomes.has(true));
  assertSame(roundTrip(value), structuredClone(value));
});
