/** Strings that a property holds in every message travel as a number. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { assertSame, makePair } from './support.mjs';

const MANY = 40;

function warm({ roundTrip }, make) {
  for (let i = 0; i < MANY; i++) assertSame(roundTrip(make(i)), make(i));
}

test('a string that never changes leaves the text', () => {
  const pair = makePair();
  const make = (i) => ({ type: 'progress', id: i, name: `item ${i}` });
  warm(pair, make);
  pair.encoder.encode(make(7));
  assert.equal(pair.encoder.text, 'item 7');
  pair.encoder.release();
});

test('a string that changes after all is sent as it is', () => {
  const pair = makePair();
  warm(pair, (i) => ({ type: 'progress', id: i }));
  for (const type of ['progresS', 'x', '', 'a longer text than before', 7, null, undefined, { nested: 'progress' }, 'progress']) {
    assertSame(pair.roundTrip({ type, id: 1 }), { type, id: 1 });
  }
});

test('any string may be constant', () => {
  for (const text of ['Ā', 'Āb', '\ud800x', '"];\n\\', '\u2028\u2029', '`${1}`', '__proto__', 'toString', '12', 'x'.repeat(64), 'x'.repeat(65)]) {
    warm(makePair(), (i) => ({ text, i, again: text }));
  }
});

test('an object that is written in both ways within one message stays one object', () => {
  for (let before = 0; before < 32; before++) {
    const { roundTrip } = makePair();
    const shared = Array.from({ length: 40 }, (_, i) => ({ kind: 'same', i: i % 3, also: 'equal' }));
    for (let i = 0; i < before; i++) roundTrip({ kind: 'same', i, also: 'equal' });
    assertSame(roundTrip([...shared, ...shared]), [...shared, ...shared]);
  }
});

test('a full table and a list of keys with the same name', () => {
  warm(makePair({ capacity: 1 }), (i) => ({ type: 'full', i }));
  const pair = makePair();
  warm(pair, (i) => ({ type: 'name', inner: { name: i } }));
});

test('more numbers than there is room for at first', () => {
  const { roundTrip } = makePair();
  const message = (n) => ({ type: `kind ${n}`, [`key${n}`]: n, nested: [{ [`inner${n}`]: n, text: 'always' }] });
  for (let n = 0; n < 200; n++) {
    for (let i = 0; i < 4; i++) assertSame(roundTrip(message(n)), message(n));
  }
  for (let n = 0; n < 200; n++) assertSame(roundTrip(message(n)), message(n));
});
