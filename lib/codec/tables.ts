/**
 * How V8 keeps the properties of large objects. It lists those of an object that was filled key by key, a hash table, anew for each for-in, and to look
 * each of them up takes half the time; those of others it reads by position, three times as fast. Nobody tells which it is, but to list the keys
 * takes a table ten times as long: that is measured now and then.
 */
import { objectKeys } from './primordials';
import type { Site } from './shapes';

/** Keys beyond which the difference is worth the look. */
const MANY = 64;
/** Objects between two measurements. */
const PERIOD = 16;
/** Nanoseconds for a key. */
const SLOW = 6;

// A program may have put its own in the place of this.
const now: () => bigint = process.hrtime.bigint ?? (() => 0n);

/** Is an object of `count` keys, which have been listed before, likely to be a table, at this place? */
export function isTable(object: object, count: number, site: Site): boolean {
  if (count <= MANY) return false;
  if (site.untilMeasured-- > 0) return site.hasTables;
  site.untilMeasured = PERIOD;
  const start = now();
  objectKeys(object);
  site.hasTables = now() - start > count * SLOW;
  return site.hasTables;
}
