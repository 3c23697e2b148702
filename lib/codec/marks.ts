/** Objects that Node was told not to clone (`markAsUncloneable`): they refuse the message, and Node throws. */
import { captured, weakSetAdd, weakSetHas } from './primordials';

const marked = new captured.WeakSet<object>();

/** Was anything ever marked in this thread? */
export let hasMarks = false;

export function mark(object: object): void {
  hasMarks = true;
  weakSetAdd(marked, object);
}

export const isMarked = (object: object): boolean => weakSetHas(marked, object);
