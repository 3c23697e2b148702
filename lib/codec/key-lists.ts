/**
 * Key lists that came in messages, remembered by their characters: the keys of a dictionary that keeps coming need not be
 * cut out and internalized again, and its objects can be made by generated code.
 *
 * A direct-mapped table: a list is kept when it comes twice in a row to its slot. The memory is bounded by the characters
 * that are kept. For a list that stays an object literal is generated, and no more than that: where there are many lists
 * V8 interprets the code for long, so the values are read by a loop.
 */
import { compileLiteral } from './compile-reader';
import { internalized } from './constants';
import type { Decoder } from './decoder';
import { captured, charCodeAt, denseArray, imul } from './primordials';

const enum Size { Slots = 512, Keys = 1000, Chars = 32768, Total = 1 << 20, Warm = 32, Literals = 256 }

/** Literals that this thread may still generate: shapes need generated code more. */
let literals: number = Size.Literals;

type Literal = (values: unknown[]) => object;

export class KeyEntry {
  private uses = 0;
  private literal: Literal | undefined = undefined;
  /** Where the values are collected; undefined while an object with these keys is being read. */
  private values: unknown[] | undefined = undefined;
  constructor(readonly keys: string[], readonly chars: string) {}

  /** Reads the values and makes the object; undefined, and nothing read, until the list has proved to stay. No key may be missing. */
  read(d: Decoder): object | undefined {
    if (++this.uses === Size.Warm && literals-- > 0) this.literal = compileLiteral(this.keys);
    if (this.literal === undefined) return undefined;
    const n = this.keys.length;
    const values = this.values ?? denseArray<unknown>(n, undefined);
    this.values = undefined;
    for (let i = 0; i < n; i++) values[i] = d.next();
    const object = this.literal(values);
    for (let i = 0; i < n; i++) values[i] = undefined;
    this.values = values;
    return object;
  }
}

export class KeyLists {
  private entries = denseArray<KeyEntry | null>(Size.Slots, null);
  private readonly hashes = new captured.Int32Array(Size.Slots);
  /** Characters that the entries hold, or held before they were replaced. */
  private chars = 0;

  /** The list of n keys with lengths at word `lengths` and `chars` characters from `from` on, or null. */
  find(d: Decoder, n: number, lengths: number, from: number, chars: number): KeyEntry | null {
    if (n > Size.Keys || chars > Size.Chars) return null;
    let hash = imul(charCodeAt(d.text, from + (chars >> 1)), 31) + charCodeAt(d.text, from + chars - 1);
    for (let i = 0; i < n; i++) hash = (imul(hash, 31) + d.i32[lengths + i]!) | 0;
    const slot = (hash ^ (hash >>> 16)) & (Size.Slots - 1);
    const entry = this.entries[slot]!;
    if (entry !== null && matches(d, entry, n, lengths, from, chars)) return entry;
    if (this.hashes[slot] !== hash) {
      this.hashes[slot] = hash;
      return null;
    }
    if ((this.chars += chars) > Size.Total) {
      this.entries = denseArray<KeyEntry | null>(Size.Slots, null);
      this.chars = chars;
    }
    return (this.entries[slot] = remember(d, n, lengths, from));
  }
}

function matches(d: Decoder, entry: KeyEntry, n: number, lengths: number, from: number, chars: number): boolean {
  const { keys } = entry;
  if (keys.length !== n || entry.chars.length !== chars) return false;
  for (let i = 0; i < n; i++) if (keys[i]!.length !== d.i32[lengths + i]) return false;
  return entry.chars === d.slice(from, from + chars);
}

/** Copies: a slice would keep the text of the whole batch alive. */
function remember(d: Decoder, n: number, lengths: number, from: number): KeyEntry {
  const keys = denseArray<string>(n, '');
  let all = '';
  let at = from;
  for (let i = 0; i < n; i++) {
    const end = at + d.i32[lengths + i]!;
    const key = internalized(d.slice(at, end));
    all += key;
    keys[i] = key;
    at = end;
  }
  return new KeyEntry(keys, all);
}
