/**
 * Shapes: key lists that have a process-wide number, so that a message names its keys by one word.
 *
 * A key list is registered when this thread has met it SEEN times; objects that are really dictionaries (new keys
 * every time) therefore rarely reach the registry, and a place of the message that yields only new lists is looked at
 * only now and then.
 */
import type { Encoder } from './encoder';
import { Constant } from './constants';
import { captured, denseArray, mapGet, mapSet } from './primordials';
import { Limit, Tag } from './format';

/** Process-wide numbering of key lists; native in production. */
export interface ShapeRegistry {
  /** The number of this key list, the same for equal lists; -1 when the registry is full. */
  register(keys: string[]): number;
  lookup(id: number): string[] | undefined;
}

/**
 * Writes an object that is no proxy; false: must go by the carrier. `isKnown`: its keys are those of the shape. Else undefined, and nothing
 * was written, if they are not, or if its prototype is not Object.prototype.
 */
export type ShapeWriter = (e: Encoder, object: Record<string, unknown>, shape: Shape, isKnown: boolean) => boolean | undefined;

/** A place in messages where objects occur; predicts the shape of the next one. */
export class Site {
  shape: Shape | null = null;
  /** Key lists met here for the first time, minus those met again; too many: a place of dictionaries. */
  novelty = 0;
  /** Objects not looked up since the place was given up. */
  skipped = 0;
  readonly constant = new Constant();
}

export class Shape {
  /** Number in the registry; negative: not registered. */
  id = -1;
  seen = 0;
  uses = 0;
  word = 0;
  readonly sites: Site[];
  constructor(readonly keys: string[], public write: ShapeWriter) {
    const sites = denseArray<Site>(keys.length, null as unknown as Site);
    for (let i = 0; i < keys.length; i++) sites[i] = new Site();
    this.sites = sites;
  }
}

const enum Size { Seen = 2, SeenLong = 8, Long = 24, Novelty = 64, Retry = 16, Cache = 8192, Bucket = 64 }

interface Bucket { shape: Shape; next: Bucket | null; length: number }

export class ShapeTable {
  /** first key -> last key -> shapes */
  private byFirst = new captured.Map<string, Map<string, Bucket>>();
  private size = 0;
  private full = false;
  constructor(readonly registry: ShapeRegistry, private readonly writer: ShapeWriter) {}

  /** The registered shape of these keys, or null if they have to be written out. keys is kept. */
  find(keys: string[], site: Site): Shape | null {
    const n = keys.length;
    if (n > Limit.ShapeKeys || (site.novelty > Size.Novelty && ++site.skipped % Size.Retry !== 0)) return null;
    let shape = this.search(keys);
    if (shape === null) {
      site.novelty++;
      shape = this.add(keys);
      if (shape === null) return null;
    } else if (site.novelty > 0) site.novelty--;
    if (shape.id < 0 && !this.promote(shape)) return null;
    site.shape = shape;
    return shape;
  }

  private promote(shape: Shape): boolean {
    if (this.full || ++shape.seen < (shape.keys.length > Size.Long ? Size.SeenLong : Size.Seen)) return false;
    const id = this.registry.register(shape.keys);
    if (id < 0 || id >= Limit.Shapes) {
      this.full = true;
      return false;
    }
    shape.id = id;
    shape.word = (id << 4) | Tag.Shape;
    return true;
  }

  private search(keys: string[]): Shape | null {
    const n = keys.length;
    const byLast = mapGet(this.byFirst, keys[0]!) as Map<string, Bucket> | undefined;
    if (byLast === undefined) return null;
    let bucket = mapGet(byLast, keys[n - 1]!) as Bucket | null | undefined;
    while (bucket !== null && bucket !== undefined) {
      if (sameKeys(bucket.shape.keys, keys)) return bucket.shape;
      bucket = bucket.next;
    }
    return null;
  }

  private add(keys: string[]): Shape | null {
    if (this.full) return null;
    if (this.size >= Size.Cache) this.clear();
    let byLast = mapGet(this.byFirst, keys[0]!) as Map<string, Bucket> | undefined;
    if (byLast === undefined) mapSet(this.byFirst, keys[0]!, (byLast = new captured.Map<string, Bucket>()));
    const last = keys[keys.length - 1]!;
    const next = (mapGet(byLast, last) as Bucket | undefined) ?? null;
    const length = next === null ? 1 : next.length + 1;
    if (length > Size.Bucket) return null;
    const shape = new Shape(keys, this.writer);
    mapSet(byLast, last, { shape, next, length });
    this.size++;
    return shape;
  }

  /** Forgets every list; those in use come back within two messages, under their old numbers. */
  private clear(): void {
    this.byFirst = new captured.Map<string, Map<string, Bucket>>();
    this.size = 0;
  }
}

export function sameKeys(a: string[], b: string[]): boolean {
  const n = a.length;
  if (n !== b.length) return false;
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A registry for tests and for threads of one JavaScript realm. */
export class MemoryShapeRegistry implements ShapeRegistry {
  private readonly ids = new Map<string, number>();
  private readonly lists: string[][] = [];
  constructor(private readonly capacity: number = Limit.Shapes) {}

  register(keys: string[]): number {
    const name = JSON.stringify(keys);
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    if (this.lists.length >= this.capacity) return -1;
    this.ids.set(name, this.lists.length);
    return this.lists.push([...keys]) - 1;
  }

  lookup(id: number): string[] | undefined {
    return this.lists[id];
  }
}
