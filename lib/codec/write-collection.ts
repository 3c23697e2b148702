/** Map and Set. Stock copies the entries before it writes them, so that a getter which changes the collection changes nothing. */
import type { Encoder } from './encoder';
import { Ext, Tag } from './format';
import { denseArray, isMap, isSet, mapForEach, mapSize, setForEach, setSize } from './primordials';
import type { Site } from './shapes';
import { beginLeaf } from './write-leaf';

export function writeMap(e: Encoder, map: Map<unknown, unknown>, site: Site): boolean {
  if (!isMap(map)) return false;
  return writeEntries(e, map, Ext.Map, 2, mapSize(map), site);
}

export function writeSet(e: Encoder, set: Set<unknown>, site: Site): boolean {
  if (!isSet(set)) return false;
  return writeEntries(e, set, Ext.Set, 1, setSize(set), site);
}

function writeEntries(e: Encoder, source: object, ext: number, width: number, size: number, site: Site): boolean {
  if (!beginLeaf(e, source, Tag.Ext | (ext << 4))) return true;
  e.i32[e.pos++] = size;
  if (size === 0) return true;
  const entries = denseArray<unknown>(size * width, undefined);
  let n = 0;
  if (width === 2) {
    mapForEach(source as Map<unknown, unknown>, (value, key) => {
      entries[n] = key;
      entries[n + 1] = value;
      n += 2;
    });
  } else {
    setForEach(source as Set<unknown>, (value) => {
      entries[n++] = value;
    });
  }
  for (let i = 0; i < n; i++) if (!e.value(entries[i], site)) return false;
  return true;
}
