/**
 * Messages that Node has handed over ahead of their turn move with their port: in a lane of their own, which is baggage of the port. Node
 * gives no way to put a message back.
 */
import { NotCarried } from '../errors';
import { FORCED, TOO_LARGE } from '../native';
import type { Batch } from './batch';
import { hasPorts, taken } from './carrier';
import { close, finish } from './closing';
import { runInContext } from './context';
import { type Carried, Fifo, KIND_CARRIER, KIND_VALUE, type PortState, stateOf } from './state';
import { onTidy } from './step';
import type { StockPort } from './stock';
import { decode } from './take';
import { batches, closeSlot, detachSlot, encoder, hold, keepHeld, meetPeer, native, READER_KNOWN, releaseEncoder, sendAhead, sendEncoded, takeHeld, wantTidy } from './thread';

/** How a held message travels: its number, whether it is an error, and what it is. */
type Packed = readonly [index: number, isError: boolean, value: unknown];

/** Before the port leaves its thread. What is held stays held here as well, should it come back. */
export function pack(state: PortState): void {
  if (state.held.length === 0) return;
  const near = native.openChannel(0, 0);
  const far = meetPeer(near);
  state.held.forEach((message) => send(near, message));
  keepHeld(state.slot, detachSlot(far, 0, 0, READER_KNOWN));
  closeSlot(near);
}

function send(slot: number, { index, type, value }: Carried): void {
  const packed: Packed = [index, type === 'messageerror', value];
  // An error of ours loses its code where it is cloned: it is told of again.
  if (!(value instanceof NotCarried) && encoder.encode(packed)) {
    const status = sendEncoded(slot, KIND_VALUE, FORCED);
    releaseEncoder();
    if (status !== TOO_LARGE) return;
  }
  // That there was one is told.
  sendAhead(slot, KIND_CARRIER, index);
}

/** `state` keeps a message that came ahead of its turn. */
export function holdBack(state: PortState, message: Carried): void {
  markUnread(message.ports);
  state.hold(message);
}

export function markUnread(ports: unknown): void {
  if (!hasPorts(ports)) return;
  for (let i = 0; i < ports.length; i++) {
    const state = stateOf(ports[i]);
    if (state !== undefined) state.unread = true;
  }
}

/** Ports whose ends came while they were unread. */
const ended = new Fifo<PortState>();

/** Somebody gets a message with `ports`. */
export function toReader(ports: StockPort[]): void {
  for (let i = 0; i < ports.length; i++) {
    const state = stateOf(ports[i]);
    if (state === undefined || !state.unread) continue;
    state.unread = false;
    if (!state.ended || state.slot >= 0) continue;
    ended.push(state);
    hold(1);
    wantTidy();
  }
}

/** Ports out of messages that nobody reads any more. */
const unread = new Fifo<StockPort>();

/** Nobody reads what is held any more. As in Node's queue, the ports in it close; in a turn of the loop, since a post may be on the stack. */
export function drop({ held }: PortState): void {
  held.drain(({ ports }) => {
    if (!hasPorts(ports)) return;
    for (let i = 0; i < ports.length; i++) unread.push(ports[i]!);
    wantTidy();
  });
}

onTidy(() => {
  for (let state = ended.shift(); state !== undefined; state = ended.shift()) {
    hold(-1);
    runInContext(state, finish, undefined);
  }
  unread.drain((port) => close(port));
});

/** What travelled with the port that is in `slot` now. */
export function unpack(slot: number, use: (message: Carried) => void): void {
  const own = takeHeld(slot);
  if (own < 0) return;
  try {
    batches.each(own, (batch) => use(read(batch)));
  } finally {
    closeSlot(own);
  }
}

function read(batch: Batch): Carried {
  if (batch.kind === KIND_VALUE) {
    decode(batch);
    const { type, value } = taken;
    taken.value = undefined;
    if (type === 'messageerror') return { index: 0, type, value, ports: undefined };
    const [index, isError, content] = value as Packed;
    return { index, type: isError ? 'messageerror' : 'message', value: content, ports: undefined };
  }
  const error = new NotCarried('The message had left the built-in port when its own port was moved, and could not be taken along');
  return { index: batch.number, type: 'messageerror', value: error, ports: undefined };
}
