/** Map and Set. Stock copies the entries before it writes them, so that a getter which changes the collection changes nothing. */
import type { Encoder } from './encoder';
import { Ext, Tag } from './format';
import { denseArray, mapForEach, mapSize, setForEach, setSize } from './primordials';
import type { Site } from './shapes';
import { beginLeaf } from './write-leaf';

export function writeMap(e: Encoder, map: Map<unknown, unknown>, site: Site): boolean {
  const size = sizeOf(map, mapSize);
  return size >= 0 && writeEntries(e, map, Ext.Map, 2, size, site);
}

export function writeSet(e: Encoder, set: Set<unknown>, site: Site): boolean {
  const size = sizeOf(set, setSize);
  return size >= 0 && writeEntries(e, set, Ext.Set, 1, size, site);
}

/** -1 where the prototype lies; the getter checks the brand for less than util.types does. */
function sizeOf(object: object, size: (object: object) => number): number {
  try {
    return size(object);
  } catch {
    return -1;
  }
}

function writeEntries(e: Encoder, source: object, ext: number, width: number, size: number, site: Site): boolean {
  if (!beginLeaf(e, source, Tag.Ext | (ext << 4))) return true;
  e.i32[e.pos++] = size;
  if (size === 0) return true;
  const from = e.entries.begin(size * width);
  if (width === 2) mapForEach(source as Map<unknown, unknown>, e.entries.addPair);
  else setForEach(source as Set<unknown>, e.entries.add);
  const end = from + size * width;
  for (let i = from; i < end; i++) if (!e.value(e.entries.list[i], site)) return false;
  e.entries.end(from);
  return true;
}

/** A stack of copied entries; kept for the next message, so that copying allocates nothing. */
export class Entries {
  list: unknown[] = denseArray<unknown>(64, undefined);
  private top = 0;

  /** Makes room for n more; answers the index of the first. */
  begin(n: number): number {
    const need = this.top + n;
    if (need > this.list.length) {
      const { list: old } = this;
      this.list = denseArray<unknown>(need * 2, undefined);
      for (let i = 0; i < this.top; i++) this.list[i] = old[i];
    }
    return this.top;
  }

  /** Drops everything from this index on. */
  end(from: number): void {
    for (let i = from; i < this.top; i++) this.list[i] = undefined;
    this.top = from;
    if (from === 0 && this.list.length > 65536) this.list = denseArray<unknown>(64, undefined);
  }

  readonly add = (value: unknown): void => {
    this.list[this.top++] = value;
  };

  readonly addPair = (value: unknown, key: unknown): void => {
    this.list[this.top++] = key;
    this.list[this.top++] = value;
  };
}
