/** The messages of a queue, one after the other. */
import { needStack } from '../headroom';
import { type Found, type Iteration, iterate, type Messages } from '../iterate';
import type { Codec } from './codecs';
import { ARM, SPIN } from './native';
import { Pop } from './pending';
import type { Line } from './wait';

/** What an iteration needs of its queue. */
export interface Source {
  readonly line: Line;
  readonly codec: Codec;
  take(mode: number): boolean;
  /** Did `take` throw this because the queue is closed and drained? */
  isEnd(error: unknown): boolean;
}

class QueueIteration<T> implements Iteration<T> {
  isOver = false;
  readonly #source: Source;
  #pop: Pop<T> | undefined = undefined;
  #resolve!: (found: Found<T>) => void;

  constructor(source: Source) {
    this.#source = source;
  }

  now(): Found<T> {
    needStack();
    const { line, codec } = this.#source;
    if (!line.isEmpty) return undefined;
    try {
      if (!this.#source.take(SPIN)) return undefined;
    } catch (error) {
      if (!this.#source.isEnd(error)) throw error;
      this.isOver = true;
      return undefined;
    }
    return { message: codec.value() as T };
  }

  wait(): Promise<Found<T>> {
    const { line, codec } = this.#source;
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      const onError = (error: unknown): void => (this.#source.isEnd(error) ? resolve(undefined) : reject(error));
      this.#pop = new Pop<T>(line, undefined, (message) => resolve({ message }), onError, () => this.#source.take(ARM), codec);
      line.join(this.#pop);
    });
  }

  leave(): void {
    if (this.#pop === undefined || this.#pop.isDone) return;
    this.#source.line.leave(this.#pop);
    this.#resolve(undefined);
  }
}

export const messagesOf = <T>(source: Source): Messages<T> => iterate(new QueueIteration<T>(source));
