/** What `send` wants to know about a text. */
import { charCodeAt, regExpExec } from '../codec/primordials';
import { SHORT_TEXT, UNKNOWN } from '../native';

const WIDE = /[^\x00-\xff]/;

/** The value of TX_WIDE. Flattens a long text. */
export function width(text: string): number {
  if (text.length <= SHORT_TEXT) return UNKNOWN;
  // The expression looks once at a one-byte string; in another its result is an array to be made.
  return charCodeAt(text, 0) > 0xff || regExpExec(WIDE, text) !== null ? 1 : 0;
}

/** The last UTF-16 unit of a text that is not empty. */
export const lastUnit = (text: string): number => charCodeAt(text, text.length - 1);
