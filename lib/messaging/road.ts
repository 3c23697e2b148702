/**
 * What is being cloned. To Node a `SharedQueue` is an object with one property, whose getter asks here: on a road of ours the value is the
 * queue's memory, which becomes a queue again where it arrives (queues.ts).
 */
import type { PortState } from './state';
import { step } from './step';
import { setQueuesUntil, stockSent } from './thread';

/** A port; or something without a slot. */
export interface Road {
  slot: number;
  /** Messages with a number below this may bring queues. */
  queuesUntil: number;
}

/** Undefined where Node clones for others. */
let road: Road | undefined;

/** Returns what `leaveRoad` wants: a getter may post as well. */
export function enterRoad(next: Road): Road | undefined {
  const outer = road;
  road = next;
  return outer;
}

export function leaveRoad(outer: Road | undefined): void {
  road = outer;
}

/** `body` clones for this road. */
export function onRoad(next: Road, body: () => void): void {
  let outer: Road | undefined;
  let isEntered = false;
  const within = (): void => {
    outer = enterRoad(next);
    isEntered = true;
    body();
  };
  step(within, () => {
    if (isEntered) leaveRoad(outer);
    isEntered = false;
  });
}

/** A queue is being cloned: does it become one again? Then the other side will look for it. */
export function carriesQueue(): boolean {
  if (road === undefined) return false;
  // The number of this message is not known yet: a getter may still post.
  road.queuesUntil = Infinity;
  setQueuesUntil(road.slot, Infinity);
  return true;
}

/** Before a post: those that brought queues are behind us. */
export function limitQueues(state: PortState): void {
  if (state.queuesUntil !== Infinity || state.cloning > 0 || state.late) return;
  state.queuesUntil = state.slot < 0 ? state.sent : stockSent(state.slot);
  if (state.slot >= 0) setQueuesUntil(state.slot, state.queuesUntil);
}
