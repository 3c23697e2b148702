/**
 * What this thread has once: the native binding, the codec, its receive buffers and its table of
 * ports. Made when the package is loaded.
 */
import { BASE, Decoder, Encoder } from '../codec';
import { TOO_MANY_WORDS } from '../codec/overflow';
import { bareList, captured, defineOwn, floor, max, min, typedArrayLength, typedArrayOffset } from '../codec/primordials';
import {
  type Binding, FORCED, KEEP_WORDS, QUIET, raw, TOO_LARGE, TX_ATTACHMENTS, TX_END, TX_FORCE, TX_KIND, TX_LAST, TX_SLOT, TX_TEXT, TX_TOLD, TX_WIDE, WORDS,
} from '../native';
import { Batches, NUMBER_BASE } from './batch';
import type { PortState } from './state';
import { lastUnit, width } from './text';

/** Units from which a text may travel in a block of its own (LONGEST_SHORT in src/binding/text.rs). */
const LONG_TEXT = 16 << 10;

/** Set by receive.ts: the reactor's way into JS. */
let onNews: () => void = () => {};

/** Set by listen.ts. */
let tell: (told: number) => void = () => {};

function makeBinding(): Binding {
  if (raw instanceof Error) throw raw;
  return new raw.Binding(() => onNews());
}

function scratch(words: number): Int32Array {
  return new captured.Int32Array(new captured.SharedArrayBuffer(words * 4));
}

export const native: Binding = makeBinding();
const { op, send } = native;
export const { guard } = native;
/** How many calls of `guard` are on the stack. */
export const guards = (): number => op(54, 0, 0);

let isTidyDue = false;

/** What is in use may have been left so by code that was cut short: `tidy` (step.ts) is to look, in a turn of the loop. */
export function wantTidy(): void {
  if (isTidyDue) return;
  isTidyDue = true;
  op(55, 0, 0);
}

/** Has somebody asked since this was last called? */
export function takeTidy(): boolean {
  const isDue = isTidyDue;
  isTidyDue = false;
  return isDue;
}

/** Lets those know who wait elsewhere than in their event loops, after an order that may have told of them. */
function telling<T>(answer: T): T {
  tellAll();
  return answer;
}

/** The same, to be called at once after an order that does not do it. */
export function tellAll(): void {
  const told = tx[TX_TOLD]!;
  if (told !== 0) tell(told);
}

/** Small questions (src/binding/op.rs): they come with every message that travels by the stock port. */
export const gate = (slot: number): number => op(0, slot, 0);
export const stockBegin = (slot: number): number => op(1, slot, 0);
/** Did it reach the high-water mark? `tellAll` is to follow. */
export const stockEnd = (slot: number, size: number): boolean => op(2, slot, size) !== 0;
export const stockFailed = (slot: number): number => op(3, slot, 0);
/** Returns twice the number of voids that wait in the lane (see `KIND_VOID`), plus 1 if message `index` may bring queues. */
export const stockReceived = (slot: number, index: number): number => op(4, slot, index);
export const hasLaneFrames = (slot: number): boolean => op(5, slot, 0) !== 0;
const advance = (slot: number, frames: number): number => op(6, slot, frames);
export const schedule = (slot: number): number => op(7, slot, 0);
const attachmentSize = (slot: number, index: number): number => op(13, slot, index);
/** Are ports on their way that nobody has asked for, with a stock message of a number below `until`? */
export const hasCargo = (slot: number, until = Number.POSITIVE_INFINITY): boolean => op(8, slot, until) !== 0;
/** `stockBegin`, and the frame that keeps the message's place. Returns the gate, which must be open or forced; or REST, or NO_MEMORY, and nothing was done. `tellAll` is to follow. */
export const carry = (slot: number, force: boolean): number => op(9, slot, force ? 1 : 0);
/** `stockEnd` after `carry`. */
export const carried = (slot: number, size: number): boolean => op(30, slot, size) !== 0;
/** `stockEnd` with a frame of this kind behind the message (0: none), and with `stockBegin` if that has not been called for it. `tellAll` is to follow. */
export const endPost = (slot: number, kind: number, size: number, isBegun: boolean): boolean =>
  op(56, slot, size * 16 + (isBegun ? 0 : 8) + kind) !== 0;
/** `stockFailed`, and the frame that takes the one of `carry` back. Did it reach the high-water mark? `tellAll` is to follow. */
export const voidCarried = (slot: number): boolean => op(10, slot, 0) !== 0;
/** Twice the number of voids that wait in the lane, plus 1 if the stock message after number `received` has been posted. */
export const awaited = (slot: number, received: number): number => op(11, slot, received);
/** Of a member of a broadcast group: was the group in mode native when it joined? */
export const beganNative = (slot: number): boolean => op(31, slot, 0) !== 0;
/** A stock post of a member begins: what was posted natively is ahead of it. */
export const beginBroadcast = (slot: number): number => op(32, slot, 0);
export const endBroadcast = (slot: number, sent: boolean): number => op(33, slot, sent ? 1 : 0);
/** The group uses stock ports from now on: nobody may count what comes and goes. */
export const pinBroadcasts = (slot: number): number => op(34, slot, 0);
/** Stock messages with a number below `until` may bring queues; no slot: what workers are given. */
export const setQueuesUntil = (slot: number, until: number): number => op(45, slot, until);
/** May what this worker was given? */
export const mayDataBringQueues = (): boolean => op(46, 0, 0) !== 0;
export const voidTaken = (slot: number): number => op(12, slot, 0);
export const stockSent = (slot: number): number => op(14, slot, 0);
export const setStockSent = (slot: number, sent: number): number => op(15, slot, sent);
/** The peer's posts: number ended; that of their complement while one is under way. */
export const peerStockSent = (slot: number): number => op(16, slot, 0);
/** Let the peer write to the lane: the port was started here. */
export const setGateOpen = (slot: number): number => op(17, slot, 0);
/** Will `peerStockSent` tell how many there are? Not of a peer that is elsewhere, or was ended in the middle of a post. */
export const isPeerCounting = (slot: number): boolean => op(57, slot, 0) !== 0;
export const isPeerAdopted = (slot: number): boolean => op(18, slot, 0) !== 0;
/** Slot of the peer if it is in this thread, else -1. If it is, the gates of both are closed. */
export const meetPeer = (slot: number): number => op(19, slot, 0);
/** The peer is to begin its count again with a barrier when it next enters the lane, or sends ports. */
export const wantBarrier = (slot: number): number => op(41, slot, 0);
/** Does the peer want one? Then it is to follow at once. */
export const takeBarrier = (slot: number): boolean => op(42, slot, 0) !== 0;
/** It is about to be posted; it has been received. */
export const barrierBegin = (slot: number): number => op(47, slot, 0);
export const barrierReceived = (slot: number): number => op(48, slot, 0);
/** Keep the event loop alive (1), or undo that (-1). */
export const hold = (by: number): number => op(49, 0, by);
export const setGateClosed = (slot: number): number => op(44, slot, 0);
/** Nothing more is to come by the lane: this port closes. A member leaves its broadcast group. */
export const endGate = (slot: number): number => op(43, slot, 0);
/** Bytes that were sent and not received; those of them that are in the lane. */
export const buffered = (slot: number): number => op(20, slot, 0);
export const laneBuffered = (slot: number): number => op(21, slot, 0);
/** True if it was reached, and 'drain' is owed. */
export const setMark = (slot: number, bytes: number): boolean => op(22, slot, bytes) !== 0;
export const closeSlot = (slot: number): number => telling(op(23, slot, 0));
/** From now on a change of this word tells of what arrives (see listen.ts); 0: of none. */
export const setListener = (slot: number, word: number): number => op(35, slot, word);
/** The next arrival changes this word. */
export const setWaiter = (slot: number, word: number): number => op(36, slot, word);
/** Looks for frames for some microseconds. */
export const spin = (slot: number): boolean => op(37, slot, 0) !== 0;
export const takeWord = (): number => op(38, 0, 0);
export const giveWord = (word: number): number => op(39, 0, word);
/** One more, or less, who waits for queues and ports at once. */
export const waitAnywhere = (waits: boolean): number => op(40, 0, waits ? 1 : -1);

/** Who reads the lane of a port that leaves its thread: nobody, its next thread if that loads the package, its next thread. */
export const READER_NONE = 0;
export const READER_HOPED = 1;
export const READER_KNOWN = 2;

/** Take a port off this thread. Without a reader the peer is asked to take back what is still in the lane. Returns a ticket. */
export function detachSlot(slot: number, received: number, modes: number, reader: number): number {
  op(24, slot, received);
  return op(25, slot, modes * 4 + reader);
}

/** Ports that have hoped for a reader since the last call do so no longer. Returns how many still hope. */
export const giveUpOld = (): number => op(50, 0, 0);
/** The same for the peer of the port in `slot`, now. */
export const giveUpPeer = (slot: number): number => op(51, slot, 0);
/** The port of a ticket travels with the one in `slot` (see held.ts); -1: none does any more. */
export const keepHeld = (slot: number, ticket: number): number => op(52, slot, ticket);
/** The slot of what has travelled with the port in `slot`, or -1. */
export const takeHeld = (slot: number): number => op(53, slot, 0);

/** Stock message `index` of the port in `slot` will carry these ports (tickets; -1: not ours), if there are any. */
export function loadCargo(slot: number, index: number, tickets: number[]): void {
  if (tickets.length === 0) return;
  for (let i = 0; i < tickets.length; i++) op(26, i, tickets[i]!);
  op(27, slot, index);
}

/** The cargo of the post that is under way, or has failed: as fresh tickets. */
export const unloadLast = (slot: number): number[] => ticketList(native.unloadLast(slot, stockSent(slot)));

export function ticketList(tickets: Int32Array): number[] {
  const list = bareList<number>();
  for (let i = 0, count = typedArrayLength(tickets); i < count; i++) list[i] = tickets[i]!;
  return list;
}

/** Nobody will claim these ports: a channel that loses both its ends takes along what it carries. */
export const dropTickets = (tickets: number[]): void => loadCargo(-1, 0, tickets);

/** Attach the ports that stock message `index` has brought. Returns how many came; `unloaded` tells of each. */
export const unload = (slot: number, index: number): number => op(28, slot, index);
/** Of port number `i` the slot (-1: not ours), and what `detachSlot` was given. */
export const unloadedSlot = (i: number): number => op(29, 0, i * 3);
export const unloadedReceived = (i: number): number => op(29, 0, i * 3 + 1);
export const unloadedModes = (i: number): number => op(29, 0, i * 3 + 2);

export const batches = new Batches({
  advance,
  attachmentSize,
  copyAttachment: native.copyAttachment.bind(native),
  landed: native.landed,
  take: native.take,
  setReceive: native.setReceive.bind(native),
});

export const shapes = {
  register: (keys: string[]): number => native.registerShape(keys),
  lookup(id: number): string[] | undefined {
    const keys: string[] = [];
    for (;;) {
      const key = native.shapeKey(id, keys.length);
      if (key === null) return keys.length === 0 ? undefined : keys;
      defineOwn(keys, keys.length, key);
    }
  },
};

/** 1 GiB (`MAX_PAYLOAD` in src/lane/frame.rs), less what text goes with them. */
const MOST_WORDS = 2 ** 28 - WORDS;

let txWords = WORDS;
let tx = scratch(txWords);
native.setTransmit(tx);

export const encoder = new Encoder(
  tx,
  {
    grow(words: number): Int32Array {
      if (words > MOST_WORDS) throw TOO_MANY_WORDS;
      txWords = min(max(words, txWords * 2), MOST_WORDS);
      tx = scratch(txWords);
      native.setTransmit(tx);
      return tx;
    },
    onBusy: wantTidy,
  },
  shapes,
);
export const decoder = new Decoder(shapes);

/** Send what the encoder holds; `force`: even if the gate is closed. Returns the status. */
export function sendEncoded(slot: number, kind: number, force = 0): number {
  const words = tx;
  words[TX_SLOT] = slot;
  words[TX_END] = encoder.words;
  words[TX_KIND] = kind;
  words[TX_FORCE] = force;
  const { text, attachments } = encoder;
  if (text.length > LONG_TEXT) words[TX_LAST] = lastUnit(text);
  if (attachments === undefined && text.length === 0) {
    send();
    return telling(words[TX_SLOT]!);
  }
  words[TX_TEXT] = text.length;
  words[TX_WIDE] = width(text);
  if (attachments === undefined) send(text);
  else {
    words[TX_ATTACHMENTS] = attachments.length;
    send(text, attachments);
  }
  return telling(words[TX_SLOT]!);
}

/** A copy of the value that the encoder holds; `value` itself where the stack is too short for that. */
export function encodedValue(value: unknown): unknown {
  try {
    return decoder.decode(tx, BASE, encoder.words, encoder.text, 0, encoder.handOver());
  } catch {
    return value;
  }
}

/** `sendControl` with a number (`Batch.number`), ahead of another frame, which wakes the reader for both, and tells. False: there is no memory for it. */
export function sendAhead(slot: number, kind: number, number: number): boolean {
  return sendWords(slot, kind, QUIET, floor(number / NUMBER_BASE), number % NUMBER_BASE) !== TOO_LARGE;
}

/** Send a frame of our own, whether or not the gate is open: SENT, FULL, or TOO_LARGE without memory for it. `tellAll` is to follow. */
export function sendControl(slot: number, kind: number): number {
  return sendWords(slot, kind, FORCED, 0, 0);
}

/** A getter may ask for this while the encoder is in the middle of a message: the words of that one are put back. */
function sendWords(slot: number, kind: number, force: number, word0: number, word1: number): number {
  const words = tx;
  words[TX_SLOT] = slot;
  words[TX_END] = BASE + 2;
  words[TX_KIND] = kind;
  words[TX_FORCE] = force;
  const first = words[BASE]!;
  const second = words[BASE + 1]!;
  words[BASE] = word0;
  words[BASE + 1] = word1;
  send();
  words[BASE] = first;
  words[BASE + 1] = second;
  return words[TX_SLOT]!;
}

/** Let go of the user's values; a scratch that a large message has grown goes back to normal. */
export function releaseEncoder(): void {
  encoder.release();
  if (txWords > KEEP_WORDS) {
    txWords = WORDS;
    tx = scratch(txWords);
    native.setTransmit(tx);
    encoder.adopt(tx);
  }
}

/** Ports of this thread by slot. */
export const slots = bareList<PortState | undefined>();

export function attach(state: PortState, slot: number): void {
  state.slot = slot;
  slots[slot] = state;
  const { signal } = state.rare;
  if (signal !== undefined) setListener(slot, wordOf(signal));
}

/** The number of a port's word. */
export const wordOf = (signal: Int32Array): number => typedArrayOffset(signal) / 4;

export function setTell(handler: (told: number) => void): void {
  tell = handler;
}

export function setOnNews(handler: () => void): void {
  onNews = handler;
}

/** Note or drop a reason (HOLD_*) for which a port keeps the event loop alive. */
export function setHold(state: PortState, reason: number, on: boolean): void {
  const before = state.holds;
  state.holds = on ? before | reason : before & ~reason;
  if ((before === 0) !== (state.holds === 0)) hold(on ? 1 : -1);
}
