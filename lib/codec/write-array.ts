/** Arrays: packed while they hold only int32s or only doubles, else value by value. */
import { isCleanLongArray } from './array-extras';
import type { Encoder } from './encoder';
import { Layout, Limit, Tag, Word } from './format';
import { mix, mixString } from './hash';
import { ArrayPrototype, denseArray, hasOwn, objectKeys } from './primordials';
import type { Site } from './shapes';
import { Small } from './write-object';

/** Length up to which the keys of an array are listed to find extra properties (1.1 us at 64). */
const LISTED = 64;
const lastKeys = indexNames();

const enum Keys { Dense, Sparse, Refuse }

/** The element that ended a packed run; already read, and an element may be a getter. */
let brokeAt: unknown;

/** An ordinary array with the prototype Array.prototype. */
export function writeArray(e: Encoder, array: unknown[], site: Site): boolean {
  const n = array.length;
  if (n >= Limit.Payload) return false;
  const keys = n <= LISTED ? listed(array, n) : longKeys(array);
  if (keys === Keys.Refuse) return false;
  const small = n <= Small.Elements && keys === Keys.Dense;
  const entered = small ? e.ids.enter(array) : e.ids.enterExact(array);
  if (entered >= 0) return e.backRef(e.pos, e.text, entered);
  return keys === Keys.Dense ? writeDense(e, array, n, site, small, entered) : writeSparse(e, array, n, site);
}

function writeDense(e: Encoder, array: unknown[], n: number, site: Site, small: boolean, entered: number): boolean {
  const { pos: start, text } = e;
  let open = small;
  let hash = n;
  let holes = 0;
  let value = array[0];
  let i = 0;
  if (typeof value === 'number') {
    i = writeNumbers(e, array, n, value);
    if (open) for (let p = e.pos - i; p < e.pos; p++) hash = mix(hash, e.i32[p]!);
    value = brokeAt;
    brokeAt = undefined;
  } else e.i32[e.pos++] = (n << 4) | Tag.Arr;
  while (i < n) {
    if (typeof value === 'object' && value !== null) {
      if (open) {
        open = false;
        const known = e.ids.note(array, hash, entered);
        if (known >= 0) return e.backRef(start, text, known);
      }
      if (!e.object(value, site)) return false;
    } else if (value === undefined && !hasOwn(array, i)) {
      if (tooSparse(++holes, i)) return false;
      writeHole(e);
    } else {
      if (!e.scalar(value)) return false;
      if (open) hash = typeof value === 'string' ? mixString(hash, e.i32[e.pos - 1]!, value) : mix(hash, e.i32[e.pos - 1]!);
    }
    if (++i < n) value = array[i];
  }
  if (holes !== 0) e.i32[start] = (n << 4) | Tag.Holey;
  if (!open) return true;
  const known = e.ids.note(array, hash, entered);
  return known < 0 || e.backRef(start, text, known);
}

/** An array with holes: nothing is read that is not an own element, since a prototype may have elements. */
function writeSparse(e: Encoder, array: unknown[], n: number, site: Site): boolean {
  e.i32[e.pos++] = (n << 4) | Tag.Holey;
  let holes = 0;
  for (let i = 0; i < n; i++) {
    if (hasOwn(array, i)) {
      if (!e.value(array[i], site)) return false;
    } else {
      if (tooSparse(++holes, i)) return false;
      writeHole(e);
    }
  }
  return true;
}

/** Sparse arrays are the carrier's: here every hole costs a word and a look-up. */
function tooSparse(holes: number, index: number): boolean {
  return holes > LISTED + (index >> 1);
}

function writeHole(e: Encoder): void {
  e.reserve(Layout.Scalar);
  e.i32[e.pos++] = Word.Hole;
}

/**
 * Writes the array packed, from its header on, and answers n; or, at the first element that does not fit, leaves the
 * elements before it as an unfinished Tag.Arr, that element in brokeAt, and answers its index.
 */
function writeNumbers(e: Encoder, array: unknown[], n: number, first: number): number {
  e.reserve(n + 1);
  const i32 = e.i32;
  const data = e.pos + 1;
  let value: unknown = first;
  let i = 0;
  while (typeof value === 'number' && (value | 0) === value && (value !== 0 || 1 / value > 0)) {
    i32[data + i] = value;
    if (++i === n) {
      i32[e.pos] = (n << 4) | Tag.Ints;
      e.pos = data + n;
      return n;
    }
    value = array[i];
  }
  brokeAt = value;
  return typeof value === 'number' ? writeDoubles(e, array, n, i, value) : unpackInts(e, n, i);
}

function writeDoubles(e: Encoder, array: unknown[], n: number, ints: number, first: number): number {
  e.reserve(2 * n + 2);
  const { f64, i32 } = e;
  const data = (e.pos + 2) >> 1;
  for (let i = ints - 1; i >= 0; i--) f64[data + i] = i32[e.pos + 1 + i]!;
  let value: unknown = first;
  let i = ints;
  while (typeof value === 'number') {
    f64[data + i] = value;
    if (++i === n) {
      if ((e.pos & 1) === 0) i32[e.pos + 1] = 0;
      i32[e.pos] = (n << 4) | Tag.Dbls;
      e.pos = 2 * (data + n);
      return n;
    }
    value = array[i];
  }
  brokeAt = value;
  return unpackDoubles(e, n, i, data);
}

function unpackInts(e: Encoder, n: number, count: number): number {
  const ints = denseArray(count, 0);
  for (let i = 0; i < count; i++) ints[i] = e.i32[e.pos + 1 + i]!;
  return rewrite(e, n, ints, count);
}

function unpackDoubles(e: Encoder, n: number, count: number, data: number): number {
  const doubles = denseArray(count, 0);
  for (let i = 0; i < count; i++) doubles[i] = e.f64[data + i]!;
  return rewrite(e, n, doubles, count);
}

function rewrite(e: Encoder, n: number, numbers: number[], count: number): number {
  e.i32[e.pos++] = (n << 4) | Tag.Arr;
  e.reserve(3 * count);
  for (let i = 0; i < count; i++) e.number(numbers[i]!);
  return count;
}

/** Index keys come first and in order, so the last key tells whether there are others. */
function listed(array: unknown[], n: number): Keys {
  const keys = objectKeys(array);
  const count = keys.length;
  if (count === n && (n === 0 || keys[n - 1] === lastKeys[n - 1])) return Keys.Dense;
  if (count === 0) return Keys.Sparse;
  if (count > n) return Keys.Refuse;
  for (let i = 0; i < n; i++) if (keys[count - 1] === lastKeys[i]) return hidden(array, n, count) ? Keys.Refuse : Keys.Sparse;
  return Keys.Refuse;
}

/** Whether there are elements that are not enumerable. */
function hidden(array: unknown[], n: number, enumerable: number): boolean {
  let own = 0;
  for (let i = 0; i < n; i++) if (hasOwn(array, i)) own++;
  return own !== enumerable;
}

function longKeys(array: unknown[]): Keys {
  if (!isCleanLongArray(array)) return Keys.Refuse;
  return ArrayPrototype.length === 0 ? Keys.Dense : Keys.Sparse;
}

function indexNames(): string[] {
  const names = denseArray(LISTED, '');
  for (let i = 0; i < LISTED; i++) names[i] = `${i}`;
  return names;
}
