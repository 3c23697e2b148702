/** Objects of a registered shape: loops at first, generated code for shapes in steady use. */
import { compileCarefulReader, compileFastReader, type ShapeReader } from './compile-reader';
import { internalized } from './constants';
import { CorruptMessageError } from './corrupt';
import { type Decoder, HOLE } from './decoder';
import { defineOwn, denseArray } from './primordials';
import { Limit } from './format';
import type { ShapeRegistry } from './shapes';

/** Uses after which a reader is worth generating. */
const WARM = 16;
/** Numbers for which there is room at first. */
const FIRST = 64;

interface Entry { keys: string[]; template: object; uses: number; fast: ShapeReader | null; careful: ShapeReader | null }

export class ShapeReaders {
  private readonly unused: ShapeReader = (d) => this.slow(d);
  /** By shape id; all three are of one length, and grow with the numbers that are met. */
  private entries = denseArray<Entry | null>(FIRST, null);
  /** The generated readers again, so that the common case is one load and one call. */
  private readers = denseArray<ShapeReader>(FIRST, this.unused);
  /** Registered strings by number. */
  private strings = denseArray<string | null>(FIRST, null);

  constructor(private readonly registry: ShapeRegistry) {}

  /** Reads an object that nothing refers to. */
  fast(d: Decoder, id: number): object {
    if (id >= this.readers.length) this.grow(id);
    return this.readers[id]!(d);
  }

  /** Reads an object that may be referred to, or may lack properties. */
  careful(d: Decoder, id: number): object {
    const entry = this.entry(id);
    if (entry.uses++ === WARM) {
      try {
        entry.careful = compileCarefulReader(entry.keys, HOLE) ?? null;
      } catch {
        entry.uses = 0;
      }
    }
    return entry.careful === null ? readLoop(d, entry) : entry.careful(d);
  }

  /** The registered string with this number. */
  known(id: number): string {
    if (id >= this.strings.length) this.grow(id);
    return this.strings[id] ?? this.lookupString(id);
  }

  private grow(id: number): void {
    if (id >= Limit.Shapes) throw new CorruptMessageError('shape');
    let length = this.entries.length;
    while (length <= id) length *= 2;
    this.entries = extended(this.entries, length, null);
    this.readers = extended(this.readers, length, this.unused);
    this.strings = extended(this.strings, length, null);
  }

  private lookupString(id: number): string {
    const list = this.registry.lookup(id);
    if (list === undefined || list.length !== 1) throw new CorruptMessageError('known');
    return (this.strings[id] = internalized(list[0]!));
  }

  private slow(d: Decoder): object {
    // The shape word is the one just read.
    const id = d.i32[d.pos - 1]! >>> 4;
    const entry = this.entry(id);
    if (entry.uses++ < WARM || entry.fast !== null) return readLoop(d, entry);
    try {
      entry.fast = compileFastReader(entry.keys) ?? ((decoder) => readLoop(decoder, entry));
    } catch {
      entry.uses = 0;
      return readLoop(d, entry);
    }
    this.readers[id] = entry.fast;
    // V8 compiles it when it is called, and there was room for that.
    return entry.fast(d);
  }

  private entry(id: number): Entry {
    if (id >= this.entries.length) this.grow(id);
    const known = this.entries[id];
    if (known !== null && known !== undefined) return known;
    const keys = this.registry.lookup(id);
    if (keys === undefined) throw new CorruptMessageError('shape');
    return (this.entries[id] = { keys, template: template(keys), uses: 0, fast: null, careful: null });
  }
}

function extended<T>(list: T[], length: number, rest: T): T[] {
  const longer = denseArray(length, rest);
  for (let i = 0; i < list.length; i++) longer[i] = list[i]!;
  return longer;
}

/** Every key is an own property of the copy before it is stored to, so no setter can be met. */
function readLoop(d: Decoder, entry: Entry): object {
  const { keys } = entry;
  const n = keys.length;
  d.need(n);
  const object = d.add({ ...entry.template } as Record<string, unknown>);
  for (let i = 0; i < n; i++) {
    const value = d.next();
    if (value === HOLE) delete object[keys[i]!];
    else object[keys[i]!] = value;
  }
  return object;
}

function template(keys: string[]): object {
  const object = {};
  for (let i = 0; i < keys.length; i++) defineOwn(object, keys[i]!, undefined);
  return object;
}
