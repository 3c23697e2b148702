/** The hash of the primitives in front of an object; see identity.ts. The generated writers inline it. */
import { charCodeAt, imul } from './primordials';

export function mix(hash: number, word: number): number {
  return (imul(hash, 31) + word) | 0;
}

/** Lengths tell strings apart badly; ends of strings do better ("item17", "item18"). */
export function mixString(hash: number, word: number, value: string): number {
  const n = value.length;
  if (n < 2) return mix(hash, word);
  return (imul(hash, 31) + word + (charCodeAt(value, n - 1) << 5) + (charCodeAt(value, n - 2) << 12)) | 0;
}
