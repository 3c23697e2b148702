/** A list of keys as messages have it. */
import { captured, charCodeAt } from './primordials';

export function lengthsOf(keys: string[]): Int32Array {
  const lengths = new captured.Int32Array(keys.length);
  for (let i = 0; i < keys.length; i++) lengths[i] = keys[i]!.length;
  return lengths;
}

/** Flat: each comparison and each append of a rope would flatten it once more. */
export function joined(keys: string[]): string {
  let text = '';
  for (let i = 0; i < keys.length; i++) text += keys[i]!;
  charCodeAt(text, 0);
  return text;
}
