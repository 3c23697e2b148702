/** The stack of the thread does not hold the nesting of a value: no fault of the message. */
import { getPrototypeOf, isNativeError, ownValue, RangeErrorPrototype } from './primordials';

export function isStackOverflow(error: unknown): boolean {
  if (!isNativeError(error) || getPrototypeOf(error) !== RangeErrorPrototype) return false;
  return ownValue(error, 'message') === 'Maximum call stack size exceeded';
}
