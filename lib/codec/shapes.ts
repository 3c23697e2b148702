/**
 * Lists of keys that objects have had. One that came a few times gets a process-wide number, so that a message names its keys by
 * one word: it is a shape. One that may have no number, or has none yet, is written out, as one string if it has come before.
 *
 * Objects that are really dictionaries (new keys every time) rarely reach the registry, and a place of the message that yields only
 * new lists is looked at only now and then. The memory is bounded by what lists weigh and by the numbers that there are.
 */
import type { Encoder } from './encoder';
import { Constant } from './constants';
import { bareList, captured, charCodeAt, denseArray, imul, mapForEach, mapGet, mapSet, max } from './primordials';
import { Limit, Tag } from './format';

/** Process-wide numbering of key lists; native in production. */
export interface ShapeRegistry {
  /** The number of this key list of at most Limit.ShapeKeys and Limit.ShapeChars, the same for equal lists; -1 when the registry is full. */
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
  /** See tables.ts. */
  untilMeasured = 0;
  hasTables = false;
  readonly constant = new Constant();
}

const NO_SITES = bareList<Site>();

export class Shape {
  /** Number in the registry; negative: has none, and is written out. */
  id = -1;
  word = 0;
  /** How often the list has come since it was last asked whether it should have a number. */
  seen = 1;
  uses = 0;
  /** The places of its values, once there is a number. */
  sites: Site[] = NO_SITES;
  /** The keys as one string, and their lengths, once they were written out again. */
  text: string | null = null;
  lengths: Int32Array | null = null;
  constructor(readonly keys: string[], private readonly chars: number, public write: ShapeWriter) {}

  get mayHaveNumber(): boolean {
    return this.keys.length <= Limit.ShapeKeys && this.chars <= Limit.ShapeChars && !startsWithDigit(this.keys[0]!);
  }

  number(id: number): void {
    const sites = denseArray<Site>(this.keys.length, null as unknown as Site);
    for (let i = 0; i < this.keys.length; i++) sites[i] = new Site();
    // Last, since a short stack may end what is above.
    this.sites = sites;
    this.word = (id << 4) | Tag.Shape;
    this.id = id;
    this.text = null;
    this.lengths = null;
  }
}

/** `PerList`, `PerKey`: about the bytes that a list takes beside its characters. */
const enum Size { Seen = 2, SeenLong = 8, Long = 24, Novelty = 64, Bucket = 64, PerList = 512, PerKey = 24, Total = 4 << 20 }

interface Bucket { shape: Shape; next: Bucket | null; length: number }

export class ShapeTable {
  /** first key -> last key -> lists */
  private byFirst = new captured.Map<string, Map<string, Bucket>>();
  /** What was added since lists were last forgotten. */
  private weight = 0;
  /** Numbers that the process has given, as far as this thread has heard. */
  private taken = 0;
  private dice = 1;
  constructor(readonly registry: ShapeRegistry, private readonly writer: ShapeWriter) {}

  /** The list of these keys, of which there is one, if it is remembered. `keys` is kept. */
  find(keys: string[], site: Site): Shape | null {
    const isSated = site.novelty > Size.Novelty && this.roll() !== 0;
    // To write out more keys than that takes longer than to look.
    if (isSated && keys.length <= Limit.ShapeKeys) return null;
    const list = this.search(keys);
    if (list === null) {
      if (site.novelty < 2 * Size.Novelty) site.novelty++;
      if (!isSated) this.add(keys);
      return null;
    }
    if (site.novelty > 0) site.novelty--;
    if (list.id >= 0 || this.promote(list)) site.shape = list;
    return list;
  }

  /** 0 to 15, without a rhythm that messages could be in step with. */
  private roll(): number {
    this.dice = (imul(this.dice, 1664525) + 1013904223) | 0;
    return this.dice >>> 28;
  }

  private promote(list: Shape): boolean {
    // The fewer numbers are left, the more often a list must have come: else dictionaries that come twice would take them all.
    const quarter = ((4 * this.taken) / Limit.Shapes) | 0;
    if (++list.seen < (list.keys.length > Size.Long ? Size.SeenLong : Size.Seen) << (2 * quarter)) return false;
    list.seen = 0;
    if (!list.mayHaveNumber) return false;
    const id = this.registry.register(list.keys);
    this.taken = max(this.taken, id < 0 ? Limit.Shapes : id);
    if (id < 0 || id >= Limit.Shapes) return false;
    list.number(id);
    return true;
  }

  private search(keys: string[]): Shape | null {
    const byLast = mapGet(this.byFirst, keys[0]!) as Map<string, Bucket> | undefined;
    if (byLast === undefined) return null;
    let bucket = mapGet(byLast, keys[keys.length - 1]!) as Bucket | null | undefined;
    while (bucket !== null && bucket !== undefined) {
      if (sameKeys(bucket.shape.keys, keys)) return bucket.shape;
      bucket = bucket.next;
    }
    return null;
  }

  private add(keys: string[]): void {
    const n = keys.length;
    let chars = 0;
    for (let i = 0; i < n; i++) chars += keys[i]!.length;
    const weight = Size.PerList + n * Size.PerKey + chars;
    if (weight > Size.Total) return;
    if (this.weight + weight > Size.Total) this.forget();
    this.weight += weight;
    this.insert(new Shape(keys, chars, this.writer));
  }

  private insert(shape: Shape): void {
    const { keys } = shape;
    let byLast = mapGet(this.byFirst, keys[0]!) as Map<string, Bucket> | undefined;
    if (byLast === undefined) mapSet(this.byFirst, keys[0]!, (byLast = new captured.Map<string, Bucket>()));
    const last = keys[keys.length - 1]!;
    const next = (mapGet(byLast, last) as Bucket | undefined) ?? null;
    const length = next === null ? 1 : next.length + 1;
    if (length <= Size.Bucket) mapSet(byLast, last, { shape, next, length });
  }

  /** All but those with a number, whose generated code has been paid for. */
  private forget(): void {
    const old = this.byFirst;
    this.byFirst = new captured.Map<string, Map<string, Bucket>>();
    this.weight = 0;
    mapForEach(old, (byLast) => {
      mapForEach(byLast as Map<string, Bucket>, (first) => {
        for (let bucket = first as Bucket | null; bucket !== null; bucket = bucket.next) {
          if (bucket.shape.id >= 0) this.insert(bucket.shape);
        }
      });
    });
  }
}

function sameKeys(a: string[], b: string[]): boolean {
  const n = a.length;
  if (n !== b.length) return false;
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function startsWithDigit(key: string): boolean {
  if (key.length === 0) return false;
  const code = charCodeAt(key, 0);
  return code >= 48 && code <= 57;
}
