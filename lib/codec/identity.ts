/**
 * Which objects of the message have been seen, and under which number.
 *
 * A Map costs 60 to 80 ns an object, more than all the rest of the work on it. So:
 *  - up to LINEAR objects: compare with all of them, before anything of the object is read;
 *  - beyond: an object with few properties is looked up by a hash of the primitives in front of its first nested
 *    object, which the writer has just computed anyway; the candidates are then compared by identity. Found again,
 *    the writer takes back what it wrote. Objects that are large, or not plain, use the exact Map at once, and so
 *    does what falls into a crowded bucket.
 *
 * The hash of an object is the same on every visit, unless an own getter yields another primitive each time: such an
 * object, referenced twice in a message of more than LINEAR objects, arrives as two objects.
 */
import { captured, denseArray, mapGet, mapSet, typedArrayFill, typedArraySet } from './primordials';

const enum Size { Linear = 16, Start = 256, Heads = 1024, Chain = 32 }

/** Result of enter(): the object is new and has no number before note(). */
export const PENDING = -1;

export class Identity {
  /** Objects numbered so far. */
  count = 0;
  private objects: (object | null)[] = denseArray<object | null>(Size.Start, null);
  /** Hash of each object; 0 for those that are in `exact`. */
  private hashes = new captured.Int32Array(Size.Start);
  private next = new captured.Int32Array(Size.Start);
  private heads = new captured.Int32Array(Size.Heads);
  private filtering = false;
  private exact: Map<object, number> | null = null;

  /** The number of an object seen before (>= 0), PENDING, or -2 - the number it has got. */
  enter(object: object): number {
    const n = this.count;
    if (n >= Size.Linear) return PENDING;
    const objects = this.objects;
    for (let i = 0; i < n; i++) if (objects[i] === object) return i;
    objects[n] = object;
    this.hashes[n] = 0;
    this.count = n + 1;
    return -2 - n;
  }

  /** To be called once for what enter() did not find, before a nested object is entered: number or < 0 if new. */
  note(object: object, hash: number, entered: number): number {
    const h = hash === 0 ? 1 : hash;
    if (entered === PENDING) return this.lookup(object, h);
    this.hashes[-2 - entered] = h;
    return -1;
  }

  /** enter() and note() in one for objects that have no cheap hash. */
  enterExact(object: object): number {
    if (this.count < Size.Linear) return this.enter(object);
    if (!this.filtering) this.startFilter();
    return this.lookupExact(object);
  }

  reset(): void {
    const { objects, count } = this;
    for (let i = 0; i < count; i++) objects[i] = null;
    this.count = 0;
    this.filtering = false;
    this.exact = null;
    if (count > 65536) this.shrink();
  }

  private lookup(object: object, hash: number): number {
    if (!this.filtering) this.startFilter();
    const { objects, next, heads } = this;
    const slot = spread(hash) & (heads.length - 1);
    let steps = 0;
    for (let i = heads[slot]!; i >= 0; i = next[i]!) {
      if (objects[i] === object) return i;
      steps++;
    }
    if (steps >= Size.Chain) return this.lookupExact(object);
    const n = this.append(object, hash);
    this.next[n] = this.heads[slot]!;
    this.heads[slot] = n;
    if (n >= heads.length * 2) this.rehash(heads.length * 4);
    return -1;
  }

  private lookupExact(object: object): number {
    const exact = (this.exact ??= new captured.Map<object, number>());
    const found = mapGet(exact, object) as number | undefined;
    if (found !== undefined) return found;
    mapSet(exact, object, this.append(object, 0));
    return -1;
  }

  private append(object: object, hash: number): number {
    const n = this.count;
    if (n === this.objects.length) this.grow();
    this.objects[n] = object;
    this.hashes[n] = hash;
    this.count = n + 1;
    return n;
  }

  private startFilter(): void {
    this.filtering = true;
    this.rehash(this.heads.length);
    for (let i = 0; i < this.count; i++) {
      if (this.hashes[i] === 0) mapSet((this.exact ??= new captured.Map<object, number>()), this.objects[i]!, i);
    }
  }

  private rehash(size: number): void {
    if (size !== this.heads.length) this.heads = new captured.Int32Array(size);
    const { heads, hashes, next, count } = this;
    typedArrayFill(heads, -1);
    for (let i = 0; i < count; i++) {
      if (hashes[i] === 0) continue;
      const slot = spread(hashes[i]!) & (size - 1);
      next[i] = heads[slot]!;
      heads[slot] = i;
    }
  }

  private grow(): void {
    const size = this.objects.length * 2;
    const { objects: old, hashes, next } = this;
    const objects = denseArray<object | null>(size, null);
    for (let i = 0; i < this.count; i++) objects[i] = old[i]!;
    this.objects = objects;
    typedArraySet((this.hashes = new captured.Int32Array(size)), hashes);
    typedArraySet((this.next = new captured.Int32Array(size)), next);
  }

  /** One huge message must not leave its tables behind for good. */
  private shrink(): void {
    this.objects = denseArray<object | null>(Size.Start, null);
    this.hashes = new captured.Int32Array(Size.Start);
    this.next = new captured.Int32Array(Size.Start);
    this.heads = new captured.Int32Array(Size.Heads);
  }
}

function spread(hash: number): number {
  return hash ^ (hash >>> 15) ^ (hash >>> 7);
}
