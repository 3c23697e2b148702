/** `for await` over something that waits for messages, which may never come: `return()` and `throw()` end the wait rather than queue up behind it. */
import { apply, defineProperty, getPrototypeOf } from './codec/primordials';
import { BUDGET } from './messaging/receive';

const { setImmediate } = globalThis;
const { Promise } = globalThis;

export type Messages<T> = AsyncGenerator<T, void, undefined>;

export type Found<T> = { message: T } | undefined;

export interface Iteration<T> {
  /** Takes a message. */
  now(): Found<T>;
  /** Will none come any more? Asked after `now` found nothing. */
  readonly isOver: boolean;
  /** The next message; undefined if none will come any more. */
  wait(): Promise<Found<T>>;
  /** Ends the wait, if there is one: a generator that waits would hear of it after the next message. */
  leave(): void;
}

async function* messages<T>(iteration: Iteration<T>, way: { isLeft: boolean }): Messages<T> {
  for (let count = 1; !way.isLeft; count++) {
    let found = iteration.now();
    if (found === undefined) {
      if (iteration.isOver) return;
      found = await iteration.wait();
      if (found === undefined) return;
    }
    yield found.message;
    // With no message in hand, which nobody would get if the iteration were left meanwhile.
    if (count % BUDGET === 0) await new Promise((resolve) => apply(setImmediate, undefined, [resolve]));
  }
}

const generators = getPrototypeOf(messages.prototype as object) as Messages<unknown>;
const { return: leave, throw: fail } = generators;

/** As that of the prototype. */
function define(generator: object, name: 'return' | 'throw', method: (argument: unknown) => unknown): void {
  defineProperty(method, 'name', { __proto__: null, value: name, configurable: true } as PropertyDescriptor);
  defineProperty(generator, name, { __proto__: null, value: method, writable: true, configurable: true } as PropertyDescriptor);
}

export function iterate<T>(iteration: Iteration<T>): Messages<T> {
  const way = { isLeft: false };
  const generator = messages(iteration, way);
  const end = (): void => {
    way.isLeft = true;
    iteration.leave();
  };
  define(generator, 'return', (value: unknown) => {
    end();
    return apply(leave, generator, [value as undefined]);
  });
  define(generator, 'throw', (reason: unknown) => {
    end();
    return apply(fail, generator, [reason]);
  });
  return generator;
}
