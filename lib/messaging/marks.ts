/** `markAsUncloneable`: Node hides its mark even from us, so we keep one of our own. */
import { mark } from '../codec/marks';
import { named, stock } from './stock';

const stockMark = (stock as unknown as { markAsUncloneable?: (object: unknown) => void }).markAsUncloneable;

function markBoth(object: unknown): void {
  stockMark!(object);
  if ((typeof object === 'object' && object !== null) || typeof object === 'function') mark(object);
}

/** Undefined on a Node that does not have it. */
export const markAsUncloneable = stockMark && named(markBoth, stockMark);
