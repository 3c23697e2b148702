/** The hash of the primitives in front of an object; see identity.ts. The generated writers inline mix(). */
import { charCodeAt, imul } from './primordials';

/** The upper bits of a hash times this are its place in a table. */
export const GOLDEN = 0x9e3779b1;

/** One more primitive, by the last word that it took. */
export function mix(hash: number, word: number): number {
  return (imul(hash, 31) + word) | 0;
}

/**
 * The finished hash. Words hold the lengths of strings only, which tells "item17" and "item18" apart no more than the
 * rest of such an object does; the end of the last string does. A third character is for those that end alike, as "item17($0)" does.
 */
export function seal(hash: number, last: string): number {
  const n = last.length;
  if (n < 2) return hash;
  const end = (charCodeAt(last, n - 1 - (n >> 2)) << 16) + (charCodeAt(last, n - 1) << 8) + charCodeAt(last, n - 2);
  return (hash + imul(end, 0x2c1b3c6d)) | 0;
}
