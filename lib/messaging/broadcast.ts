/**
 * `BroadcastChannel` over native inboxes (src/group). The class stays Node's own: its objects keep a stock port under a
 * symbol, and that port becomes ours when it is assigned. All that the class does, it does by calling that port.
 *
 * A stock member that is not ours would miss what goes into the inboxes, and cannot be seen. So this happens only after
 * `cover()`, which says that no such member can be in this thread; src/group/registry.rs puts the threads together.
 */
import { apply, defineOwn, defineProperty, hasOwn, ownDescriptor } from '../codec/primordials';
import { RangeTooLarge } from '../errors';
import { GATE_CLOSED, SENT, TOO_LARGE } from '../native';
import { adopt } from './adopt';
import { safePost } from './guard';
import { KIND_VALUE, type PortState, stateOf } from './state';
import { step } from './step';
import { isStockPort, kHandle, StockBroadcastChannel, StockWorker, stock, symbolRead, threadId } from './stock';
import { attach, beganNative, beginBroadcast, encodedValue, encoder, endBroadcast, native, releaseEncoder, sendEncoded } from './thread';

/** So many posts of a member go by its stock port before the inboxes are tried again: a change costs each member a frame. */
const PATIENCE = 16;

interface Keys {
  name: symbol;
  handle: symbol;
}

/** Node's symbols on a channel; undefined while this thread is not covered. */
let keys: Keys | undefined;

/** The channel whose constructor is between its name and its stock port. */
let arriving: object | undefined;

/** Without making a channel: while that is closing, the loop would be alive. */
function findKeys(): Keys | undefined {
  const { get } = ownDescriptor(StockBroadcastChannel.prototype, 'name') ?? {};
  const name = get && symbolRead('kName', 'BroadcastChannel', (probe) => apply(get, probe, []));
  const handle = kHandle();
  return name === undefined || handle === undefined ? undefined : { name, handle };
}

/** The constructor assigns its properties: an accessor on the prototype hears of it, and defines the property. */
function onAssignment(key: symbol, hear: (channel: object, value: unknown) => void): void {
  defineProperty(StockBroadcastChannel.prototype, key, {
    configurable: true,
    enumerable: false,
    get: () => undefined,
    set(this: object, value: unknown) {
      defineOwn(this, key, value);
      hear(this, value);
    },
  });
}

function onName(channel: object, name: unknown): void {
  if (typeof name !== 'string') return;
  native.groupTicket(name);
  arriving = channel;
}

function onHandle(channel: object, handle: unknown): void {
  const isArriving = arriving === channel;
  arriving = undefined;
  if (!isArriving || !isStockPort(handle) || stateOf(handle) !== undefined) return;
  const slot = native.joinGroup();
  if (slot === null) return;
  const state = adopt(handle);
  state.isMember = true;
  attach(state, slot);
  state.laneFed = beganNative(slot);
}

/** The worker that was asked for its thread id last, by its own constructor or by others. */
let seen: { worker: object; id: number } | undefined;

/** What has that accessor: the built-in class, and ours. */
const workerClasses: object[] = [StockWorker.prototype];

export function noteWorkerClass(prototype: object): void {
  defineOwn(workerClasses, workerClasses.length, prototype);
}

function defineThreadId(descriptor: PropertyDescriptor): void {
  // Not of those that the program has frozen: what is there does no harm.
  for (let i = 0; i < workerClasses.length; i++) Reflect.defineProperty(workerClasses[i]!, 'threadId', descriptor);
}

/** The constructor of every worker, also of those that run module hooks, asks for its thread id before the thread starts. */
function watchWorkers(): void {
  const ask = threadId?.get;
  if (ask === undefined) return;
  const get = function (this: object): number {
    const id = apply(ask, this, []) as number;
    if (id > 0) {
      seen = { worker: this, id };
      native.threadSeen(id);
    }
    return id;
  };
  defineThreadId({ __proto__: null, ...threadId, get } as PropertyDescriptor);
}

/** A worker was made: its thread must have been seen, or none can be. */
export function workerMade(worker: object): void {
  if (keys !== undefined && seen?.worker !== worker) native.uncover();
}

/** The constructor of a worker of this class threw. */
export function workerFailed(isUnfinished: (worker: object) => boolean): void {
  if (seen !== undefined && isUnfinished(seen.worker)) native.threadFailed(seen.id);
  seen = undefined;
}

/** Every broadcast channel that is made in this thread from now on joins. False where that cannot be seen to. */
function watch(): boolean {
  const found = findKeys();
  const { prototype } = StockBroadcastChannel;
  // Another copy of the package may watch already.
  if (found === undefined || hasOwn(prototype, found.handle) || !Object.isExtensible(prototype)) return false;
  onAssignment(found.name, onName);
  onAssignment(found.handle, onHandle);
  watchWorkers();
  keys = found;
  return true;
}

/**
 * Broadcast channels may use native inboxes, as far as this thread is concerned. To be called before any other code of the
 * program runs in it, where `receiveMessageOnPort` and `Worker` can only be ours; in each thread.
 */
export function cover(): void {
  if (keys !== undefined || !watch()) return;
  if (stock.isMainThread) native.cover();
  else native.threadClean(stock.threadId);
}

/** For good and for the whole process: back to stock ports, before a stock member can come into being. */
export function uncover(): void {
  native.uncover();
  if (keys === undefined) return;
  const { prototype } = StockBroadcastChannel;
  Reflect.deleteProperty(prototype, keys.name);
  Reflect.deleteProperty(prototype, keys.handle);
  if (threadId !== undefined) defineThreadId(threadId);
}

/** What Node's `receiveMessageOnPort` reads in place of a channel. */
export function receiverOf(port: unknown): unknown {
  if (keys === undefined || typeof port !== 'object' || port === null || isStockPort(port)) return port;
  return (port as Record<symbol, unknown>)[keys.handle] ?? port;
}

/** Post to the other members. */
export function broadcast(state: PortState, value: unknown, list: unknown[] | undefined): boolean | undefined {
  let unread = value;
  const { patience } = state.rare;
  if (list === undefined && patience === 0 && encoder.encode(value)) {
    const status = sendEncoded(state.slot, KIND_VALUE);
    // Its getters have run, and must not run again.
    if (status === GATE_CLOSED) unread = encodedValue(value);
    releaseEncoder();
    if (status === SENT) return true;
    if (status === TOO_LARGE) throw new RangeTooLarge();
  }
  state.own.patience = patience > 0 ? patience - 1 : PATIENCE;
  return postStock(state, unread, list);
}

function postStock(state: PortState, value: unknown, list: unknown[] | undefined): boolean | undefined {
  const { slot } = state;
  let posted: boolean | undefined;
  let begun = false;
  const body = (): void => {
    beginBroadcast(slot);
    begun = true;
    posted = safePost(state.port, value, list);
  };
  step(body, () => {
    // A getter may have closed or moved the port.
    if (begun && state.slot === slot) endBroadcast(slot, posted !== undefined);
    begun = false;
  });
  return posted;
}
