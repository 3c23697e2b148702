/**
 * words + text -> value. Runs no user code, and believes nothing it reads: counts are compared with the words that are
 * left before anything is allocated, and whatever still fails becomes a CorruptMessageError.
 *
 * There are two modes. Most messages refer to no object twice: their objects are made by literals, children first. A
 * message with Flag.Refs or Flag.Holes has `refs`: objects are made and numbered before their children.
 */
import { CorruptMessageError } from './corrupt';
import { Simple, Tag } from './format';
import { isStackOverflow } from './overflow';
import { captured, mapGet, mapSet, mapSize, prototypesPristine, StringFromCharCode, substring, typedArrayLength } from './primordials';
import { readArray, readDoubles, readHoley, readInts } from './read-array';
import { readExt } from './read-ext';
import { readDict } from './read-object';
import { ShapeReaders } from './read-shape';
import { KeyLists } from './key-lists';
import type { ShapeRegistry } from './shapes';

/** What Simple.Hole decodes to; only those who expect it ever see it. */
export const HOLE: unknown = Symbol('hole');

const double = new captured.Float64Array(1);
const doubleWords = new captured.Int32Array(double.buffer);
const NO_WORDS = new captured.Int32Array(0);

export class Decoder {
  /** @internal */ i32: Int32Array = NO_WORDS;
  /** @internal next word */ pos = 0;
  /** @internal one past the last word of the message */ end = 0;
  /** @internal the flags word; packed doubles are aligned relative to it */ start = 0;
  /** @internal */ text = '';
  /** @internal next character */ textPos = 0;
  /** @internal */ attachments: (ArrayBuffer | undefined)[] | undefined = undefined;
  /** @internal number -> object; null in the fast mode */ refs: Map<number, object> | null = null;
  /** @internal */ readonly shapes: ShapeReaders;
  /** @internal */ readonly lists = new KeyLists();
  private isPristine: boolean | undefined = undefined;

  constructor(shapes: ShapeRegistry) {
    this.shapes = new ShapeReaders(shapes);
  }

  /** Decodes the message in [pos, end); its strings begin at textPos of text. */
  decode(i32: Int32Array, pos: number, end: number, text: string, textPos: number, attachments: (ArrayBuffer | undefined)[] | undefined): unknown {
    if (!(pos >= 0 && end - pos >= 2 && end <= typedArrayLength(i32))) throw new CorruptMessageError('length');
    const word = i32[pos + 1]!;
    if (i32[pos] === 0) {
      if ((word & 15) === Tag.Int) return word >> 4;
      if ((word & 15) === Tag.Str) return wholeText(text, textPos, word >>> 4);
    }
    this.begin(i32, pos, end, text, textPos, attachments);
    try {
      const value = this.next();
      if (this.pos > end || this.textPos > text.length || value === HOLE) throw new CorruptMessageError('overrun');
      return value;
    } catch (error) {
      throw error instanceof CorruptMessageError || isStackOverflow(error) ? error : new CorruptMessageError('content', error);
    } finally {
      this.finish();
    }
  }

  private begin(i32: Int32Array, pos: number, end: number, text: string, textPos: number, attachments: (ArrayBuffer | undefined)[] | undefined): void {
    this.i32 = i32;
    this.start = pos;
    this.pos = pos + 1;
    this.end = end;
    this.text = text;
    this.textPos = textPos;
    this.attachments = attachments;
    this.isPristine = undefined;
    this.refs = i32[pos] === 0 ? null : new captured.Map<number, object>();
  }

  private finish(): void {
    this.i32 = NO_WORDS;
    this.text = '';
    this.attachments = undefined;
    this.refs = null;
  }

  // ---- called by the readers ----

  /** @internal */
  next(): unknown {
    return this.value(this.i32[this.pos++]!);
  }

  /** @internal The value that begins with this word, which has been read. */
  value(word: number): unknown {
    switch (word & 15) {
      case Tag.Simple: return simple(word >>> 4);
      case Tag.Int: return word >> 4;
      case Tag.Str: return this.string(word >>> 4);
      case Tag.Shape: return this.refs === null ? this.shapes.fast(this, word >>> 4) : this.shapes.careful(this, word >>> 4);
      case Tag.Dict: return readDict(this, word >>> 4);
      case Tag.Arr: return readArray(this, word >>> 4);
      case Tag.Ref: return this.ref(word >>> 4);
      case Tag.Dbl: return this.double();
      case Tag.Char: return StringFromCharCode(word >>> 4);
      case Tag.Ints: return readInts(this, word >>> 4);
      case Tag.Dbls: return readDoubles(this, word >>> 4);
      case Tag.Holey: return readHoley(this, word >>> 4);
      case Tag.Int32: return this.i32[this.pos++];
      case Tag.Known: return this.shapes.known(word >>> 4);
      case Tag.Ext: return readExt(this, word >>> 4);
      default: throw new CorruptMessageError('tag');
    }
  }

  /** @internal */
  string(length: number): string {
    const from = this.textPos;
    this.textPos = from + length;
    return substring(this.text, from, from + length);
  }

  /** @internal Characters of the text, without taking them. */
  slice(from: number, end: number): string {
    return substring(this.text, from, end);
  }

  /** @internal */
  double(): number {
    doubleWords[0] = this.i32[this.pos]!;
    doubleWords[1] = this.i32[this.pos + 1]!;
    this.pos += 2;
    return double[0]!;
  }

  /** @internal Throws unless this many words are left. */
  need(words: number): void {
    if (words > this.end - this.pos) throw new CorruptMessageError('count');
  }

  /** @internal Gives the object the next number. */
  add<T extends object>(object: T): T {
    if (this.refs !== null) mapSet(this.refs, mapSize(this.refs), object);
    return object;
  }

  /** @internal See prototypesPristine(); asked at most once a message. */
  pristine(): boolean {
    return (this.isPristine ??= prototypesPristine());
  }

  private ref(number: number): object {
    const object = this.refs === null ? undefined : (mapGet(this.refs, number) as object | undefined);
    if (object === undefined) throw new CorruptMessageError('reference');
    return object;
  }
}

function simple(payload: number): unknown {
  switch (payload) {
    case Simple.Undefined: return undefined;
    case Simple.Null: return null;
    case Simple.True: return true;
    case Simple.False: return false;
    case Simple.Hole: return HOLE;
    case Simple.Empty: return '';
    default: throw new CorruptMessageError('simple');
  }
}

/** A message that is one string: the text itself where it is nothing else. */
function wholeText(text: string, from: number, length: number): string {
  if (from + length > text.length) throw new CorruptMessageError('text');
  return length === text.length ? text : substring(text, from, from + length);
}

