/**
 * Whether a long array has named properties beside its elements.
 *
 * JavaScript can only list all keys, which costs 14 ns an element; util.inspect asks V8 for the non-index keys alone,
 * and prints them. 1.8 us whatever the length. Where that does not say yes (extra keys, another format, patched
 * prototypes), the keys are listed after all.
 */
import { inspect } from 'node:util';
import { defineOwn, denseArray, objectKeys, prototypesPristine } from './primordials';

const options = {
  __proto__: null, breakLength: Infinity, colors: false, compact: 3, customInspect: false, depth: 0, getters: false,
  maxArrayLength: 0, maxStringLength: 0, numericSeparator: false, showHidden: false, showProxy: false, sorted: false,
} as object;

const PROBE = 100;
/** Found out when it is first asked: what inspect needs takes Node a millisecond to load. */
let works: boolean | undefined;

export function isCleanLongArray(array: unknown[]): boolean {
  // inspect builds arrays of its own, which setters on the prototypes would break.
  if (prototypesPristine() && (works ??= probe()) && printed(array) === clean(array.length)) return true;
  const keys = objectKeys(array);
  const last = keys[keys.length - 1];
  return last !== undefined && `${+last}` === last && +last < array.length;
}

/** Nothing where a program has patched one of the methods that inspect calls. */
function printed(array: unknown[]): string | undefined {
  try {
    return inspect(array, options);
  } catch {
    return undefined;
  }
}

function clean(length: number): string {
  return `[ ... ${length} more items ]`;
}

function probe(): boolean {
  const array = denseArray(PROBE, 0);
  if (printed(array) !== clean(PROBE)) return false;
  defineOwn(array, 'extra', 1);
  const extra = printed(array);
  return extra !== undefined && extra !== clean(PROBE);
}
