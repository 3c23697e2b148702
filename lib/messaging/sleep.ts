/**
 * Blocking a thread on a word of shared memory.
 *
 * A thread that is terminated between what it has done and the `Atomics.notify` that belongs to it wakes nobody. Hence the
 * slices: whoever waits looks again after a while, whatever happens.
 */
import { min } from '../codec/primordials';

const { add, load, notify, wait } = Atomics;
const { hrtime } = process;

/** Wakes all who wait on the word. */
export const wake = (words: Int32Array, index: number): number => notify(words, index);

/** Changes the word. */
export function change(words: Int32Array, index: number): void {
  add(words, index, 1);
  wake(words, index);
}

/** How long a thread waits at most for what another one is about to do. */
const LONGEST_MS = 10_000;
const SLICE_MS = 20;

/** Blocks until the first word is not 0 any more. */
export function awaitChange(words: Int32Array): void {
  const end = deadline(LONGEST_MS);
  while (load(words, 0) === 0 && sleep(words, 0, 0, end, SLICE_MS));
}

/** In milliseconds. Not `performance.now()`: to touch `performance` loads what takes longer than the rest of this package. */
function now(): number {
  const time = hrtime();
  return time[0] * 1e3 + time[1] / 1e6;
}

/** The time until which to wait. */
export const deadline = (timeout: number): number => (timeout === Infinity ? Infinity : now() + timeout);

export const isPast = (end: number): boolean => now() > end;

/** Blocks until the word changes, the deadline has come, or `slice` milliseconds have passed; false if the deadline has passed before. */
export function sleep(words: Int32Array, index: number, seen: number, end: number, slice: number): boolean {
  const left = end === Infinity ? slice : end - now();
  if (left <= 0) return false;
  wait(words, index, seen, min(left, slice));
  return true;
}
