/**
 * The stock port as the carrier of what the codec does not take: taking messages out of its queue,
 * counting them, and taking in the ports that they bring.
 */
import { apply, defineOwn, defineProperty, floor, isArray, ownDescriptor, substring } from '../codec/primordials';
import { adoptArrivals } from './adopt';
import { holdRest, needsNumber } from './late';
import { receivedLocal } from './pair';
import { reviveQueues } from './queues';
import type { Carried, PortState } from './state';
import { StockPort, stockReceive } from './stock';
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

/**
 * Take one message out of the stock queue into `taken`. False if it is empty, or if a barrier has
 * brought the count to `until`, or has ended the catching up.
 */
export function pull(state: PortState, until = UNLIMITED): Taken {
  if (state.over) return false;
  const { catchingUp } = state;
  const recorder = state.slot >= 0 && hasCargo(state.slot) ? recordPorts() : undefined;
  try {
    for (;;) {
      const received = stockReceive(state.port) as { message: unknown } | undefined;
      if (received === undefined) return false;
      if (!isBarrier(state, received.message)) {
        // More may be pulled before it has arrived.
        recorder?.stop();
        return arrived(state, received.message, recorder?.ports);
      }
      if (state.received >= until || catchingUp) return false;
    }
  } catch (error) {
    arrived(state, error, undefined);
    taken.type = 'messageerror';
    return true;
  } finally {
    recorder?.stop();
  }
}

function arrived(state: PortState, value: unknown, ports: StockPort[] | undefined): true {
  const index = arrive(state, value);
  if (!state.catchingUp) {
    if (needsNumber(state, ports)) {
      holdRest(state, { value, type: 'message', ports, index });
      return take(state.held.shift() as Carried);
    }
    adoptPorts(state, index, ports);
  }
  taken.value = value;
  taken.type = 'message';
  taken.ports = ports;
  return true;
}

export const hasPorts = (ports: unknown): ports is StockPort[] => isArray(ports) && ports.length > 0;

/** Count a stock message and take in the queues that it brought. Returns its number. */
export function arrive(state: PortState, value: unknown): number {
  const index = state.received++;
  if (state.slot < 0) {
    if (state.peer !== undefined) {
      receivedLocal(state.peer);
      if (index < state.peer.queuesUntil) reviveQueues(value);
    }
  } else if (!state.isMember) {
    const answer = stockReceived(state.slot, index);
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
 */
export function recordPorts(): { ports: StockPort[]; stop(): void } | undefined {
  const { prototype } = StockPort;
  // Without a prototype: the names of a descriptor may stand on `Object.prototype`.
  const original = { __proto__: null, ...ownDescriptor(prototype, 'unref') } as PropertyDescriptor;
  const unref: unknown = original.value;
  if (original.configurable !== true || typeof unref !== 'function') return undefined;
  const ports: StockPort[] = [];
  let last: StockPort | undefined;
  const recorder = function (this: StockPort): void {
    if (last !== this) defineOwn(ports, ports.length, this);
    last = this;
    apply(unref, this, []);
  };
  defineProperty(prototype, 'unref', { __proto__: null, ...original, value: recorder } as PropertyDescriptor);
  return { ports, stop: () => void defineProperty(prototype, 'unref', original) };
}
