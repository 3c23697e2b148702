/**
 * Which objects of the message have been seen, and under which number.
 *
 * A Map costs 60 to 80 ns an object, more than all the rest of the work on it. So:
 *  - up to LINEAR objects: compare with all of them, before anything of the object is read;
 *  - beyond: an object with few properties is looked up by a hash of the primitives in front of its first nested
 *    object, which the writer has just computed anyway; the candidates are then compared by identity. Found again,
 *    the writer takes back what it wrote. An object that begins with a nested object has no such primitives: it waits
 *    (noteParent) and takes the hash of that nested object. Objects that are large, or not plain, use the exact Map,
 *    and so does what falls into a crowded bucket.
 *
 * While messages are small nothing is hashed: the first large one uses the Map from object LINEAR + 1 on.
 *
 * An object must be looked up in the same way on every visit, so the way depends on nothing but the object. The hash is
 * the same too, unless a getter, of its own or between two references to it, has changed one of these primitives: such an object,
 * referenced twice in a message of LINEAR objects or more, arrives as two. Its own getters run twice in any case (docs/limitations.md).
 */
import { GOLDEN } from './hash';
import { Limit } from './format';
import { captured, denseArray, imul, mapGet, mapSet, typedArrayFill, typedArraySet } from './primordials';

/** Objects up to which all are compared. */
export const LINEAR = 16;

/** Messages in which hashes are taken after a large one. */
const LARGE = 32;

const enum Size { Start = 256, StartShift = 24, Chain = 32, Prefix = 2 }

/** Result of enter(): whether the object is new is for note() to find out. */
export const PENDING = -1;

/** Result of enter(): new, numbered, and not to be given to note(). */
export const NEW = -2;

/** Result of enter(): this - n is new, has number n, and is to be given to note(). */
const NUMBERED = -3;

/**
 * Result of note() or enterExact() in place of a number: an object that was waiting is known, so whatever was written
 * since is void. Encoder.backRef() ignores it, and Encoder.unwound() ends the way back to that object.
 */
export const UNWIND = 0x7fffffff;

export class Identity {
  /** Objects numbered so far. */
  count = 0;
  /** Messages in which hashes are still taken, this one included. */
  large = 0;
  private objects: (object | null)[] = denseArray<object | null>(Size.Start, null);
  /** Hash of each object; 0 for those that are, or will be, in `exact` alone. */
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
  private waitingEntered = new captured.Int32Array(Limit.Depth + 1);
  private waitingCount = 0;
  /** The waiting object that turned out to be known, and its number. */
  unwinding: object | null = null;
  unwindNumber = 0;

  /** The number of an object seen before (>= 0), or PENDING, NEW, NUMBERED - number. */
  enter(object: object): number {
    const { objects, count } = this;
    if (count >= LINEAR) return this.large > 0 ? PENDING : this.enterLate(object);
    for (let i = 0; i < count; i++) {
      if (objects[i] !== object) continue;
      if (this.waitingCount !== 0) this.settleBy(this.hashes[i]!);
      return i;
    }
    objects[count] = object;
    this.hashes[count] = 0;
    this.count = count + 1;
    return this.large > 0 ? NUMBERED - count : NEW;
  }

  /** To be called once for what enter() did not find, before a nested object is entered: number or < 0 if new. */
  note(object: object, hash: number, entered: number): number {
    const h = nonZero(hash);
    if (this.waitingCount !== 0 && this.settle(h)) return UNWIND;
    return entered === PENDING ? this.lookup(object, h) : this.place(NUMBERED - entered, h);
  }

  /** note() in front of a nested object, which is property number `index`. */
  noteParent(object: object, hash: number, entered: number, index: number): number {
    if (index >= Size.Prefix) return this.note(object, hash, entered);
    const { waiting, waitingCount: n } = this;
    for (let i = 0; i < n; i++) {
      // A ring of objects that all begin with a nested object; every way into it ends here.
      if (waiting[i] === object) return this.settleExact() ? UNWIND : this.lookupExact(object);
    }
    waiting[n] = object;
    this.waitingHashes[n] = hash;
    this.waitingEntered[n] = entered;
    this.waitingCount = n + 1;
    return -1;
  }

  /** enter() and note() in one for objects that have no cheap hash. */
  enterExact(object: object): number {
    if (this.count < LINEAR || this.large === 0) {
      const entered = this.enter(object);
      if (this.waitingCount !== 0) this.settleExact();
      return entered;
    }
    if (this.waitingCount !== 0 && this.settleExact()) return UNWIND;
    return this.lookupExact(object);
  }

  reset(): void {
    const { objects, count } = this;
    for (let i = 0; i < count; i++) objects[i] = null;
    if (count > LINEAR) this.large = LARGE;
    else if (this.large > 0) this.large--;
    this.count = 0;
    this.filtering = false;
    this.exact = null;
    this.unwinding = null;
    this.forgetWaiting();
    if (count > 65536) this.shrink();
  }

  private enterLate(object: object): number {
    const known = this.lookupExact(object);
    return known >= 0 ? known : NEW;
  }

  private settleBy(hash: number): void {
    if (hash === 0) this.settleExact();
    else this.settle(hash);
  }

  /**
   * Numbers the waiting objects, the hash of each being made of its own primitives and the hash of its first child, of
   * which the last is given; true if one of them is known.
   */
  private settle(hash: number): boolean {
    const { waitingHashes: hashes, waitingCount: n } = this;
    for (let i = n - 1, inner = hash; i >= 0; i--) inner = hashes[i] = nonZero((imul(hashes[i]!, 31) + imul(inner, GOLDEN)) | 0);
    for (let i = 0; i < n; i++) {
      const object = this.waiting[i]!;
      const entered = this.waitingEntered[i]!;
      const known = entered === PENDING ? this.lookup(object, hashes[i]!) : this.place(NUMBERED - entered, hashes[i]!);
      if (known >= 0) return this.unwindTo(object, known);
    }
    this.forgetWaiting();
    return false;
  }

  private settleExact(): boolean {
    for (let i = 0; i < this.waitingCount; i++) {
      const object = this.waiting[i]!;
      const entered = this.waitingEntered[i]!;
      const known = entered === PENDING ? this.lookupExact(object) : this.placeExact(object, NUMBERED - entered);
      if (known >= 0) return this.unwindTo(object, known);
    }
    this.forgetWaiting();
    return false;
  }

  /** Makes an object that is numbered already one to be found by this hash. */
  private place(number: number, hash: number): number {
    this.hashes[number] = hash;
    if (this.filtering) this.link(number, hash);
    return -1;
  }

  private placeExact(object: object, number: number): number {
    if (this.filtering) mapSet((this.exact ??= new captured.Map<object, number>()), object, number);
    return -1;
  }

  /** What has a hash is in its chain, or the chain is full and it is in `exact`: also when there are more chains than there were. */
  private link(number: number, hash: number): void {
    const { next, heads } = this;
    const slot = imul(hash, GOLDEN) >>> this.shift;
    const first = heads[slot]!;
    let steps = 0;
    for (let i = first; i >= 0; i = next[i]!) steps++;
    if (steps >= Size.Chain) {
      this.placeExact(this.objects[number]!, number);
      return;
    }
    next[number] = first;
    heads[slot] = number;
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
    if (!this.filtering) this.startFilter();
    const { objects, next, heads, count } = this;
    const slot = imul(hash, GOLDEN) >>> this.shift;
    const first = heads[slot]!;
    let steps = 0;
    for (let i = first; i >= 0; i = next[i]!) {
      if (objects[i] === object) return i;
      steps++;
    }
    if (steps >= Size.Chain) return this.lookupExact(object, hash);
    if (count === objects.length) {
      this.grow();
      return this.lookup(object, hash);
    }
    objects[count] = object;
    this.hashes[count] = hash;
    next[count] = first;
    heads[slot] = count;
    this.count = count + 1;
    return -1;
  }

  /** With a hash: of an object that is looked up by it, and for which there is no room in its chain. */
  private lookupExact(object: object, hash = 0): number {
    if (!this.filtering) this.startFilter();
    const exact = (this.exact ??= new captured.Map<object, number>());
    const found = mapGet(exact, object) as number | undefined;
    if (found !== undefined) return found;
    if (this.count === this.objects.length) this.grow();
    const n = this.count++;
    this.objects[n] = object;
    this.hashes[n] = hash;
    mapSet(exact, object, n);
    return -1;
  }

  private startFilter(): void {
    this.rehash();
    this.filtering = true;
    for (let i = 0; i < this.count; i++) if (this.hashes[i] === 0) this.placeExact(this.objects[i]!, i);
  }

  private rehash(): void {
    typedArrayFill(this.heads, -1);
    for (let i = 0; i < this.count; i++) if (this.hashes[i] !== 0) this.link(i, this.hashes[i]!);
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

/** 0 marks the objects that have no hash. */
function nonZero(hash: number): number {
  return hash === 0 ? 1 : hash;
}
