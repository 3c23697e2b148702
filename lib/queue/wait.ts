/** Waiting on the words of a queue without blocking. */
import * as timers from 'node:timers';
import { Row, type Waiting } from '../messaging/row';
import { wake } from '../messaging/sleep';
import { mend, step } from '../messaging/step';
import { hold } from '../messaging/thread';

/** Whoever waits looks again after so many milliseconds, for the reason in messaging/sleep.ts. */
export const SLICE_MS = 500;

type WaitAsync = (word: Int32Array, index: number, value: number) => { async: false } | { async: true; value: Promise<string> };

const { waitAsync } = Atomics as unknown as { waitAsync: WaitAsync };
const { setTimeout } = timers;

/** Something that waits for its turn. */
export interface Waiter extends Waiting<Waiter> {
  /** Tries. True: the waiter has settled. */
  attempt(): boolean;
}

/** Who waits on one word of one queue in this thread, without blocking it, in the order in which they came. */
export class Line {
  readonly #word: Int32Array;
  /** The value to wait on: of the last look in vain by one that will wait. Looks at other queues leave it alone. */
  seen = 0;
  readonly #row = new Row<Waiter>();
  /** V8 will call us: one wait at a time, however many stand in line. */
  #asleep = false;
  /** A timer runs; one for many waits, since a timeout of `waitAsync` costs as much as the rest of it. */
  #looksAgain = false;
  #isServing = false;
  #isRef = true;
  #holds = false;

  constructor(word: Int32Array) {
    this.#word = word;
  }

  get isEmpty(): boolean {
    return this.#row.first === undefined;
  }

  /** `waiter` has just tried in vain if the line was empty. */
  join(waiter: Waiter): void {
    const { isEmpty } = this;
    this.#row.add(waiter);
    if (!isEmpty) return;
    this.#hold();
    this.#sleep();
  }

  leave(waiter: Waiter): void {
    this.#row.remove(waiter);
    this.#hold();
    // V8 keeps a wait until somebody notifies: nobody else may.
    if (this.isEmpty && this.#asleep) wake(this.#word, 0);
  }

  /** `waiter` gives up. The next one may want less room. */
  quit(waiter: Waiter): void {
    const isFirst = this.#row.first === waiter;
    this.leave(waiter);
    if (isFirst && !this.isEmpty && this.#asleep) wake(this.#word, 0);
  }

  setRef(isRef: boolean): void {
    this.#isRef = isRef;
    this.#hold();
  }

  /** Keeps the event loop alive while somebody waits: `waitAsync` does not. */
  #hold(): void {
    const holds = this.#isRef && !this.isEmpty;
    if (holds === this.#holds) return;
    this.#holds = holds;
    hold(holds ? 1 : -1);
  }

  #sleep(): void {
    if (this.#asleep) return;
    this.#asleep = true;
    const result = waitAsync(this.#word, 0, this.seen);
    if (result.async) result.value.then(this.#wake);
    else queueMicrotask(this.#wake);
    this.#lookAgain();
  }

  #lookAgain(): void {
    if (this.#looksAgain) return;
    this.#looksAgain = true;
    setTimeout(() => {
      this.#looksAgain = false;
      if (!this.serve()) this.#lookAgain();
    }, SLICE_MS).unref();
  }

  /** All try in turn, until one does so in vain: false. An attempt may run code of the user's, for which it is in vain as well: its turn is not over. */
  serve(): boolean {
    // Who serves may have been cut short.
    if (this.#isServing) mend();
    if (this.#isServing) return false;
    if (this.isEmpty) return true;
    let isEmpty = false;
    const body = (): void => {
      this.#isServing = true;
      isEmpty = this.#serveAll();
    };
    step(body, () => {
      this.#isServing = false;
    });
    return isEmpty;
  }

  #serveAll(): boolean {
    for (let waiter = this.#row.first; waiter !== undefined; waiter = this.#row.first) {
      if (!waiter.attempt()) return false;
      // It may have left by itself.
      if (this.#row.first === waiter) this.leave(waiter);
    }
    return true;
  }

  readonly #wake = (): void => {
    this.#asleep = false;
    if (!this.serve()) this.#sleep();
  };
}

