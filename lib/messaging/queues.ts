/** Queues in what has arrived (see road.ts). */
import { getPrototypeOf, hasOwn, ObjectPrototype, ownValue } from '../codec/primordials';
import { attachAs, QUEUE } from '../queue/shared-queue';
import { someObject } from './find';
import { onRoad, type Road } from './road';

function reviveQueue(object: object): boolean {
  if (!hasOwn(object, QUEUE) || getPrototypeOf(object) !== ObjectPrototype) return false;
  try {
    attachAs(object, ownValue(object, QUEUE));
  } catch {
    // Somebody else's property of that name, or memory that is no queue's any more.
  }
  return false;
}

/** Makes queues of those in `value`, in place: what refers to one need not change. */
export function reviveQueues(value: unknown): void {
  someObject(value, reviveQueue);
}

/** A clone for this thread, and its queues. */
export function cloningQueues(clone: () => unknown): unknown {
  const road: Road = { slot: -1, queuesUntil: 0 };
  let value: unknown;
  onRoad(road, () => void (value = clone()));
  if (road.queuesUntil > 0) reviveQueues(value);
  return value;
}
