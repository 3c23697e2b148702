/** Plain objects whose shape was not predicted: looked up by their keys, or written with them. */
import type { Encoder } from './encoder';
import { Flag, Tag, Word } from './format';
import { mix, seal } from './hash';
import { NEW } from './identity';
import { joined, lengthsOf } from './keys';
import { isOrdinary } from './ordinary';
import { hasOwn, objectKeys } from './primordials';
import { isTable } from './tables';
import { type Shape, type Site, startsWithDigit } from './shapes';

/** Keys or elements beyond which an object is looked up in the exact identity table rather than by hash. */
export const enum Small { Keys = 32, Elements = 32 }

/** An object that is no proxy and has the prototype Object.prototype or null. */
export function writePlain(e: Encoder, object: Record<string, unknown>, site: Site): boolean {
  const keys = objectKeys(object);
  if ((keys.length === 0 || startsWithDigit(keys[0]!)) && !isOrdinary(object)) return false;
  const list = keys.length === 0 ? null : e.shapes.find(keys, site);
  return list !== null && list.id >= 0 ? (list.write(e, object, list, true) as boolean) : writeDict(e, object, keys, list, site);
}

/** All keys, then all values. */
function writeDict(e: Encoder, object: Record<string, unknown>, keys: string[], list: Shape | null, site: Site): boolean {
  const n = keys.length;
  const { pos: start, text, ids } = e;
  const small = n <= Small.Keys;
  const entered = small ? ids.enter(object) : ids.enterExact(object);
  if (entered >= 0) return e.backRef(start, text, entered);
  e.reserve(n + 1);
  e.i32[e.pos++] = (n << 4) | Tag.Dict;
  if (list === null) writeKeys(e, keys);
  else writeAgain(e, list);
  if (!small) return writeValues(e, object, keys, site);
  let open = entered !== NEW;
  let hash = n;
  let last = '';
  for (let i = 0; i < n; i++) {
    const value = object[keys[i]!];
    if (typeof value === 'object' && value !== null) {
      if (open) {
        open = false;
        const known = ids.noteParent(object, seal(hash, last), entered, i);
        if (known >= 0) return e.backRef(start, text, known);
      }
      if (!e.object(value, site)) return false;
      if (ids.unwinding !== null) return e.unwound(object, start, text);
    } else {
      if (value === undefined && !hasOwn(object, keys[i]!)) writeVanished(e);
      else if (!e.scalar(value)) return false;
      hash = mix(hash, e.i32[e.pos - 1]!);
      if (typeof value === 'string') last = value;
    }
  }
  if (!open) return true;
  const known = ids.note(object, seal(hash, last), entered);
  return known >= 0 ? e.backRef(start, text, known) : true;
}

/** The values of an object that needs no hash. */
function writeValues(e: Encoder, object: Record<string, unknown>, keys: string[], site: Site): boolean {
  const n = keys.length;
  let i = 0;
  if (!isTable(object, n, site)) {
    for (const key in object) {
      if (i === n || key !== keys[i]) break;
      if (!writeEntry(e, object, key, object[key], site)) return false;
      i++;
    }
  }
  for (; i < n; i++) if (!writeEntry(e, object, keys[i]!, object[keys[i]!], site)) return false;
  return true;
}

function writeEntry(e: Encoder, object: object, key: string, value: unknown, site: Site): boolean {
  if (value !== undefined || hasOwn(object, key)) return e.value(value, site);
  writeVanished(e);
  return true;
}

function writeKeys(e: Encoder, keys: string[]): void {
  const { i32 } = e;
  let { pos, text } = e;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    i32[pos++] = key.length;
    text += key;
  }
  e.text = text;
  e.pos = pos;
}

/** A list that has come before is appended as one string. */
function writeAgain(e: Encoder, list: Shape): void {
  const lengths = (list.lengths ??= lengthsOf(list.keys));
  const { i32, pos } = e;
  const n = list.keys.length;
  for (let i = 0; i < n; i++) i32[pos + i] = lengths[i]!;
  e.pos = pos + n;
  e.text += list.text ??= joined(list.keys);
}

/** A property that a getter has deleted since the keys were listed: stock skips those. */
function writeVanished(e: Encoder): void {
  e.reserve(1);
  e.i32[e.pos++] = Word.Hole;
  e.flags |= Flag.Holes;
}
