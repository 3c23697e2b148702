/** The stack of the thread does not hold the nesting of a value, or nothing here all of its text or words: no fault of the message. */
import { captured, getPrototypeOf, isNativeError, ownValue, RangeErrorPrototype } from './primordials';

export function isStackOverflow(error: unknown): boolean {
  return isRangeError(error, 'Maximum call stack size exceeded');
}

/** Thrown where a message has more words than native memory takes in one piece. */
export const TOO_MANY_WORDS = new captured.Error('too many words');

export function isTooLong(error: unknown): boolean {
  return error === TOO_MANY_WORDS || isRangeError(error, 'Invalid string length');
}

function isRangeError(error: unknown, message: string): boolean {
  return isNativeError(error) && getPrototypeOf(error) === RangeErrorPrototype && ownValue(error, 'message') === message;
}
