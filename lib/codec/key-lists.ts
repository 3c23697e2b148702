/**
 * Key lists that came in messages, remembered by their characters: the keys of a dictionary that keeps coming need not be
 * cut out and internalized again, and its objects can be made by generated code.
 *
 * Sets of two slots: a list is kept when at most one other has come to its set since it was last seen. The memory is bounded by what
 * the lists weigh. For a list that stays code that makes the object is generated, and no more than that: where there are many lists
 * V8 interprets the code for long, so the values are read by a loop.
 */
import { compileConstructor, compileLiteral } from './compile-reader';
import { internalized } from './constants';
import type { Decoder } from './decoder';
import { GOLDEN } from './hash';
import { joined, lengthsOf } from './keys';
import { captured, charCodeAt, denseArray, imul, ObjectPrototype } from './primordials';

const enum Size { SlotBits = 9, Slots = 1 << SlotBits, Keys = 1000, Chars = 32768, Warm = 32, Compilations = 256, Samples = 8, PerKey = 48, Total = 4 << 20 }

/** How often this thread may still generate code for a list: shapes need it more. */
let compilations: number = Size.Compilations;

/**
 * From V8 14 on, an object literal of more keys is a hash table that is filled at each use, twenty times slower than a constructor, whose
 * objects hold as many as CONSTRUCTED.
 */
const MOST_IN_LITERAL = parseInt(process.versions.v8, 10) >= 14 ? 128 : Size.Keys;
const CONSTRUCTED = 250;

export class KeyEntry {
  private uses = 0;
  private make: ((values: unknown[]) => object) | undefined = undefined;
  /** Where the values are collected; undefined while an object with these keys is being read. */
  private values: unknown[] | undefined = undefined;
  readonly lengths: Int32Array;
  readonly chars: string;

  constructor(readonly keys: string[]) {
    this.lengths = lengthsOf(keys);
    this.chars = joined(keys);
  }

  /** Reads the values and makes the object; undefined, and nothing read, until the list has proved to stay. No key may be missing. */
  read(d: Decoder): object | undefined {
    if (++this.uses === Size.Warm && compilations > 0) {
      try {
        this.compile(d);
      } catch {
        this.uses = 0;
      }
    }
    const n = this.keys.length;
    // A constructor stores where a setter of Object.prototype may be.
    if (this.make === undefined || (n > MOST_IN_LITERAL && !d.pristine())) return undefined;
    const values = this.values ?? denseArray<unknown>(n, undefined);
    this.values = undefined;
    for (let i = 0; i < n; i++) values[i] = d.next();
    const object = this.make(values);
    for (let i = 0; i < n; i++) values[i] = undefined;
    this.values = values;
    return object;
  }

  get isCompiled(): boolean {
    return this.make !== undefined;
  }

  private compile(d: Decoder): void {
    const { keys } = this;
    if (keys.length <= MOST_IN_LITERAL) {
      this.make = compileLiteral(keys);
    } else if (keys.length <= CONSTRUCTED && d.pristine()) {
      for (let i = 0; i < keys.length; i++) if (keys[i]! in ObjectPrototype) return;
      this.make = compileConstructor(keys);
    }
    if (this.isCompiled) compilations--;
  }
}

export class KeyLists {
  private readonly entries = denseArray<KeyEntry | null>(Size.Slots, null);
  private readonly hashes = new captured.Int32Array(Size.Slots);
  /** What was remembered since lists were last forgotten. */
  private weight = 0;

  /** The list of n keys with lengths at word `lengths` and `chars` characters from `from` on, or null. */
  find(d: Decoder, n: number, lengths: number, from: number, chars: number): KeyEntry | null {
    if (n > Size.Keys || chars > Size.Chars) return null;
    let hash = 0;
    for (let i = 0; i < Size.Samples; i++) hash = imul(hash, 31) + charCodeAt(d.text, from + (((chars - 1) * i) / (Size.Samples - 1) | 0));
    for (let i = 0; i < n; i++) hash = (imul(hash, 31) + d.i32[lengths + i]!) | 0;
    const slot = imul(hash, GOLDEN) >>> (33 - Size.SlotBits) << 1;
    const entry = this.entries[slot]!;
    if (entry !== null && matches(d, entry, n, lengths, from, chars)) return entry;
    const other = this.entries[slot + 1]!;
    if (other !== null && matches(d, other, n, lengths, from, chars)) return other;
    if (this.hashes[slot] !== hash && this.hashes[slot + 1] !== hash) {
      this.hashes[slot + 1] = this.hashes[slot]!;
      this.hashes[slot] = hash;
      return null;
    }
    if ((this.weight += chars + n * Size.PerKey) > Size.Total) this.forget();
    if (this.entries[slot] !== null) this.entries[slot + 1] = this.entries[slot]!;
    return (this.entries[slot] = remember(d, n, lengths, from));
  }

  /** All but those for which code was generated. */
  private forget(): void {
    for (let slot = 0; slot < Size.Slots; slot++) if (this.entries[slot]?.isCompiled !== true) this.entries[slot] = null;
    this.weight = 0;
  }
}

function matches(d: Decoder, entry: KeyEntry, n: number, lengths: number, from: number, chars: number): boolean {
  if (entry.chars.length !== chars || entry.keys.length !== n) return false;
  const { i32 } = d;
  for (let i = 0; i < n; i++) if (entry.lengths[i] !== i32[lengths + i]) return false;
  return entry.chars === d.slice(from, from + chars);
}

/** Copies: a slice would keep the text of the whole batch alive. */
function remember(d: Decoder, n: number, lengths: number, from: number): KeyEntry {
  const keys = denseArray<string>(n, '');
  let at = from;
  for (let i = 0; i < n; i++) {
    const end = at + d.i32[lengths + i]!;
    keys[i] = internalized(d.slice(at, end));
    at = end;
  }
  return new KeyEntry(keys);
}
