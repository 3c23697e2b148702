/**
 * Two ports of this thread that belong together. They use the stock port: a lane pays between threads
 * only, and what has no lane moves exactly as Node moves it. Their channel is made when one of them is
 * transferred.
 */
import { settleLocal } from './drain';
import { NO_SIZES, type PortState } from './state';
import { tell } from './listen';
import { closeSlot, meetPeer, native, setGateOpen, setListener, setMark, setQueuesUntil, slots, stockBegin, stockEnd, tellAll, wordOf } from './thread';

/** The other end of `state` leaves this thread: from now on there may be a lane. */
export function unlink(state: PortState): void {
  const { peer } = state;
  if (peer === undefined) return;
  state.peer = undefined;
  peer.peer = undefined;
  if (peer.slot >= 0 && peer.reading) setGateOpen(peer.slot);
}

/** A port has arrived; if its other end is in this thread, they are a pair again. */
export function meet(state: PortState): void {
  const peer = slots[meetPeer(state.slot)];
  if (peer === undefined) return;
  state.peer = peer;
  peer.peer = state;
}

/** False if the port has no peer of ours in this thread. */
export function openLocal(state: PortState): boolean {
  const { peer } = state;
  if (peer === undefined || peer.slot >= 0 || state.closing || peer.closing || peer.ended) return false;
  if (unfinished >= 0) drop();
  // What is under way is counted there, too.
  unfinished = native.openChannel(state.sent - state.sizes.length, peer.sent - peer.sizes.length);
  const slot = unfinished;
  const far = meetPeer(slot);
  prepare(state, slot);
  prepare(peer, far);
  // In one breath (see step.ts): a pair with a slot for one of the two would never end.
  state.slot = slot;
  slots[slot] = state;
  state.sizes = NO_SIZES;
  peer.slot = far;
  slots[far] = peer;
  peer.sizes = NO_SIZES;
  unfinished = -1;
  return true;
}

/** The slot of a channel that is being prepared, or was when that was cut short. */
let unfinished = -1;

function drop(): void {
  const slot = unfinished;
  unfinished = -1;
  closeSlot(meetPeer(slot));
  closeSlot(slot);
}

function prepare(state: PortState, slot: number): void {
  setMark(slot, state.rare.highWaterMark);
  state.sizes.forEach((size) => {
    stockBegin(slot);
    stockEnd(slot, size);
    tellAll();
  });
  if (state.queuesUntil > 0) setQueuesUntil(slot, state.queuesUntil);
  // A getter asks for the channel: the posts around it are counted there.
  for (let post = 0; post < state.cloning; post++) stockBegin(slot);
  const { signal } = state.rare;
  if (signal !== undefined) setListener(slot, wordOf(signal));
}

/** A message of that size went to the peer in this thread. */
export function sentLocal(state: PortState, size: number): void {
  state.sent++;
  state.addSize(size);
  const signal = state.peer?.rare.signal;
  if (signal !== undefined) tell(wordOf(signal));
  settleLocal(state);
}

/** The peer of `state` has received the oldest message. */
export function receivedLocal(state: PortState): void {
  state.dropSize();
  settleLocal(state);
}
