/**
 * A stock port becomes ours: its prototype is our class, its state hangs on it. The object stays the
 * real `MessagePort` that it is, so every part of Node that takes a port takes it.
 */
import { apply, set, setPrototypeOf } from '../codec/primordials';
import { type Context, currentContext, setContextPrototype } from './context';
import { onFull, onListeners } from './drain';
import { unpack } from './held';
import { meet } from './pair';
import { openGate, start, stop } from './receive';
import { PortState, Seed, setGrow, stamp, stateOf } from './state';
import { kNewListener, kRemoveListener, type StockPort, stockHasRef, stockNewListener, stockRemoveListener, stockStart } from './stock';
import { countVoids } from './take';
import { attach, closeSlot, hasLaneFrames, keepHeld, native, schedule, setMark, unload, unloadedModes, unloadedReceived, unloadedSlot } from './thread';

type Internals = StockPort & Record<symbol, any>;

let portPrototype: object = Object.prototype;

/** Set by port.ts, which defines the class. */
export function setPortPrototype(prototype: object): void {
  portPrototype = prototype;
  setContextPrototype(prototype);
}

/** Node's own have no name, and `util.inspect` shows it. */
function anonymous<F extends object>(hook: F): F {
  return Object.defineProperty(hook, 'name', { value: '' });
}

/** The listener hooks of all ports; Node's own are a closure on each port. */
const onNewListener = anonymous(function (this: StockPort, size: number, type: string): void {
  const state = stateOf(this);
  if (type === 'message' && size === 1) {
    this.ref();
    // Who made it ours may have been cut short.
    if (state === undefined) stockStart(this);
    else start(state);
  }
  if (state !== undefined && type === 'drain') onListeners(state, size);
  // biome-ignore lint/complexity/noArguments: a rest parameter would run the array iterator
  apply(stockNewListener, this, arguments);
});

const onRemoveListener = anonymous(function (this: StockPort, size: number, type: string): void {
  const state = stateOf(this);
  if (state !== undefined && type === 'message' && size === 0) {
    stop(state);
    this.unref();
  }
  if (state !== undefined && type === 'drain') onListeners(state, size);
  // biome-ignore lint/complexity/noArguments: as above
  apply(stockRemoveListener, this, arguments);
});

function hook(port: StockPort): void {
  (port as Internals)[kNewListener] = onNewListener;
  setPrototypeOf(port, portPrototype);
}

/** `onRemoveListener` takes the place of Node's hook, which is our way to stop the stock side. */
function makeState(port: StockPort, context: Context): PortState {
  const internals = port as Internals;
  const state = new PortState(port, context, internals[kRemoveListener]);
  // Not an assignment: the port may be frozen by now. Then it keeps Node's hook, and its peer goes on using the lane.
  set(internals, kRemoveListener, onRemoveListener);
  return state;
}

setGrow(makeState);

export function adopt(port: StockPort): PortState {
  const known = stateOf(port);
  if (known !== undefined) return known;
  hook(port);
  const state = makeState(port, currentContext());
  state.referenced = stockHasRef(port);
  stamp(port, state);
  return state;
}

/** Two ports of a new channel. */
export function adoptPair(port1: StockPort, port2: StockPort): void {
  hook(port1);
  hook(port2);
  const seed = new Seed(port1, port2, currentContext());
  stamp(port1, seed);
  stamp(port2, seed);
}

/** A port that has a place in this thread's table, with what it knew where it came from. */
function adoptAt(port: StockPort, slot: number, received: number, modes: number): PortState {
  const state = adopt(port);
  state.received = received;
  state.modes = modes;
  takeUp(state, slot);
  return state;
}

function takeUp(state: PortState, slot: number): void {
  attach(state, slot);
  unpack(slot, (message) => state.hold(message));
  if (state.held.length > 0) countVoids(state);
  meet(state);
  if (setMark(slot, state.rare.highWaterMark)) onFull(state);
  if (state.started) openGate(state);
  // All that is left may be the close of the other end.
  else if (hasLaneFrames(slot)) schedule(slot);
}

/** A port that was taken off this thread has its place again. */
export function comeBack(state: PortState): void {
  const { slot } = state;
  if (slot < 0) return;
  // Here they are still whole.
  if (state.held.length > 0) keepHeld(slot, -1);
  takeUp(state, slot);
}

/** The port of a ticket, which was that of `from`, stays in this thread, as `port`. */
export function adoptAs(port: StockPort, ticket: number, from: PortState): void {
  const found = native.reattach(ticket);
  const slot = found >>> 4;
  const { held, received } = from;
  if (held.length > 0) keepHeld(slot, -1);
  const state = adopt(port);
  held.drain((message) => state.hold(message));
  adoptAt(port, slot, received, found & 15);
}

/** Stock message `index` of `carrier` has brought `ports`. */
export function adoptArrivals(carrier: PortState, index: number, ports: StockPort[], then?: (state: PortState) => void): void {
  const count = unload(carrier.slot, index);
  for (let i = 0; i < count; i++) {
    const slot = unloadedSlot(i);
    if (count !== ports.length) {
      closeSlot(slot);
      continue;
    }
    if (slot < 0) {
      // Its other end was closed, or it is not ours: what it carries from here asks us all the same.
      adopt(ports[i]!);
      continue;
    }
    const state = adoptAt(ports[i]!, slot, unloadedReceived(i), unloadedModes(i));
    then?.(state);
  }
}
