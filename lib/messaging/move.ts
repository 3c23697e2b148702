/**
 * Ports in transfer lists. The stock message carries the port itself; its lanes travel as cargo of
 * that message's number in the native table, so that they cannot be guessed or mixed up.
 */
import * as timers from 'node:timers';
import { apply, bareList, captured, isArray, isArrayBuffer, isProxy, setAdd, setHas, typedArrayLength } from '../codec/primordials';
import { comeBack } from './adopt';
import { holdOwed } from './drain';
import { safePost } from './guard';
import { drop, pack } from './held';
import { openLocal, unlink } from './pair';
import { GATE_OPEN, GATE_RECALL } from '../native';
import { recall } from './recall';
import { openGate, start } from './receive';
import { Attempt, endCarrying, endLate, enterLane, isApart, leaveLane, postSettled, postTransfer } from './send';
import { type PortState, stateOf } from './state';
import { mend, step } from './step';
import { isStockPort, type StockPort } from './stock';
import { releaseBatch } from './take';
import {
  detachSlot, dropTickets, gate, giveUpOld, isPeerAdopted, laneBuffered, loadCargo, native, pinBroadcasts, READER_HOPED, READER_KNOWN, READER_NONE, setHold,
  slots, stockSent, takeBarrier, ticketList,
} from './thread';

/** A port of ours that has been taken off this thread, until its transfer is certain. */
export interface Detached {
  state: PortState;
  /** -1 once it was used, and the port is what it was; or BACK. */
  ticket: number;
  /** Once it is back, until it has them again; else -1. */
  modes: number;
  /** What its own posts carry that are further up the stack, until it is back or gone for certain; else -1. */
  underWay: number;
}

/** The port is in this thread again, and has yet to take up what it did. */
const BACK = -2;

/**
 * The entries of a transfer list, read as Node reads it: once, by index or by its iterator.
 * Undefined for what Node rejects.
 */
export function readList(transfer: object): unknown[] | undefined {
  const list = readIterable(transfer);
  if (list !== undefined) return list;
  const { transfer: inner } = transfer as { transfer?: unknown };
  if (inner === undefined) return [];
  return typeof inner === 'object' && inner !== null ? readIterable(inner) : undefined;
}

/** The same without Node's second try, `{ transfer }`. */
export function readIterable(object: object): unknown[] | undefined {
  const list = bareList<unknown>();
  // Node iterates a proxy of an array.
  if (!isProxy(object) && isArray(object)) {
    for (let i = 0, { length } = object; i < length; i++) list[i] = object[i];
    return list;
  }
  const method = (object as Iterable<unknown>)[Symbol.iterator];
  if (typeof method !== 'function') return undefined;
  const iterator = apply(method, object, []) as Iterator<unknown>;
  if (typeof iterator !== 'object' || iterator === null) return undefined;
  const { next } = iterator;
  if (typeof next !== 'function') return undefined;
  for (;;) {
    const result = apply(next, iterator, []) as IteratorResult<unknown>;
    if (typeof result !== 'object' || result === null) return undefined;
    if (result.done) return list;
    list[list.length] = result.value;
  }
}

/** The ports in a list, each once. */
export function portsIn(list: unknown[]): StockPort[] {
  const ports = bareList<StockPort>();
  let seen: Set<StockPort> | undefined;
  for (let i = 0; i < list.length; i++) {
    const entry = list[i];
    if (!isStockPort(entry)) continue;
    seen ??= new captured.Set();
    if (setHas(seen, entry)) continue;
    setAdd(seen, entry);
    ports[ports.length] = entry;
  }
  return ports;
}

/** Calls `use` with the place in `ports` of each that is there. The two orders mostly agree. */
function forEachPlace(detached: Detached[], ports: StockPort[], use: (entry: Detached, index: number) => void): void {
  const { length } = ports;
  let next = 0;
  for (let i = 0; i < detached.length; i++) {
    const { port } = detached[i]!.state;
    for (let n = 0; n < length; n++, next++) {
      if (next === length) next = 0;
      if (ports[next] !== port) continue;
      use(detached[i]!, next);
      break;
    }
  }
}

/** Is there nothing in the list that could bring ports of its own (a stream)? */
export function isPlain(list: unknown[]): boolean {
  for (let i = 0; i < list.length; i++) if (!isStockPort(list[i]) && !isArrayBuffer(list[i])) return false;
  return true;
}

/** `postMessage(value, list)` with a list that is not empty. */
export function postWithList(state: PortState, value: unknown, list: unknown[]): boolean | undefined {
  const ports = portsIn(list);
  // What was cut short would have a say in the way this one goes.
  mend();
  if (ports.length === 0) return postTransfer(state, value, list);
  // Its half of the channel may be on offer to the peer (see `offer` in closing.ts).
  if (isApart(state) || (state.slot < 0 && !openLocal(state))) return postToStock(state, value, list, ports);
  // Within a getter the posts around it have their numbers.
  if (state.cloning === 0 && isPeerAdopted(state.slot) && (takeBarrier(state.slot) || state.late)) endLate(state);
  settleLane(state);
  const { slot } = state;
  const detached = bareList<Detached>();
  const attempt = new Attempt(state, value, list);
  let isLoaded = false;
  let isOver = false;
  /** Fresh tickets, of what was loaded; and whether something became of them. */
  let tickets: Int32Array | undefined;
  let isSettled = false;
  const body = (): void => {
    detachAll(state, ports, readerOf(state, list), detached);
    loadCargo(slot, stockSent(slot), ticketsOf(ports, detached));
    isLoaded = true;
    spend(ports, detached);
    postSettled(state, attempt);
    isOver = true;
  };
  step(body, () => {
    if (attempt.posted === true) {
      forgetMoved(detached, ports);
      return;
    }
    if (!isLoaded) {
      reattachAll(detached);
      return;
    }
    // A getter may have posted meanwhile: its number may be another one now; or moved this port in vain, and then so may the slot.
    const { slot: now } = state;
    if (now >= 0) tickets ??= native.unloadLast(now, stockSent(now));
    if (!isOver) {
      if (!isSettled && tickets !== undefined) give(detached, tickets, ports);
      isSettled = true;
      reattachAll(detached);
      return;
    }
    // There is nobody who could receive the message, and Node closes the ports in it. Their halves are not taken back here: the peers may be at them already.
    if (!isSettled) {
      isSettled = true;
      if (tickets !== undefined) dropTickets(ticketList(tickets));
    }
    forgetMoved(detached, ports);
  });
  return attempt.posted;
}

function readerOf({ slot }: PortState, list: unknown[]): number {
  if (!isPlain(list)) return READER_NONE;
  return isPeerAdopted(slot) ? READER_KNOWN : READER_HOPED;
}

/** The way this message goes must not change after its number was taken. */
function settleLane(state: PortState): void {
  const current = gate(state.slot);
  if (!state.laneOut) enterLane(state);
  else if (current === GATE_RECALL) recall(state);
  else if (current !== GATE_OPEN && laneBuffered(state.slot) === 0) leaveLane(state);
}

/** The carrier has no channel: what it carries arrives as plain stock ports. */
function postToStock(state: PortState, value: unknown, list: unknown[], ports: StockPort[]): boolean | undefined {
  if (state.isMember) pinBroadcasts(state.slot);
  let posted: boolean | undefined;
  const detached = moving(state, ports, READER_NONE, () => void (posted = safePost(state.port, value, list)));
  forgetMoved(detached, ports);
  return posted;
}

/** Takes `ports` off this thread for `move`, which moves them (`forgetMoved` is to follow). If it fails, they live on here. */
export function moving(carrier: PortState | undefined, ports: StockPort[], reader: number, move: (detached: Detached[]) => void): Detached[] {
  const detached = bareList<Detached>();
  let isMoved = false;
  const body = (): void => {
    detachAll(carrier, ports, reader, detached);
    move(detached);
    isMoved = true;
  };
  step(body, () => {
    if (!isMoved) reattachAll(detached);
  });
  return detached;
}

/** For each port its ticket, or -1: for whoever claims them. `spend` is to follow. */
export function ticketsOf(ports: StockPort[], detached: Detached[]): number[] {
  const tickets = bareList<number>();
  for (let i = 0; i < ports.length; i++) tickets[i] = -1;
  forEachPlace(detached, ports, ({ ticket }, index) => {
    tickets[index] = ticket;
  });
  return tickets;
}

/** The tickets of these ports were redeemed. */
export function spend(ports: StockPort[], detached: Detached[]): void {
  forEachPlace(detached, ports, (entry) => {
    entry.ticket = -1;
  });
}

/** A number is given out again after its ticket was redeemed. */
function useTicket(entry: Detached): number {
  const { ticket } = entry;
  entry.ticket = -1;
  return ticket;
}

/** Take the lanes of all ports in `ports` off this thread, but for those of `carrier`, and note each in `detached`. */
export function detachAll(carrier: PortState | undefined, ports: StockPort[], reader: number, detached: Detached[]): void {
  for (let i = 0; i < ports.length; i++) {
    const state = stateOf(ports[i]);
    if (state === undefined || state === carrier || state.closing || state.ended) continue;
    if (state.isMember) {
      // Somebody has dug it out of its channel.
      pinBroadcasts(state.slot);
      continue;
    }
    if (state.slot < 0 && !openLocal(state)) continue;
    detach(state, reader, detached);
  }
  if (reader === READER_HOPED && detached.length > 0) hope();
}

function detach(state: PortState, reader: number, detached: Detached[]): void {
  pack(state);
  endCarrying(state);
  releaseBatch(state);
  setHold(state, state.holds, false);
  const { slot, modes } = state;
  const underWay = state.cloning > 0 ? native.takeUnderWay(slot) : -1;
  const ticket = detachSlot(slot, state.received, modes, reader);
  slots[slot] = undefined;
  state.slot = -1;
  detached[detached.length] = { state, ticket, modes, underWay };
}

/** The ports have fresh tickets; those that have none do not come back. */
function give(detached: Detached[], tickets: Int32Array, ports: StockPort[]): void {
  const count = typedArrayLength(tickets);
  forEachPlace(detached, ports, (entry, index) => {
    if (index < count) entry.ticket = tickets[index]!;
  });
}

/** The transfer did not take place: the ports live on here. */
export function reattachAll(detached: Detached[]): void {
  for (let i = 0; i < detached.length; i++) reattach(detached[i]!);
}

/** Goes on where it was cut short (see step.ts). */
function reattach(entry: Detached): void {
  const { state, ticket } = entry;
  if (ticket >= 0) {
    const found = native.reattach(ticket);
    const slot = found >>> 4;
    state.slot = slot;
    slots[slot] = state;
    entry.modes = found & 15;
    if (entry.underWay >= 0) native.putBackUnderWay(slot, entry.underWay);
    entry.ticket = BACK;
  }
  if (entry.ticket !== BACK) return;
  if (entry.modes >= 0) {
    state.modes = entry.modes;
    entry.modes = -1;
  }
  comeBack(state);
  if (state.full) holdOwed(state);
  if (state.started) start(state);
  else if (state.reading) openGate(state);
  entry.ticket = -1;
}

/** A thread has so long, and at most twice, to load the package before what the lanes of its ports hold comes in another way. */
const HOPE_MS = 1000;

const { setTimeout } = timers;

let isHoping = false;

/** Some of the ports that have left may hope for a reader. */
function hope(): void {
  if (isHoping || giveUpOld() === 0) return;
  isHoping = true;
  setTimeout(endHope, HOPE_MS).unref();
}

function endHope(): void {
  isHoping = false;
  hope();
}

/**
 * The transfer of `ports` took place. Where nobody has taken their tickets they went where nobody reads lanes. `stays`: what they hold is
 * still wanted.
 */
export function forgetMoved(detached: Detached[], ports: StockPort[], stays = false): void {
  const left = bareList<number>();
  for (let i = 0; i < detached.length; i++) {
    unlink(detached[i]!.state);
    if (!stays) drop(detached[i]!.state);
    left[i] = useTicket(detached[i]!);
    if (detached[i]!.underWay >= 0) native.dropUnderWay(detached[i]!.underWay);
  }
  dropTickets(left);
  for (let i = 0; i < ports.length; i++) {
    const state = stateOf(ports[i]);
    if (state !== undefined) state.over = true;
  }
}
