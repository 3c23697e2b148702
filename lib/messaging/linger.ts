/**
 * The close of a port whose peer is on its way to a thread that may be about to load the package. Only if that thread reads the lane does
 * all come in order. So the port closes, but its end of the channel lingers in another port of this thread, until it is known who reads.
 */
import * as timers from 'node:timers';
import { adoptAs } from './adopt';
import { close } from './closing';
import { forgetMoved, HOPE_MS, moving } from './move';
import { type PortState, stateOf } from './state';
import { StockChannel, type StockPort, stockClose, stockPost, stockReceive } from './stock';
import { isPeerHoping, laneBuffered, READER_KNOWN } from './thread';

/** How often it is looked, in milliseconds. */
const LOOK_MS = 10;

const { setInterval, clearInterval } = timers;

/** Must its end linger? In a handler of its own Node would still deliver to it; in a getter it is needed as it is. */
export const mustLinger = (state: PortState): boolean =>
  state.laneOut && state.delivering === 0 && !state.handing && !state.ended && state.cloning === 0 && isPeerHoping(state.slot) && laneBuffered(state.slot) > 0;

/** Moves its end; to its owner the port is as one that was closed. */
export function linger(state: PortState): void {
  const port = carryOff(state);
  let looks = (2 * HOPE_MS) / LOOK_MS;
  // It keeps the thread alive: what was posted here must arrive.
  const timer = setInterval(() => {
    const { slot } = stateOf(port)!;
    if (slot >= 0 && isPeerHoping(slot) && looks-- > 0) return;
    clearInterval(timer);
    close(port);
  }, LOOK_MS);
}

function carryOff(state: PortState): StockPort {
  const { port } = state;
  const { port1, port2 } = new StockChannel();
  let moved: StockPort;
  const detached = moving(undefined, [port], READER_KNOWN, () => {
    stockPost(port1, port, [port]);
    moved = (stockReceive(port2) as { message: StockPort }).message;
  });
  const { ticket } = detached[0]!;
  detached[0]!.ticket = -1;
  forgetMoved(detached, [port], true);
  adoptAs(moved!, ticket, state);
  stockClose(port1);
  return moved!;
}
