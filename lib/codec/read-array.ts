/**
 * Arrays. They must have own elements before anything is stored into them, since a hole is looked up on the prototypes,
 * where somebody may have put a setter: short ones are copies of a template, for longer ones the prototypes are
 * examined.
 */
import { type Decoder, HOLE } from './decoder';
import { captured, defineOwn, denseArray, prototypesPristine, toReversed, typedArrayBuffer, typedArrayOffset } from './primordials';

/** Length up to which copying a template (which also keeps the array packed) beats examining the prototypes. */
const COPIED = 64;
const templates = denseArray<number[] | null>(COPIED + 1, null);

export function readArray(d: Decoder, n: number): unknown[] {
  d.need(n);
  const array = d.add(fresh(n));
  if (n > COPIED && !d.pristine()) return readDefining(d, array, n);
  for (let i = 0; i < n; i++) array[i] = d.value(d.i32[d.pos++]!);
  return array;
}

export function readInts(d: Decoder, n: number): number[] {
  d.need(n);
  const array = d.add(fresh(n)) as number[];
  const { i32, pos } = d;
  d.pos = pos + n;
  if (n > COPIED && !d.pristine()) for (let i = 0; i < n; i++) defineOwn(array, i, i32[pos + i]);
  else storeInts(array, i32, pos, n);
  return array;
}

/** Four a round, as the writer does. */
function storeInts(array: number[], i32: Int32Array, pos: number, n: number): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    array[i] = i32[pos + i]!;
    array[i + 1] = i32[pos + i + 1]!;
    array[i + 2] = i32[pos + i + 2]!;
    array[i + 3] = i32[pos + i + 3]!;
  }
  for (; i < n; i++) array[i] = i32[pos + i]!;
}

export function readDoubles(d: Decoder, n: number): number[] {
  if (((d.pos - d.start) & 1) !== 0) d.pos++;
  d.need(2 * n);
  const array = d.add(fresh(n)) as number[];
  const offset = typedArrayOffset(d.i32) + 4 * d.pos;
  if (n > COPIED && (offset & 7) === 0 && d.pristine()) {
    const doubles = new captured.Float64Array(typedArrayBuffer(d.i32), offset, n);
    for (let i = 0; i < n; i++) array[i] = doubles[i]!;
    d.pos += 2 * n;
  } else if (n > COPIED) for (let i = 0; i < n; i++) defineOwn(array, i, d.double());
  else for (let i = 0; i < n; i++) array[i] = d.double();
  return array;
}

/** As readArray, with elements that are not there. */
export function readHoley(d: Decoder, n: number): unknown[] {
  d.need(n);
  const array = d.add(new captured.Array<unknown>(n));
  const direct = d.pristine();
  for (let i = 0; i < n; i++) {
    const value = d.value(d.i32[d.pos++]!);
    if (value === HOLE) continue;
    if (direct) array[i] = value;
    else defineOwn(array, i, value);
  }
  return array;
}

function readDefining(d: Decoder, array: unknown[], n: number): unknown[] {
  for (let i = 0; i < n; i++) defineOwn(array, i, d.value(d.i32[d.pos++]!));
  return array;
}

function fresh(n: number): unknown[] {
  if (n === 0) return [];
  return n <= COPIED ? toReversed(templates[n] ?? makeTemplate(n)) : new captured.Array<unknown>(n);
}

/** Appended one by one, which keeps it, and so its copies, packed. */
function makeTemplate(n: number): number[] {
  const direct = prototypesPristine();
  const template: number[] = [];
  for (let i = 0; i < n; i++) {
    if (direct) template[i] = 0;
    else defineOwn(template, i, 0);
  }
  return (templates[n] = template);
}
