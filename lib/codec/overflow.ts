/** The stack of the thread does not hold the nesting of a value, or no string all of its text: no fault of the message. */
import { getPrototypeOf, isNativeError, ownValue, RangeErrorPrototype } from './primordials';

export function isStackOverflow(error: unknown): boolean {
  return isRangeError(error, 'Maximum call stack size exceeded');
}

export function isTextOverflow(error: unknown): boolean {
  return isRangeError(error, 'Invalid string length');
}

function isRangeError(error: unknown, message: string): boolean {
  return isNativeError(error) && getPrototypeOf(error) === RangeErrorPrototype && ownValue(error, 'message') === message;
}
