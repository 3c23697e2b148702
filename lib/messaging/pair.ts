/** Two ports of this thread that belong together get a channel when it is first of use. */
import type { PortState } from './state';
import { attach, native } from './thread';

export function unlink(state: PortState): void {
  const { peer } = state;
  if (peer === undefined) return;
  state.peer = undefined;
  peer.peer = undefined;
}

/** False if the port has no peer of ours in this thread. */
export function openLocal(state: PortState): boolean {
  const { peer } = state;
  if (peer === undefined || peer.slot >= 0 || state.closing || peer.closing || peer.ended) return false;
  const pair = native.openChannel(peer.received, state.received);
  enter(state, pair[0]!);
  enter(peer, pair[1]!);
  return true;
}

function enter(state: PortState, slot: number): void {
  attach(state, slot);
  native.setHighWaterMark(slot, state.highWaterMark);
  if (state.reading) native.openGate(slot);
}
