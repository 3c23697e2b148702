/**
 * Objects that Node was told not to clone (`markAsUncloneable`): they refuse the message, and Node throws. Nothing asks for
 * marks before the first one.
 */
import { Encoder } from './encoder';
import { captured, weakSetAdd, weakSetHas } from './primordials';
import type { Site } from './shapes';

const marked = new captured.WeakSet<object>();
let isAsked = false;

interface Asking extends Encoder {
  unmarked(value: object, site: Site): boolean;
}

function ask(prototype: Asking): void {
  isAsked = true;
  prototype.unmarked = prototype.object;
  prototype.object = function (this: Asking, value, site) {
    return !weakSetHas(marked, value) && this.unmarked(value, site);
  };
}

export function mark(object: object): void {
  if (!isAsked) ask(Encoder.prototype as Asking);
  weakSetAdd(marked, object);
}
