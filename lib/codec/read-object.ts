/** Objects whose keys are in the message. */
import { CorruptMessageError } from './corrupt';
import { type Decoder, HOLE } from './decoder';
import type { KeyEntry } from './key-lists';
import { defineOwn, looksInherited, ObjectPrototype, setPrototypeOf } from './primordials';

/** Number of keys from which objects are built without a prototype, and their lists remembered. */
const LONG = 12;

export function readDict(d: Decoder, n: number): object {
  d.need(2 * n);
  const lengths = d.pos;
  let chars = 0;
  for (let i = 0; i < n; i++) {
    const length = d.i32[lengths + i]!;
    if (length < 0) throw new CorruptMessageError('key');
    chars += length;
  }
  const from = d.textPos;
  if (from + chars > d.text.length) throw new CorruptMessageError('key');
  d.pos = lengths + n;
  d.textPos = from + chars;
  if (n < LONG) return readShort(d, n, lengths, from);
  const known = d.lists.find(d, n, lengths, from, chars);
  return known === null ? readLong(d, n, lengths, from) : readKnown(d, known);
}

function readShort(d: Decoder, n: number, lengths: number, from: number): object {
  const object = d.add({} as Record<string, unknown>);
  let at = from;
  for (let i = 0; i < n; i++) {
    const length = d.i32[lengths + i]!;
    const key = keyAt(d, at, length);
    at += length;
    const value = d.next();
    if (value === HOLE) continue;
    // Object.prototype may have a setter, or be frozen.
    if (!d.pristine() || (looksInherited(key) && key in ObjectPrototype)) defineOwn(object, key, value);
    else object[key] = value;
  }
  return object;
}

/** Built without a prototype, where no setter can be and V8 keeps a hash table from the start. */
function readLong(d: Decoder, n: number, lengths: number, from: number): object {
  const object = d.add({ __proto__: null } as unknown as Record<string, unknown>);
  let at = from;
  for (let i = 0; i < n; i++) {
    const length = d.i32[lengths + i]!;
    const key = keyAt(d, at, length);
    at += length;
    const value = d.next();
    if (value !== HOLE) object[key] = value;
  }
  return setPrototypeOf(object, ObjectPrototype);
}

function readKnown(d: Decoder, entry: KeyEntry): object {
  if (d.refs === null) {
    const object = entry.read(d);
    if (object !== undefined) return object;
  }
  const { keys } = entry;
  const object = d.add({ __proto__: null } as unknown as Record<string, unknown>);
  for (let i = 0; i < keys.length; i++) {
    const value = d.next();
    if (value !== HOLE) object[keys[i]!] = value;
  }
  return setPrototypeOf(object, ObjectPrototype);
}

function keyAt(d: Decoder, from: number, length: number): string {
  return d.slice(from, from + length);
}
