/** A push or a pop that waits, as a promise; an AbortSignal ends it and keeps nothing of it. */
import { forget, listenTo } from '../arguments';
import type { Codec } from './codecs';
import type { Line, Waiter } from './wait';

abstract class Pending implements Waiter {
  isWaiting = false;
  ahead: Waiter | undefined = undefined;
  behind: Waiter | undefined = undefined;
  /** It has its message, or has given it: whatever happens now is too late. */
  isDone = false;
  readonly #line: Line;
  readonly #signal: AbortSignal | undefined;
  readonly #reject: (reason: unknown) => void;
  /** Tries; false if there is still nothing. */
  readonly #again: () => boolean;

  constructor(line: Line, signal: AbortSignal | undefined, reject: (reason: unknown) => void, again: () => boolean) {
    this.#line = line;
    this.#signal = signal;
    this.#reject = reject;
    this.#again = again;
    listenTo(signal, this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#line.quit(this);
    this.#reject(this.#signal!.reason);
  };

  attempt(): boolean {
    try {
      if (!this.#again()) return false;
      this.isDone = true;
      this.#forgetSignal();
      this.succeed();
    } catch (error) {
      this.#forgetSignal();
      this.#reject(error);
    }
    return true;
  }

  #forgetSignal(): void {
    forget(this.#signal, this.#onAbort);
  }

  protected abstract succeed(): void;
}

export class Push extends Pending {
  readonly #resolve: () => void;

  constructor(line: Line, signal: AbortSignal | undefined, resolve: () => void, reject: (reason: unknown) => void, again: () => boolean) {
    super(line, signal, reject, again);
    this.#resolve = resolve;
  }

  protected succeed(): void {
    this.#resolve();
  }
}

export class Pop<T> extends Pending {
  readonly #resolve: (value: T) => void;
  readonly #codec: Codec;

  constructor(
    line: Line, signal: AbortSignal | undefined, resolve: (value: T) => void, reject: (reason: unknown) => void, again: () => boolean, codec: Codec,
  ) {
    super(line, signal, reject, again);
    this.#resolve = resolve;
    this.#codec = codec;
  }

  protected succeed(): void {
    this.#resolve(this.#codec.value() as T);
  }
}
