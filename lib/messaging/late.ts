/**
 * Ends that were in this thread before the package: plain code may have read from them, and posted. So nobody knows which of their
 * stock messages is which, until a barrier comes: the peer is asked for one ahead of the lane, and ahead of ports. What waits in
 * Node's queue stays there, and moves on with the port.
 */
import { adoptPorts, hasPorts, nextEra, pull, sentBefore, taken } from './carrier';
import { markUnread } from './held';
import { deadline, isPast } from './sleep';
import type { Carried, PortState } from './state';
import { hasCargo, isPeerCounting, peerStockSent, setGateClosed, setGateOpen, wantBarrier } from './thread';

/** `state` was here before the package. */
export function markLate(state: PortState): void {
  state.late = true;
  state.uncounted = true;
  wantBarrier(state.slot);
}

/** How long it is waited for a post, in milliseconds: a getter in it may wait for this thread. */
const LONGEST_POST_MS = 1000;

/** Is the number of a stock message with `ports` needed now? They were sent ahead of the barrier, and cannot wait for it. */
export function needsNumber({ uncounted, closing, slot, received }: PortState, ports: unknown): boolean {
  return uncounted && hasPorts(ports) && !closing && slot >= 0 && hasCargo(slot, nextEra(received)) && isPeerCounting(slot);
}

/**
 * Holds a message whose number is needed, and all that is behind it: once the queue is seen empty while the peer is not posting,
 * the peer's count is the number of messages that were ever received. A peer that does not pause is asked to go on by the lane,
 * behind a barrier; what is in the stock queue ahead of that comes to an end. What a peer had sent that has closed is certain.
 */
export function holdRest(state: PortState, message: Carried): void {
  const { slot } = state;
  state.hold(message);
  state.catchingUp = true;
  setGateOpen(slot);
  const end = deadline(LONGEST_POST_MS);
  let sent: number;
  do {
    sent = peerStockSent(slot);
    while (state.catchingUp && pull(state)) state.hold({ ...taken, index: 0 });
  } while (state.catchingUp && (sent < 0 ? isPeerCounting(slot) && !isPast(end) : peerStockSent(slot) !== sent));
  if (!state.reading) setGateClosed(slot);
  if (!state.catchingUp) sent = sentBefore;
  else if (sent >= 0) {
    state.received = sent;
    state.uncounted = false;
  }
  state.catchingUp = false;
  // Who is in the middle of a post, perhaps for ever, tells nothing: the ports stay Node's.
  const first = sent < 0 ? 0 : sent - state.held.length;
  if (state.laneFed && first > message.index) state.own.missing = first - message.index;
  state.held.forEach((held, i) => {
    held.index = first + i;
    adoptPorts(state, held.index, held.ports);
    markUnread(held.ports);
  });
}
