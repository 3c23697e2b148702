/** Plain objects whose shape was not predicted: looked up by their keys, or written with them. */
import type { Encoder } from './encoder';
import { Layout, Tag, Word } from './format';
import { mix, mixString } from './hash';
import { isOrdinary } from './ordinary';
import { charCodeAt, hasOwn, objectKeys } from './primordials';
import type { Site } from './shapes';

/** Keys beyond which an object is looked up in the exact identity table rather than by hash. */
export const enum Small { Keys = 32, Elements = 32 }

/** An object that is no proxy and has the prototype Object.prototype or null. */
export function writePlain(e: Encoder, object: Record<string, unknown>, site: Site): boolean {
  const keys = objectKeys(object);
  if (keys.length === 0 || startsWithDigit(keys[0]!)) {
    if (!isOrdinary(object)) return false;
    return writeDict(e, object, keys, site);
  }
  const shape = e.shapes.find(keys, site);
  return shape === null ? writeDict(e, object, keys, site) : shape.write(e, object, shape);
}

/** Keys and values side by side. */
function writeDict(e: Encoder, object: Record<string, unknown>, keys: string[], site: Site): boolean {
  const n = keys.length;
  const { pos: start, text, ids } = e;
  const small = n <= Small.Keys;
  const entered = small ? ids.enter(object) : ids.enterExact(object);
  if (entered >= 0) return e.backRef(start, text, entered);
  e.i32[e.pos++] = (n << 4) | Tag.Dict;
  let open = small;
  let hash = n;
  for (let i = 0; i < n; i++) {
    const key = keys[i]!;
    e.reserve(1 + Layout.Scalar);
    e.i32[e.pos++] = key.length;
    e.text += key;
    const value = object[key];
    if (typeof value === 'object' && value !== null) {
      if (open) {
        open = false;
        const known = ids.note(object, hash, entered);
        if (known >= 0) return e.backRef(start, text, known);
      }
      if (!e.object(value, site)) return false;
    } else {
      if (value === undefined && !hasOwn(object, key)) e.i32[e.pos++] = Word.Hole;
      else if (!e.scalar(value)) return false;
      hash = typeof value === 'string' ? mixString(hash, e.i32[e.pos - 1]!, value) : mix(hash, e.i32[e.pos - 1]!);
    }
  }
  if (!open) return true;
  const known = ids.note(object, hash, entered);
  return known >= 0 ? e.backRef(start, text, known) : true;
}

function startsWithDigit(key: string): boolean {
  if (key.length === 0) return false;
  const code = charCodeAt(key, 0);
  return code >= 48 && code <= 57;
}

