/**
 * value -> words + text arena.
 *
 * encode() either writes the whole value, or answers false and leaves no trace: then the value travels on the stock
 * port, which clones it or throws what Node throws. Out of encode() throw only user code run by the walk (own getters, as in
 * stock), and the want of memory for a copy.
 *
 * State of a walk: `pos` is the next free word; between two values there are always Layout.Scalar free words, whoever
 * writes more calls reserve() first. `i32` may be replaced by any call that writes, so it is re-read after such calls.
 */
import { Ext, Flag, Layout, Limit, Tag, Word } from './format';
import { Identity, UNWIND } from './identity';
import { isStackOverflow, isTooLong } from './overflow';
import {
  captured, charCodeAt, getPrototypeOf, is, isProxy, ObjectPrototype,
  typedArrayBuffer, typedArrayLength, typedArrayOffset,
} from './primordials';
import { Entries } from './write-collection';
import { ShapeTable, Site, type ShapeRegistry } from './shapes';
import { giveBack, snapshotOf } from './snapshots';
import { writeBigInt } from './write-bigint';
import { writeOther } from './write-other';
import { writePlain } from './write-object';
import { writeShapeLoop } from './write-shape';

export interface TxHost {
  /** A larger scratch of at least minWords, 8-byte aligned; the encoder copies what it has written. */
  grow(minWords: number): Int32Array;
  /** The encoder is busy: with a walk that this one is part of, or with one that V8 has ended. `mend()` is to be called when all is over. */
  onBusy(): void;
}

const doubles = new captured.Float64Array(1);
const doubleWords = new captured.Int32Array(doubles.buffer);

export class Encoder {
  i32: Int32Array;
  words = Layout.Base as number;
  text = '';
  attachments: ArrayBuffer[] | undefined = undefined;
  /** How many of these are copies that are used again after release(). */
  private snapshots = 0;
  /** Why encode() has answered false, if not for the value: the error of a stack or a text that was too short for it. */
  overflow: unknown = undefined;

  /** @internal */ pos = 0;
  /** @internal */ cap = 0;
  /** @internal */ flags = 0;
  /** @internal the scratch as doubles and bytes */ f64!: Float64Array;
  /** @internal */ u8!: Uint8Array;
  /** @internal */ readonly ids = new Identity();
  /** @internal */ readonly shapes: ShapeTable;
  /** @internal */ readonly entries = new Entries();
  private depth = 0;
  private busy = false;
  private readonly root = new Site();

  constructor(scratch: Int32Array, private readonly host: TxHost, shapes: ShapeRegistry) {
    this.i32 = scratch;
    this.shapes = new ShapeTable(shapes, writeShapeLoop);
    this.adopt(scratch);
  }

  /** True: the message is in i32[Base, words), text and attachments. False: the carrier must take it. */
  encode(value: unknown): boolean {
    if (this.busy) {
      this.host.onBusy();
      return false;
    }
    this.begin();
    if (typeof value !== 'object' || value === null) return this.scalar(value) ? this.finish() : this.refuse();
    this.busy = true;
    try {
      return this.object(value, this.root) ? this.finish() : this.refuse();
    } catch (error) {
      this.release();
      if (!isStackOverflow(error) && !isTooLong(error)) throw error;
      // The stock serializer takes less stack, and text in pieces.
      this.overflow = error;
      return false;
    } finally {
      this.end();
    }
  }

  private end(): void {
    this.depth = 0;
    this.ids.reset();
    this.entries.end(0);
    // The last: V8 may end this, too.
    this.busy = false;
  }

  /** After V8 has ended a walk without its `finally` blocks. To be called where no walk can be further up the stack. */
  mend(): void {
    if (this.busy) this.end();
  }

  /** Drops what the last message refers to. */
  release(): void {
    this.text = '';
    if (this.snapshots > 0) this.giveBack();
    this.attachments = undefined;
  }

  /** From now on the attachments are the caller's. */
  handOver(): ArrayBuffer[] | undefined {
    this.snapshots = 0;
    return this.attachments;
  }

  private giveBack(): void {
    const count = this.snapshots;
    this.snapshots = 0;
    for (let i = 0; i < count; i++) giveBack(this.attachments![i]!);
  }

  private keepAttachments(): void {
    const attachments = this.attachments!;
    while (this.snapshots < attachments.length) {
      attachments[this.snapshots] = snapshotOf(attachments[this.snapshots]!);
      this.snapshots++;
    }
  }

  private begin(): void {
    this.text = '';
    this.attachments = undefined;
    this.snapshots = 0;
    this.overflow = undefined;
    this.flags = 0;
    this.pos = Layout.Base + 1;
  }

  private finish(): boolean {
    const i32 = this.i32;
    let p = this.pos;
    i32[Layout.Base] = this.flags;
    if ((p & 1) !== 0) i32[p++] = 0;
    this.words = p;
    return true;
  }

  private refuse(): boolean {
    this.release();
    return false;
  }

  // ---- called by the writers ----

  /** @internal Writes any value; false refuses the message. */
  value(value: unknown, site: Site): boolean {
    if (typeof value === 'object' && value !== null) return this.object(value, site);
    return this.scalar(value);
  }

  /** @internal Writes an object, array or other reference value. */
  object(value: object, site: Site): boolean {
    if (this.pos + Layout.Scalar > this.cap) this.reserve(Layout.Scalar);
    // Before anything that a trap could see.
    if (isProxy(value) || this.depth === Limit.Depth) return false;
    this.depth++;
    const { shape } = site;
    const done = (shape === null ? undefined : shape.write(this, value as Record<string, unknown>, shape, false)) ?? this.unpredicted(value, site);
    // What is around it is read further, and that may run code of the user's.
    if (--this.depth > 0 && this.attachments !== undefined) this.keepAttachments();
    return done;
  }

  private unpredicted(value: object, site: Site): boolean {
    const prototype = getPrototypeOf(value);
    return prototype === ObjectPrototype
      ? writePlain(this, value as Record<string, unknown>, site)
      : writeOther(this, value, prototype, site);
  }

  /** @internal Writes a primitive; false for symbols and functions. */
  scalar(value: unknown): boolean {
    if (this.pos + Layout.Scalar > this.cap) this.reserve(Layout.Scalar);
    switch (typeof value) {
      case 'string': return this.string(value);
      case 'number': return this.number(value);
      case 'boolean': this.i32[this.pos++] = value ? Word.True : Word.False; return true;
      case 'undefined': this.i32[this.pos++] = Word.Undefined; return true;
      case 'object': this.i32[this.pos++] = Word.Null; return true;
      case 'bigint': return writeBigInt(this, value);
      default: return false;
    }
  }

  /** @internal */
  string(value: string): boolean {
    const n = value.length;
    if (n > 1 && n < Limit.Payload) {
      this.i32[this.pos++] = (n << 4) | Tag.Str;
      this.text += value;
    } else if (n === 1) this.i32[this.pos++] = (charCodeAt(value, 0) << 4) | Tag.Char;
    else if (n === 0) this.i32[this.pos++] = Word.Empty;
    else {
      this.i32[this.pos++] = Tag.Ext | (Ext.LongStr << 4);
      this.i32[this.pos++] = n;
      this.text += value;
    }
    return true;
  }

  /** @internal */
  number(value: number): boolean {
    const i32 = this.i32;
    if ((value << 4) >> 4 === value && !is(value, -0)) i32[this.pos++] = (value << 4) | Tag.Int;
    else if ((value | 0) === value && value !== 0) {
      i32[this.pos++] = Word.Int32;
      i32[this.pos++] = value;
    } else {
      i32[this.pos++] = Word.Dbl;
      this.rawDouble(value);
    }
    return true;
  }

  /** @internal */
  rawDouble(value: number): void {
    doubles[0] = value;
    this.i32[this.pos++] = doubleWords[0]!;
    this.i32[this.pos++] = doubleWords[1]!;
  }

  /** @internal A reference to object `number` in place of what was written since pos and text were as given. */
  backRef(pos: number, text: string, number: number): boolean {
    if (number === UNWIND) return true;
    this.flags |= Flag.Refs;
    this.text = text;
    this.i32[pos] = (number << 4) | Tag.Ref;
    this.pos = pos + 1;
    return true;
  }

  /** @internal To be returned by the writer of `object` when ids.unwinding is set after it wrote its first child. */
  unwound(object: object, pos: number, text: string): boolean {
    const { ids } = this;
    if (ids.unwinding !== object) return true;
    ids.unwinding = null;
    return this.backRef(pos, text, ids.unwindNumber);
  }

  /** @internal Makes room for `count` words, plus a scalar, from pos on. */
  reserve(count: number): void {
    const need = this.pos + count + Layout.Scalar;
    if (need <= this.cap) return;
    const old = this.i32;
    const fresh = this.host.grow(need);
    for (let i = Layout.Base, end = this.pos; i < end; i++) fresh[i] = old[i]!;
    this.adopt(fresh);
  }

  /** @internal Takes another scratch into use. */
  adopt(scratch: Int32Array): void {
    const buffer = typedArrayBuffer(scratch);
    const offset = typedArrayOffset(scratch);
    const words = typedArrayLength(scratch);
    this.i32 = scratch;
    this.cap = words - Layout.Scalar;
    this.f64 = new captured.Float64Array(buffer, offset, words >> 1);
    this.u8 = new captured.Uint8Array(buffer, offset, words << 2);
  }
}
