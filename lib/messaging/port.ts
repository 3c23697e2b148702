/** `MessagePort`, `MessageChannel`, `receiveMessageOnPort`: the classes of the drop-in. */
import { apply, construct, min, setPrototypeOf } from '../codec/primordials';
import { timeoutOf } from '../arguments';
import { Backpressure, InvalidArgType, InvalidThis, OutOfRange } from '../errors';
import { adoptPair, setPortPrototype } from './adopt';
import { receiverOf } from './broadcast';
import { onFull, settleLocal } from './drain';
import { forgetMoved, moving, postWithList, readList } from './move';
import { noteGone, safePost } from './guard';
import { needStack } from '../headroom';
import { contextAccessors } from './context';
import { close, isWaiting, onClosed } from './closing';
import { messagesOf } from './iterate';
import { forgetSignal, signalOf } from './listen';
import { onStockMessage, receive, start } from './receive';
import { receiveSync, tryReceive } from './receive-sync';
import { post } from './send';
import { HOLD_REF, type PortState, stateOf } from './state';
import {
  kHybridDispatch,
  kOnClose,
  named,
  sharesInstances,
  StockChannel,
  StockPort,
  stock,
  stockDispatch,
  stockHasRef,
  stockOnClose,
  stockPostMessage,
  stockReceive,
  stockRef,
  stockStart,
  stockUnref,
} from './stock';
import { isPending } from './take';
import { buffered, READER_NONE, setHold, setMark } from './thread';
import { holdTurn } from './turn';

const { MAX_SAFE_INTEGER } = Number;

type Descriptors = Record<PropertyKey, PropertyDescriptor>;

/** Throws what the stock constructor throws: ports are made by channels. */
export const MessagePort = function (): StockPort {
  return construct(StockPort, [], new.target ?? MessagePort);
} as unknown as typeof StockPort;

function ownState(port: unknown): PortState {
  const state = stateOf(port);
  if (state === undefined) throw new InvalidThis('MessagePort');
  return state;
}

/** What the stock class does not have; one level up, as Node does with its additions. */
const additions = {
  __proto__: StockPort.prototype,

  /** Bytes that were accepted by `postMessage` and have not been received yet. */
  get bufferedAmount(): number {
    const state = stateOf(this);
    return state === undefined ? 0 : bufferedAmount(state);
  },

  /** When `bufferedAmount` falls below this, after it had reached it, 'drain' is emitted. */
  get highWaterMark(): number {
    return stateOf(this)?.rare.highWaterMark ?? 0;
  },

  set highWaterMark(bytes: number) {
    const state = stateOf(this);
    if (state !== undefined) setHighWaterMark(state, bytes);
  },

  /** While `bufferedAmount` is at least this, `postMessage` throws. */
  get maxBufferedBytes(): number {
    return stateOf(this)?.rare.maxBufferedBytes ?? Infinity;
  },

  set maxBufferedBytes(bytes: number) {
    const state = stateOf(this);
    if (state !== undefined) setMaxBufferedBytes(state, bytes);
  },

  /** One element that changes after each arrival. */
  get signal(): Int32Array {
    return signalOf(ownState(this));
  },

  tryReceive(empty?: unknown): unknown {
    needStack();
    return tryReceive(ownState(this), empty);
  },

  receiveSync(timeoutMs?: number, empty?: unknown): unknown {
    needStack();
    return receiveSync(ownState(this), timeoutOf(timeoutMs), empty);
  },

  [Symbol.asyncIterator](): AsyncGenerator<unknown, void, undefined> {
    return messagesOf(ownState(this));
  },
};

// As Node's own methods of the kind: a for-in of a port lists only what one of the built-in has, and the properties above.
for (const name of ['signal', 'tryReceive', 'receiveSync']) Object.defineProperty(additions, name, { enumerable: false });

export function bufferedAmount(state: PortState): number {
  if (state.slot < 0) return state.bytes;
  if (state.rare.unseen > 0) state.own.unseen = 0;
  return buffered(state.slot);
}

export function asBytes(name: string, bytes: number): number {
  if (typeof bytes !== 'number') throw new InvalidArgType(name, 'number', bytes);
  if (!(bytes >= 1)) throw new OutOfRange(name, '>= 1', bytes);
  return bytes;
}

export function setMaxBufferedBytes(state: PortState, bytes: number): void {
  state.own.maxBufferedBytes = asBytes('maxBufferedBytes', bytes) === Infinity ? undefined : bytes;
}

function needRoom(state: PortState, maxBufferedBytes: number): void {
  if (bufferedAmount(state) >= maxBufferedBytes) throw new Backpressure(maxBufferedBytes);
}

export function setHighWaterMark(state: PortState, bytes: number): void {
  state.own.highWaterMark = asBytes('highWaterMark', bytes);
  if (state.slot < 0) settleLocal(state);
  else if (setMark(state.slot, min(bytes, MAX_SAFE_INTEGER))) onFull(state);
}

function reference(port: StockPort, on: boolean): void {
  const state = stateOf(port);
  if (state !== undefined) {
    state.referenced = on;
    // What is there comes all the same.
    if (!on && state.started && state.slot >= 0 && (state.waiting || isPending(state))) holdTurn();
  }
  if (isWaiting(state)) setHold(state, HOLD_REF, on);
  else if (on) stockRef(port);
  else stockUnref(port);
}

const methods = {
  postMessage(this: StockPort, value: unknown, transfer?: unknown): boolean | undefined {
    needStack();
    const state = stateOf(this);
    // biome-ignore lint/complexity/noArguments: the number of arguments matters
    if (state === undefined || arguments.length === 0) return apply(stockPostMessage, this, arguments);
    const { maxBufferedBytes } = state.rare;
    if (maxBufferedBytes !== undefined) needRoom(state, maxBufferedBytes);
    if (transfer === undefined || transfer === null) return post(state, value);
    if (typeof transfer !== 'object' && typeof transfer !== 'function') return safePost(this, value, transfer);
    const list = readList(transfer);
    if (list === undefined) return safePost(this, value, transfer);
    return list.length === 0 ? post(state, value) : postWithList(state, value, list);
  },

  start(this: StockPort): void {
    needStack();
    const state = stateOf(this);
    if (state === undefined) stockStart(this);
    else start(state);
  },

  hasRef(this: StockPort): boolean {
    const state = stateOf(this);
    return isWaiting(state) ? (state.holds & HOLD_REF) !== 0 : stockHasRef(this);
  },

  ref(this: StockPort): void {
    reference(this, true);
  },

  unref(this: StockPort): void {
    reference(this, false);
  },

  close(this: StockPort, callback?: () => void): void {
    needStack();
    close(this, callback);
  },
};

function definePrototype(): void {
  const descriptors = Object.getOwnPropertyDescriptors(StockPort.prototype) as Descriptors;
  const own: Descriptors = {};
  const constructor = Object.getOwnPropertyDescriptor(StockPort.prototype, 'constructor');
  for (const name of Object.getOwnPropertyNames(StockPort.prototype)) own[name] = descriptors[name]!;
  for (const [name, value] of Object.entries(methods)) {
    const { value: original } = own[name]!;
    own[name] = { ...own[name], value: named(value as never, original as never) };
  }
  Object.defineProperty(own, 'constructor', { value: { ...constructor, value: MessagePort }, enumerable: true });
  own[kHybridDispatch] = hidden(onDispatch);
  own[kOnClose] = hidden(onClose);
  Object.assign(own, contextAccessors());
  const prototype = Object.create(additions, own) as object;
  Object.defineProperty(MessagePort, 'prototype', { value: prototype, writable: false });
  Object.setPrototypeOf(MessagePort, StockPort);
  sharesInstances(MessagePort, StockPort);
  setPortPrototype(prototype);
}

function hidden(value: unknown): PropertyDescriptor {
  return { value, writable: false, enumerable: false, configurable: false };
}

/** Node's entry for events of a port. From its message queue it comes with three arguments and no event. */
function onDispatch(this: StockPort, value: unknown, type: string, event?: unknown): void {
  // biome-ignore lint/complexity/noArguments: the number of arguments matters
  const isQueued = arguments.length === 3 && event === undefined && (type === 'message' || type === 'messageerror');
  const state = isQueued ? stateOf(this) : undefined;
  if (state === undefined) stockDispatch(this, value, type, event);
  else onStockMessage(state, value, type as 'message' | 'messageerror');
}

function onClose(this: StockPort): void {
  const state = stateOf(this);
  noteGone(this, state);
  if (state === undefined) {
    stockOnClose(this);
    return;
  }
  state.over = true;
  forgetSignal(state);
  onClosed(state);
}

definePrototype();

/** Construction with a target of its own takes V8 longer than to change the prototype afterwards. */
function make(target: unknown): { port1: StockPort; port2: StockPort } {
  if (target !== MessageChannel) return construct(StockChannel, [], target as never) as never;
  const channel = new StockChannel();
  setPrototypeOf(channel, channelPrototype);
  return channel;
}

/** Two ports. As in Node it must be called with `new`. */
export const MessageChannel = function (this: object): object {
  if (new.target === undefined) return apply(StockChannel as never, this, []);
  const channel = make(new.target);
  adoptPair(channel.port1, channel.port2);
  return channel;
} as unknown as typeof StockChannel;
Object.setPrototypeOf(MessageChannel, StockChannel);
const channelPrototype = Object.create(StockChannel.prototype, {
  ...Object.getOwnPropertyDescriptors(StockChannel.prototype),
  constructor: { value: MessageChannel, writable: true, enumerable: false, configurable: true },
}) as object;
Object.defineProperty(MessageChannel, 'prototype', { value: channelPrototype, writable: false });
sharesInstances(MessageChannel, StockChannel);

export function receiveMessageOnPort(port: unknown): { message: unknown } | undefined {
  needStack();
  const receiver = receiverOf(port);
  const state = stateOf(receiver);
  return state === undefined ? (stockReceive(receiver as never) as never) : receive(state);
}

/** Another realm's port is a plain stock port: what is in the lane goes back to the stock queue first. */
export const moveMessagePortToContext = named((port: StockPort, context: unknown): unknown => {
  needStack();
  const ours = stateOf(port) === undefined ? [] : [port];
  let moved: unknown;
  const detached = moving(undefined, ours, READER_NONE, () => {
    moved = stock.moveMessagePortToContext(port, context as never);
  });
  forgetMoved(detached, ours);
  return moved;
}, stock.moveMessagePortToContext);
