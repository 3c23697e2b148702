/**
 * Lists of keys that are written out, remembered by their keys: one that comes again, at whatever place, is appended as one string.
 *
 * A list is found by its first key, or by its last where another one begins alike. The memory is bounded by what the lists weigh.
 */
import type { Encoder } from './encoder';
import { captured, charCodeAt, mapGet, mapSet } from './primordials';
import { sameKeys } from './shapes';

/** `Least`: keys from which a list is remembered. `PerKey`: what a key weighs beside its characters. */
const enum Size { Least = 8, PerKey = 8, Total = 1 << 20, Novelty = 64, Retry = 16 }

class WrittenKeys {
  /** Both once the list has come again. */
  text = '';
  lengths: Int32Array | null = null;
  constructor(readonly keys: string[]) {}
}

export class KeyWriter {
  private lists = new captured.Map<string, WrittenKeys>();
  /** What the lists weigh, or weighed before they were replaced. */
  private weight = 0;
  /** Lists met for the first time, minus those met again: of too many new ones only some are remembered. */
  private novelty = 0;
  private skipped = 0;

  /** The lengths of the keys, for which there is room, and their characters. `keys` is kept. */
  write(e: Encoder, keys: string[]): void {
    const n = keys.length;
    if (n < Size.Least) {
      writeOut(e, keys);
      return;
    }
    const list = this.find(keys);
    if (list === null) {
      const before = e.text.length;
      writeOut(e, keys);
      this.add(keys, n * Size.PerKey + e.text.length - before);
      return;
    }
    if (this.novelty > 0) this.novelty--;
    const lengths = list.lengths ?? join(list);
    const { i32, pos } = e;
    for (let i = 0; i < n; i++) i32[pos + i] = lengths[i]!;
    e.pos = pos + n;
    e.text += list.text;
  }

  private find(keys: string[]): WrittenKeys | null {
    let list = mapGet(this.lists, keys[0]!) as WrittenKeys | undefined;
    if (list === undefined) return null;
    if (sameKeys(list.keys, keys)) return list;
    list = mapGet(this.lists, keys[keys.length - 1]!) as WrittenKeys | undefined;
    return list !== undefined && sameKeys(list.keys, keys) ? list : null;
  }

  private add(keys: string[], weight: number): void {
    if (weight > Size.Total || (++this.novelty > Size.Novelty && ++this.skipped % Size.Retry !== 0)) return;
    if ((this.weight += weight) > Size.Total) {
      this.lists = new captured.Map<string, WrittenKeys>();
      this.weight = weight;
    }
    const taken = mapGet(this.lists, keys[0]!) !== undefined;
    mapSet(this.lists, keys[taken ? keys.length - 1 : 0]!, new WrittenKeys(keys));
  }
}

function writeOut(e: Encoder, keys: string[]): void {
  const { i32 } = e;
  let { pos, text } = e;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    i32[pos++] = key.length;
    text += key;
  }
  e.text = text;
  e.pos = pos;
}

function join(list: WrittenKeys): Int32Array {
  const { keys } = list;
  const lengths = new captured.Int32Array(keys.length);
  let text = '';
  for (let i = 0; i < keys.length; i++) {
    lengths[i] = keys[i]!.length;
    text += keys[i]!;
  }
  list.text = text;
  charCodeAt(text, 0); // makes one piece of it, which messages would do again and again
  return (list.lengths = lengths);
}
