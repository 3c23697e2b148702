/** Arrays: packed while they hold only int32s or only doubles, else value by value. */
import { isCleanLongArray } from './array-extras';
import type { Encoder } from './encoder';
import { Layout, Limit, Tag, Word } from './format';
import { mix, seal } from './hash';
import { NEW } from './identity';
import { ArrayPrototype, captured, denseArray, hasOwn, is, objectKeys } from './primordials';
import type { Site } from './shapes';
import { Small } from './write-object';

/** Length up to which the keys of an array are listed to find extra properties (14 ns an element). */
const LISTED = 128;
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
  const { pos: start, text, ids } = e;
  let open = small && entered !== NEW;
  let hash = n;
  let last = '';
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
        const known = ids.noteParent(array, seal(hash, last), entered, i);
        if (known >= 0) return e.backRef(start, text, known);
      }
      if (!e.object(value, site)) return false;
      if (ids.unwinding !== null) return e.unwound(array, start, text);
    } else if (typeof value === 'string') {
      i = writeStrings(e, array, n, i, value);
      if (open) hash = mix(hash, e.i32[e.pos - 1]!);
      last = value;
      value = brokeAt;
      continue;
    } else if (value === undefined && !hasOwn(array, i)) {
      if (tooSparse(++holes, i)) return false;
      writeHole(e);
    } else {
      if (!e.scalar(value)) return false;
      if (open) hash = mix(hash, e.i32[e.pos - 1]!);
    }
    if (++i < n) value = array[i];
  }
  if (holes !== 0) e.i32[start] = (n << 4) | Tag.Holey;
  if (!open) return true;
  const known = ids.note(array, seal(hash, last), entered);
  return known < 0 || e.backRef(start, text, known);
}

/** Writes strings from element `from` on; answers the index of the first other element, which is in brokeAt. */
function writeStrings(e: Encoder, array: unknown[], n: number, from: number, first: string): number {
  let i = from;
  let value: unknown = first;
  let text = e.text;
  let { i32, cap, pos } = e;
  while (typeof value === 'string') {
    const length = value.length;
    if (pos > cap || length < 2 || length >= Limit.Payload) {
      e.pos = pos;
      e.text = text;
      e.scalar(value);
      ({ i32, cap, pos, text } = e);
    } else {
      i32[pos++] = (length << 4) | Tag.Str;
      text += value;
    }
    value = ++i < n ? array[i] : undefined;
  }
  e.pos = pos;
  e.text = text;
  brokeAt = value;
  return i;
}

/** An array with holes: nothing is read that is not an own element, since a prototype may have elements. */
function writeSparse(e: Encoder, array: unknown[], n: number, site: Site): boolean {
  e.i32[e.pos++] = (n << 4) | Tag.Holey;
  // What is a hole now stays one: a getter in the array may fill it.
  const isOwn = denseArray(n, false);
  for (let i = 0; i < n; i++) isOwn[i] = hasOwn(array, i);
  let holes = 0;
  for (let i = 0; i < n; i++) {
    if (isOwn[i] && hasOwn(array, i)) {
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
  const data = e.pos + 1;
  const i = isInt(first) ? writeInts(e.i32, data, array, n, first) : stop(0, first);
  if (i < n) return typeof brokeAt === 'number' ? writeDoubles(e, array, n, i, brokeAt) : unpackInts(e, n, i);
  e.i32[e.pos] = (n << 4) | Tag.Ints;
  e.pos = data + n;
  return n;
}

/** The int32s that the array begins with; answers as writeNumbers. V8 does not unroll loops: four a round take half the time. */
function writeInts(i32: Int32Array, at: number, array: unknown[], n: number, first: number): number {
  i32[at] = first;
  let i = 1;
  for (; i + 4 <= n; i += 4) {
    const a = array[i];
    if (!isInt(a)) return stop(i, a);
    i32[at + i] = a;
    const b = array[i + 1];
    if (!isInt(b)) return stop(i + 1, b);
    i32[at + i + 1] = b;
    const c = array[i + 2];
    if (!isInt(c)) return stop(i + 2, c);
    i32[at + i + 2] = c;
    const d = array[i + 3];
    if (!isInt(d)) return stop(i + 3, d);
    i32[at + i + 3] = d;
  }
  for (; i < n; i++) {
    const a = array[i];
    if (!isInt(a)) return stop(i, a);
    i32[at + i] = a;
  }
  return n;
}

function isInt(value: unknown): value is number {
  return typeof value === 'number' && (value | 0) === value && !is(value, -0);
}

/** The element at `index` is of another kind. */
function stop(index: number, value: unknown): number {
  brokeAt = value;
  return index;
}

function writeDoubles(e: Encoder, array: unknown[], n: number, ints: number, first: number): number {
  // The ints written so far must move along if the scratch grows.
  const start = e.pos;
  e.pos = start + 1 + ints;
  e.reserve(2 * n + 2);
  e.pos = start;
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

/** Most integers take one word either way, and are rewritten where they are. */
function unpackInts(e: Encoder, n: number, count: number): number {
  const { i32, pos } = e;
  let wide = false;
  for (let p = pos + 1; p <= pos + count; p++) if ((i32[p]! << 4) >> 4 !== i32[p]) wide = true;
  if (wide) return rewrite(e, n, copyNumbers(new captured.Int32Array(count), i32, pos + 1, count), count);
  i32[pos] = (n << 4) | Tag.Arr;
  for (let p = pos + 1; p <= pos + count; p++) i32[p] = (i32[p]! << 4) | Tag.Int;
  e.pos = pos + 1 + count;
  return count;
}

function unpackDoubles(e: Encoder, n: number, count: number, data: number): number {
  return rewrite(e, n, copyNumbers(new captured.Float64Array(count), e.f64, data, count), count);
}

type Numbers = Int32Array | Float64Array;

function copyNumbers(to: Numbers, from: Numbers, offset: number, count: number): Numbers {
  for (let i = 0; i < count; i++) to[i] = from[offset + i]!;
  return to;
}

function rewrite(e: Encoder, n: number, numbers: Numbers, count: number): number {
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
