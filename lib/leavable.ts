/** Generators that wait for something nobody may send: `return()` and `throw()` end the wait rather than queue up behind it. */
import { apply, defineProperty, getPrototypeOf } from './codec/primordials';

export type Messages<T> = AsyncGenerator<T, void, undefined>;

const generators = getPrototypeOf(async function* () {}.prototype as object) as Messages<unknown>;
const { return: leave, throw: fail } = generators;

/** As that of the prototype. */
function define(generator: object, name: 'return' | 'throw', method: (argument: unknown) => unknown): void {
  defineProperty(method, 'name', { __proto__: null, value: name, configurable: true } as PropertyDescriptor);
  defineProperty(generator, name, { __proto__: null, value: method, writable: true, configurable: true } as PropertyDescriptor);
}

/** `end` ends the wait under way, if there is one, and makes the generator return. */
export function leavable<T>(generator: Messages<T>, end: () => void): Messages<T> {
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
