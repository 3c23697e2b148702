/**
 * Which objects of the message have been seen, and under which number.
 *
 * A Map costs 60 to 80 ns an object, more than all the rest of the work on it. So:
 *  - the first LINEAR objects are compared with every object, before anything of it is read;
 *  - beyond: an object with few properties is looked up by a hash of the primitives in front of its first nested
 *    object, which the writer has just computed anyway; the candidates are then compared by identity. Found again,
 *    the writer takes back what it wrote. An object that begins with a nested object has no such primitives: it waits
 *    (noteParent) and takes the hash of that nested object. Objects that are large, or not plain, use the exact Map at once,
 *    and so does what falls into a crowded bucket.
 *
 * An object must be looked up in the same way on every visit, so the choice depends on nothing but the object. The hash
 * is the same too, unless an own getter yields another primitive each time: such an object, referenced twice in a
 * message of more than LINEAR objects, arrives as two objects.
 */
import { Limit } from './format';
import { captured, denseArray, imul, mapGet, mapSet, typedArrayFill, typedArraySet } from './primordials';

/** Objects that all others are compared with. */
export const LINEAR = 16;

const enum Size { Start = 256, StartShift = 24, Chain = 32, Prefix = 2 }

const GOLDEN = 0x9e3779b1;

/** Result of enter(): the object is new and has a number. */
export const NUMBERED = -2;

/** Result of enter(): whether the object is new is for note() to find out. */
export const PENDING = -1;

/**
 * Result of note() or enterExact() in place of a number: an object that was waiting is known, so whatever was written
 * since is void. Encoder.backRef() ignores it, and Encoder.unwound() ends the way back to that object.
 */
export const UNWIND = 0x7fffffff;

export class Identity {
  /** Objects numbered so far. */
  count = 0;
  private objects: (object | null)[] = denseArray<object | null>(Size.Start, null);
  /** Hash of each object from LINEAR on; 0 for those that are in `exact`. */
  private hashes = new captured.Int32Array(Size.Start);
  private next = new captured.Int32Array(Size.Start);
  private heads = new captured.Int32Array(Size.Start);
  /** 32 - log2 of the number of heads. */
  private shift: number = Size.StartShift;
  private filtering = false;
  private exact: Map<object, number> | null = null;
  /** Objects entered, but neither numbered nor found yet; each is the first child of the one before. */
  private waiting: (object | null)[] = denseArray<object | null>(Limit.Depth + 1, null);
  private waitingHashes = new captured.Int32Array(Limit.Depth + 1);
  private waitingCount = 0;
  /** The waiting object that turned out to be known, and its number. */
  unwinding: object | null = null;
  unwindNumber = 0;

  /** The number of an object seen before (>= 0), NUMBERED or PENDING. */
  enter(object: object): number {
    const { objects, count } = this;
    const n = count < LINEAR ? count : LINEAR;
    for (let i = 0; i < n; i++) if (objects[i] === object) return i;
    if (n === LINEAR) return PENDING;
    objects[n] = object;
    this.count = n + 1;
    return NUMBERED;
  }

  /** To be called once for what enter() did not find, before a nested object is entered: number or < 0 if new. */
  note(object: object, hash: number, entered: number): number {
    if (entered !== PENDING) return -1;
    if (this.waitingCount !== 0 && this.settle(hash)) return UNWIND;
    return this.lookup(object, hash);
  }

  /** note(), or, in front of a nested object that is property number `index`, have it wait. */
  noteParent(object: object, hash: number, entered: number, index: number): number {
    if (entered !== PENDING || index >= Size.Prefix) return this.note(object, hash, entered);
    const { waiting } = this;
    for (let i = 0; i < this.waitingCount; i++) {
      // A ring of objects that all begin with a nested object; every way into it ends here.
      if (waiting[i] === object) return this.settleExact() ? UNWIND : this.lookupExact(object);
    }
    waiting[this.waitingCount] = object;
    this.waitingHashes[this.waitingCount++] = hash;
    return -1;
  }

  /** enter() and note() in one for objects that have no cheap hash. */
  enterExact(object: object): number {
    const entered = this.enter(object);
    if (entered !== PENDING) return entered;
    if (this.waitingCount !== 0 && this.settleExact()) return UNWIND;
    return this.lookupExact(object);
  }

  reset(): void {
    const { objects, count } = this;
    for (let i = 0; i < count; i++) objects[i] = null;
    this.count = 0;
    this.filtering = false;
    this.exact = null;
    this.unwinding = null;
    this.forgetWaiting();
    if (count > 65536) this.shrink();
  }

  /** Numbers the waiting objects by the hash of the first child of the last; true if one of them is known. */
  private settle(hash: number): boolean {
    const n = this.waitingCount;
    for (let i = 0; i < n; i++) {
      const object = this.waiting[i]!;
      const known = this.lookup(object, (imul(this.waitingHashes[i]!, 31) + hash + imul(n - i, 0x9e3779b1)) | 0);
      if (known >= 0) return this.unwindTo(object, known);
    }
    this.forgetWaiting();
    return false;
  }

  private settleExact(): boolean {
    for (let i = 0; i < this.waitingCount; i++) {
      const object = this.waiting[i]!;
      const known = this.lookupExact(object);
      if (known >= 0) return this.unwindTo(object, known);
    }
    this.forgetWaiting();
    return false;
  }

  private unwindTo(object: object, number: number): boolean {
    this.unwinding = object;
    this.unwindNumber = number;
    this.forgetWaiting();
    return true;
  }

  private forgetWaiting(): void {
    for (let i = 0; i < this.waitingCount; i++) this.waiting[i] = null;
    this.waitingCount = 0;
  }

  /** Flat, although long: every object of a large message passes here. */
  private lookup(object: object, hash: number): number {
    if (!this.filtering) this.rehash();
    const { objects, next, heads, count } = this;
    const slot = imul(hash, GOLDEN) >>> this.shift;
    const first = heads[slot]!;
    let steps = 0;
    for (let i = first; i >= 0; i = next[i]!) {
      if (objects[i] === object) return i;
      steps++;
    }
    if (steps >= Size.Chain) return this.lookupExact(object);
    if (count === objects.length) {
      this.grow();
      return this.lookup(object, hash);
    }
    objects[count] = object;
    this.hashes[count] = hash === 0 ? 1 : hash;
    next[count] = first;
    heads[slot] = count;
    this.count = count + 1;
    return -1;
  }

  private lookupExact(object: object): number {
    const exact = (this.exact ??= new captured.Map<object, number>());
    const found = mapGet(exact, object) as number | undefined;
    if (found !== undefined) return found;
    if (this.count === this.objects.length) this.grow();
    const n = this.count++;
    this.objects[n] = object;
    this.hashes[n] = 0;
    mapSet(exact, object, n);
    return -1;
  }

  private rehash(): void {
    const { heads, hashes, next, count, shift } = this;
    this.filtering = true;
    typedArrayFill(heads, -1);
    for (let i = LINEAR; i < count; i++) {
      if (hashes[i] === 0) continue;
      const hash = hashes[i]!;
      const slot = imul(hash, GOLDEN) >>> shift;
      next[i] = heads[slot]!;
      heads[slot] = i;
    }
  }

  /** Twice the objects, and as many heads. */
  private grow(): void {
    const size = this.objects.length * 2;
    const { objects: old, hashes, next } = this;
    const objects = denseArray<object | null>(size, null);
    for (let i = 0; i < this.count; i++) objects[i] = old[i]!;
    this.objects = objects;
    typedArraySet((this.hashes = new captured.Int32Array(size)), hashes);
    typedArraySet((this.next = new captured.Int32Array(size)), next);
    this.heads = new captured.Int32Array(size);
    this.shift--;
    this.rehash();
  }

  /** One huge message must not leave its tables behind for good. */
  private shrink(): void {
    this.objects = denseArray<object | null>(Size.Start, null);
    this.hashes = new captured.Int32Array(Size.Start);
    this.next = new captured.Int32Array(Size.Start);
    this.heads = new captured.Int32Array(Size.Start);
    this.shift = Size.StartShift;
  }
}
