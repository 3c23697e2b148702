/**
 * The stock port as the carrier of what the codec does not take: taking messages out of its queue,
 * counting them, and taking in the ports that they bring.
 */
import { apply, defineOwn, defineProperty, floor, isArray, ownDescriptor, substring } from '../codec/primordials';
import { adoptArrivals } from './adopt';
import { holdBack, toReader } from './held';
import { holdRest, needsNumber } from './late';
import { receivedLocal } from './pair';
import { reviveQueues } from './queues';
import type { Carried, PortState } from './state';
import { step } from './step';
import { kHandle, StockPort, stockReceive } from './stock';
import { barrierReceived, hasCargo, native, stockReceived } from './thread';

/** Was a message put into `taken`? */
export type Taken = boolean;

/** The message that was taken last; read at once, by the function that asked for it. */
export const taken: { value: unknown; type: 'message' | 'messageerror'; ports: unknown } = {
  value: undefined,
  type: 'message',
  ports: undefined,
};

export function take(message: Carried): true {
  if (hasPorts(message.ports)) toReader(message.ports);
  taken.value = message.value;
  taken.type = message.type;
  taken.ports = message.ports;
  return true;
}

/** What barriers begin with. */
const BARRIER: string = native.barrier;

/**
 * Numbers of stock messages: `era * ERA + n`. A barrier begins an era, so that a number tells on which
 * side of the barrier its message is.
 */
const ERA = 2 ** 40;

const UNLIMITED = Number.POSITIVE_INFINITY;

export const nextEra = (count: number): number => (floor(count / ERA) + 1) * ERA;

/**
 * By this message a side tells from where on its count is right, after `sent` messages: it was not all the time (see
 * `PortState.late`), or the other side asks for it.
 */
export const barrier = (sent: number): string => `${BARRIER}${sent}`;

/** How many messages were sent before the barrier that came last. */
export let sentBefore = 0;

/** Consumes a barrier. Who catches up has done so. */
export function isBarrier(state: PortState, value: unknown): boolean {
  if (typeof value !== 'string' || state.slot < 0 || value.length <= BARRIER.length || substring(value, 0, BARRIER.length) !== BARRIER) return false;
  sentBefore = +substring(value, BARRIER.length);
  state.received = nextEra(sentBefore);
  state.uncounted = false;
  state.catchingUp = false;
  barrierReceived(state.slot);
  return true;
}

/** A message that has left the stock queue, until it is in `taken`, or held: V8 may end what runs between (step.ts), and it keeps its place. */
interface Caught {
  readonly state: PortState;
  readonly value: unknown;
  readonly type: 'message' | 'messageerror';
  readonly ports: StockPort[] | undefined;
  /** -1 until it is counted. */
  index: number;
}

let caught: Caught | undefined;

/** Whose next message is wanted, and, from when on Node looks into its queue until it has answered, whom it was asked for: cut short there, it loses the message. */
let wanted: PortState;
let asked: PortState | undefined;

/** To Node a `BroadcastChannel`. Between the getter and its answer no function of JS begins. Null where Node asks for no such thing. */
let asker: object | null | undefined;

function makeAsker(): object | null {
  const handle = kHandle();
  if (handle === undefined) return null;
  const get = (): StockPort => {
    asked = wanted;
    return wanted.port;
  };
  return defineProperty({ __proto__: null }, handle, { __proto__: null, get } as PropertyDescriptor);
}

/** Takes the next one out of the stock queue. */
function catchNext(state: PortState, ports: StockPort[] | undefined): void {
  if (asker === undefined) asker = makeAsker();
  wanted = state;
  try {
    const found = stockReceive((asker ?? state.port) as StockPort) as { message: unknown } | undefined;
    if (found !== undefined) caught = { state, value: found.message, type: 'message', ports, index: -1 };
  } catch (error) {
    caught = { state, value: error, type: 'messageerror', ports: undefined, index: -1 };
  }
  asked = undefined;
}

/** After who reads was cut short: what was caught comes next, or where nothing can be held is lost; and what is lost counts as received. */
export function keepCaught(): void {
  if (asked !== undefined) countLost(asked);
  if (caught === undefined) return;
  const { state, value, type, ports } = caught;
  if (type === 'messageerror' || !isBarrier(state, value)) {
    const index = count(caught);
    if (state.slot >= 0) holdBack(state, { value, type, ports, index });
  }
  caught = undefined;
}

function countLost(state: PortState): void {
  const { slot, isMember, peer, batch, received } = state;
  if (slot >= 0 && !isMember) stockReceived(slot, received);
  state.received = received + 1;
  if (batch !== undefined) batch.owed = false;
  asked = undefined;
  if (slot < 0 && peer !== undefined) receivedLocal(peer);
  state.own.lost = true;
}

/** The lane begins after `sent` messages, in an era of which nothing has come: what began it was lost. */
export function mendEra(state: PortState, sent: number): void {
  if (!state.rare.lost) return;
  state.own.lost = false;
  const era = floor(sent / ERA) * ERA;
  if (state.received < era) state.received = era;
}

/**
 * Take one message out of the stock queue into `taken`. False if it is empty, or if a barrier has
 * brought the count to `until`, or has ended the catching up.
 */
export function pull(state: PortState, until = UNLIMITED): Taken {
  if (state.over) return false;
  const { catchingUp } = state;
  for (;;) {
    if (state.slot >= 0 && hasCargo(state.slot)) recordPorts(true, (ports) => catchNext(state, ports));
    else catchNext(state, undefined);
    if (caught === undefined) return false;
    if (caught.type === 'messageerror' || !isBarrier(state, caught.value)) return arrived(caught);
    caught = undefined;
    if (state.received >= until || catchingUp) return false;
  }
}

function arrived(own: Caught): true {
  const { state, value, type, ports } = own;
  const index = count(own);
  if (!state.catchingUp) {
    if (needsNumber(state, ports)) {
      caught = undefined;
      holdRest(state, { value, type, ports, index });
      return take(state.held.shift() as Carried);
    }
    adoptPorts(state, index, ports);
  }
  taken.value = value;
  taken.type = type;
  taken.ports = ports;
  // The frame that has kept its place.
  if (state.batch !== undefined) state.batch.owed = false;
  caught = undefined;
  return true;
}

const count = (own: Caught): number => (own.index < 0 ? arrive(own.state, own.value, own) : own.index);

export const hasPorts = (ports: unknown): ports is StockPort[] => isArray(ports) && ports.length > 0;

/** Count a stock message and take in the queues that it brought. Returns its number. */
export function arrive(state: PortState, value: unknown, own?: Caught): number {
  const { slot, isMember, peer } = state;
  const index = state.received;
  const answer = slot < 0 || isMember ? 0 : stockReceived(slot, index);
  state.received = index + 1;
  if (own !== undefined) own.index = index;
  if (slot < 0) {
    if (peer !== undefined) {
      receivedLocal(peer);
      if (index < peer.queuesUntil) reviveQueues(value);
    }
  } else if (!isMember) {
    state.voids = floor(answer / 2);
    if (answer % 2 === 1) reviveQueues(value);
  }
  return index;
}

/** Take in the ports that stock message `index` brought; if that number may be wrong, they stay Node's. */
export function adoptPorts(state: PortState, index: number, ports: unknown): void {
  if (state.slot >= 0 && !state.isMember && !state.uncounted && hasPorts(ports)) adoptArrivals(state, index, ports);
}

/**
 * `receiveMessageOnPort` does not tell which ports came with a message. But each new port calls
 * `unref()` on itself when it is made, in the order of the transfer list.
 *
 * Calls `body` with the list that they come into, and returns it; undefined where they cannot be seen, or are not `wanted`.
 */
export function recordPorts(wanted: boolean, body: (ports: StockPort[] | undefined) => void): StockPort[] | undefined {
  const { prototype } = StockPort;
  // Without a prototype: the names of a descriptor may stand on `Object.prototype`.
  const original = { __proto__: null, ...ownDescriptor(prototype, 'unref') } as PropertyDescriptor;
  const unref: unknown = original.value;
  if (!wanted || original.configurable !== true || typeof unref !== 'function') {
    body(undefined);
    return undefined;
  }
  const ports: StockPort[] = [];
  let last: StockPort | undefined;
  const recorder = function (this: StockPort): void {
    if (last !== this) defineOwn(ports, ports.length, this);
    last = this;
    apply(unref, this, []);
  };
  const recording = (): void => {
    defineProperty(prototype, 'unref', { __proto__: null, ...original, value: recorder } as PropertyDescriptor);
    body(ports);
  };
  step(recording, () => void defineProperty(prototype, 'unref', original));
  return ports;
}
