/**
 * Strings that a property holds in every message ("jsonrpc": "2.0", "type": "progress"): they get a process-wide number,
 * as a key list of one, and travel as one word.
 *
 * A site watches its strings while the loop writes its shape. What never changed until the writer is generated becomes
 * part of the generated code, so that a property without a constant costs nothing.
 */
import { Limit, Tag } from './format';
import type { ShapeRegistry } from './shapes';

const NAMES = { __proto__: null };
let left: number = Limit.Known;

export class Constant {
  private text: string | null = null;
  private changed = false;

  /** The property holds this value in one more object. */
  meet(value: unknown): void {
    if (this.changed || value === this.text) return;
    if (this.text === null && typeof value === 'string' && value.length > 1 && value.length <= Limit.KnownChars) {
      this.text = internalized(value);
    } else {
      this.changed = true;
      this.text = null;
    }
  }

  /** The string and its word, if it has always been that string. Asked once. */
  settle(registry: ShapeRegistry): { text: string; word: number } | undefined {
    const { text } = this;
    this.changed = true;
    this.text = null;
    if (text === null || left <= 0) return undefined;
    left--;
    const id = registry.register([text]);
    return id < 0 || id >= Limit.Shapes ? undefined : { text, word: (id << 4) | Tag.Known };
  }
}

/** As a property name a slice becomes a pointer to a copy, and no longer keeps the text that it was cut from alive. */
export function internalized(slice: string): string {
  void (slice in NAMES);
  return slice;
}
