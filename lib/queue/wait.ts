/**
 * Waiting on the words of a queue: the one place of the package with `Atomics.wait` and `waitAsync`.
 *
 * A thread that is terminated between its push and the `Atomics.notify` that belongs to it wakes nobody. Hence the slices:
 * whoever waits looks again after a while, whatever happens.
 */
import { min } from '../codec/primordials';
import { hold, NOTHING } from './native';

const SLICE_MS = 500;

type WaitAsync = (word: Int32Array, index: number, value: number, timeout: number) => { async: false } | { async: true; value: Promise<string> };

const { notify, wait } = Atomics;
const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync };
const { now } = performance;

/** Wakes all who wait on the word. */
export const wake = (word: Int32Array): number => notify(word, 0);

/** The time until which to wait. */
export const deadline = (timeout: number): number => (timeout === Infinity ? Infinity : now.call(performance) + timeout);

/** Blocks until the word changes or the deadline is near; false if it has passed. */
export function sleep(word: Int32Array, seen: number, end: number): boolean {
  const left = end === Infinity ? SLICE_MS : end - now.call(performance);
  if (left <= 0) return false;
  wait(word, 0, seen, min(left, SLICE_MS));
  return true;
}

/** Something that waits for its turn. */
export interface Waiter {
  /** Tries; the status. NOTHING: still waiting. Otherwise the waiter has settled. */
  attempt(): number;
  next: Waiter | undefined;
}

/** Who waits on one word of one queue in this thread, without blocking it, in the order in which they came. */
export class Line {
  readonly #word: Int32Array;
  /** The value to wait on, after an attempt that found nothing. */
  readonly #seen: () => number;
  #first: Waiter | undefined = undefined;
  #last: Waiter | undefined = undefined;
  /** V8 will call us: one wait at a time, however many stand in line. */
  #asleep = false;
  #isRef = true;
  #holds = false;

  constructor(word: Int32Array, seen: () => number) {
    this.#word = word;
    this.#seen = seen;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  /** `waiter` has just tried in vain if the line was empty. */
  join(waiter: Waiter): void {
    if (this.#last === undefined) {
      this.#first = waiter;
      this.#last = waiter;
      this.#hold();
      this.#sleep(this.#seen());
      return;
    }
    this.#last.next = waiter;
    this.#last = waiter;
  }

  leave(waiter: Waiter): void {
    let before: Waiter | undefined;
    for (let one = this.#first; one !== undefined; before = one, one = one.next) {
      if (one !== waiter) continue;
      if (before === undefined) this.#first = one.next;
      else before.next = one.next;
      if (one === this.#last) this.#last = before;
      break;
    }
    this.#hold();
  }

  setRef(isRef: boolean): void {
    this.#isRef = isRef;
    this.#hold();
  }

  /** Keeps the event loop alive while somebody waits: `waitAsync` does not. */
  #hold(): void {
    const holds = this.#isRef && this.#first !== undefined;
    if (holds === this.#holds) return;
    this.#holds = holds;
    hold(holds ? 1 : -1);
  }

  #sleep(seen: number): void {
    if (this.#asleep) return;
    this.#asleep = true;
    const result = waitAsync(this.#word, 0, seen, SLICE_MS);
    if (result.async) result.value.then(this.#wake);
    else queueMicrotask(this.#wake);
  }

  readonly #wake = (): void => {
    this.#asleep = false;
    for (let waiter = this.#first; waiter !== undefined; waiter = this.#first) {
      const status = waiter.attempt();
      if (status === NOTHING) {
        this.#sleep(this.#seen());
        return;
      }
      // Settling runs nothing of the user's, but an attempt may: the waiter may have left.
      if (this.#first === waiter) this.leave(waiter);
    }
  };
}

