/** The end of a port: from the close of its handle to the event 'close', and to its slot. */
import { drop, pack } from './held';
import { closeInside } from './receive';
import { beforeClose } from './send';
import { HOLD_CLOSE, HOLD_REF, type PortState, stateOf } from './state';
import { mend } from './step';
import { type StockPort, stockClose, stockOnClose } from './stock';
import { hasRest, isPending, releaseBatch } from './take';
import { closeSlot, isPeerAdopted, native, schedule, setHold, slots } from './thread';

/** `port.close()`. */
export function close(port: StockPort, callback?: () => void): void {
  const state = stateOf(port);
  mend();
  if (state !== undefined && state.slot >= 0 && !state.closing) {
    beforeClose(state);
    if (state.delivering > 0 || state.handing) closeInside(state);
  }
  if (state !== undefined) state.closing = true;
  stockClose(port, callback);
  if (state !== undefined) endWaiting(state);
}

/** The handle is closed: 'close' follows when the lane is empty. */
export function onClosed(state: PortState): void {
  state.ended = true;
  if (state.slot < 0) {
    letGo(state);
    emitClose(state);
    return;
  }
  if (!state.closing && !state.laneOver) offer(state);
  if (state.delivering > 0) {
    // Who delivers ends the port.
    if (state.closing || !isPending(state)) return;
  } else if (state.closing || !hasRest(state)) {
    finish(state);
    return;
  }
  if (state.referenced) setHold(state, HOLD_REF, true);
  if (state.started) schedule(state.slot);
}

/**
 * The other side has closed, or something that does not ask us has moved the port. Only the other side can
 * tell: if it is there, it sends what is in the lane by the stock port, after the one that was moved.
 */
function offer(state: PortState): void {
  if (!(state.reading || state.laneOut || state.resting || isPending(state)) || !isPeerAdopted(state.slot)) return;
  releaseBatch(state);
  pack(state);
  native.offer(state.slot);
  state.offered = true;
}

/** `close()` on a port whose handle is closed already, and which was kept for what is left in the lane. */
function endWaiting(state: PortState): void {
  if (!isWaiting(state)) return;
  setHold(state, HOLD_CLOSE, true);
  schedule(state.slot);
}

/** Is it kept for what is left in the lane, with a handle that is closed? Node would keep the handle for what is left in its queue. */
export const isWaiting = (state: PortState | undefined): state is PortState => state?.ended === true && state.slot >= 0 && !state.offered;

/** Free the slot and emit 'close'. */
export function finish(state: PortState): void {
  forget(state);
  emitClose(state);
}

/** Who gets the port later gets 'close' then (see `toReader` in held.ts). */
function emitClose(state: PortState): void {
  if (!state.unread) stockOnClose(state.port);
}

/** What is under way does not arrive any more, and nothing is owed for it. */
function letGo(state: PortState): void {
  state.dropSizes();
  state.full = false;
  setHold(state, state.holds, false);
}

/** The port has no channel any more. */
export function forget(state: PortState): void {
  releaseBatch(state);
  const { slot } = state;
  letGo(state);
  state.slot = -1;
  if (slot < 0) return;
  slots[slot] = undefined;
  closeSlot(slot);
  drop(state);
}
