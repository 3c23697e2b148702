/** The messages of a queue, one after the other. */
import { apply } from '../codec/primordials';
import { leavable, type Messages } from '../leavable';
import { BUDGET } from '../messaging/receive';
import type { Codec } from './codecs';
import { ARM, SPIN } from './native';
import { Pop } from './pending';
import type { Line } from './wait';

const { setImmediate } = globalThis;

/** What an iteration needs of its queue. */
export interface Source {
  readonly line: Line;
  readonly codec: Codec;
  take(mode: number): boolean;
  /** Did `take` throw this because the queue is closed and drained? */
  isEnd(error: unknown): boolean;
}

type Found<T> = { value: T } | undefined;

class Iteration<T> {
  readonly #source: Source;
  /** `return()` or `throw()` was called. */
  isLeft = false;
  #pop: Pop<T> | undefined = undefined;
  #resolve!: (found: Found<T>) => void;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The next message; undefined after the last one. */
  async next(): Promise<Found<T>> {
    const { line, codec } = this.#source;
    if (line.isEmpty) {
      try {
        if (!this.#source.take(SPIN)) return this.#wait();
      } catch (error) {
        if (this.#source.isEnd(error)) return undefined;
        throw error;
      }
      return { value: codec.value() as T };
    }
    return this.#wait();
  }

  #wait(): Promise<Found<T>> {
    const { line, codec } = this.#source;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      const onError = (error: unknown): void => (this.#source.isEnd(error) ? resolve(undefined) : reject(error));
      this.#pop = new Pop<T>(line, undefined, (value) => resolve({ value }), onError, () => this.#source.take(ARM), codec);
      line.join(this.#pop);
    });
  }

  /** A generator that waits would hear of it after the next message. */
  end(): void {
    this.isLeft = true;
    if (this.#pop === undefined) return;
    this.#source.line.leave(this.#pop);
    this.#resolve(undefined);
  }
}

async function* messages<T>(iteration: Iteration<T>): Messages<T> {
  for (let count = 1; !iteration.isLeft; count++) {
    const found = await iteration.next();
    if (found === undefined) return;
    yield found.value;
    // With no message in hand, which nobody would get if the iteration were left meanwhile.
    if (count % BUDGET === 0) await new Promise((resolve) => apply(setImmediate, undefined, [resolve]));
  }
}

export function messagesOf<T>(source: Source): Messages<T> {
  const iteration = new Iteration<T>(source);
  return leavable(messages(iteration), () => iteration.end());
}
