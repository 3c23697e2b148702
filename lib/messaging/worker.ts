/**
 * `Worker` and `parentPort`. Both ends of a worker's public channel are real stock ports inside
 * Node's own classes; they become ours in place, and find their lanes by a key that the
 * worker inherits.
 */
import { EventEmitter } from 'node:events';
import { apply, bareList, captured, get, getPrototypeOf, hasOwn, isArray } from '../codec/primordials';
import { onListeners } from './drain';
import { findPorts } from './find';
import { forgetOptions, noteOptions } from './follow';
import { bequeath } from './inherited';
import { markLate } from './late';
import { words } from './listen';
import { guarded } from './guard';
import { adopt, adoptArrivals } from './adopt';
import { noteWorkerClass, workerFailed, workerMade } from './broadcast';
import { type Detached, detachAll, forgetMoved, portsIn, reattachAll, spend, ticketsOf } from './move';
import { asBytes, bufferedAmount, setHighWaterMark, setMaxBufferedBytes } from './port';
import { forget } from './closing';
import { reviveQueues } from './queues';
import { enterRoad, leaveRoad, type Road } from './road';
import { deliverNow, deliverRest, openGate, start, stop } from './receive';
import { awaitChange, change } from './sleep';
import type { PortState } from './state';
import { closeStep, openStep } from './step';
import { emitterListenerCount, kOnErrorMessage, kOnExit, kOnMessage, kPublicPort, named, sharesInstances, StockPort, StockWorker, stock, stockListenerCount, threadIdOf, uncurried } from './stock';
import {
  attach, hasCargo, loadCargo, mayDataBringQueues, native, READER_HOPED,
} from './thread';

type Methods = Record<symbol, (...args: any[]) => unknown>;

type Listen = (emitter: EventEmitter, name: string, listener: (name: unknown) => void) => void;

const on = uncurried(EventEmitter.prototype.on as never) as unknown as Listen;

const { isPrototypeOf } = Object.prototype;

/** Number of the "message" that is a worker's workerData. */
const WORKER_DATA = -1;

/** How a worker finds its parent: under this name it inherits an `Origin`. */
const ORIGIN = 'origin';

interface Origin {
  key: string;
  /** Changes once the ports of its workerData are in the channel, if there are any. */
  ready: Int32Array | undefined;
}

/** It has no port yet. */
const WORKER_ROAD: Road = { slot: -1, queuesUntil: 0 };

type Note = (ended: number) => () => void;

let noteWorker: Note = () => () => {};
/** Workers of this thread that have ended. */
let ended = 0;

/** Calls `note` when this thread is about to start a worker, and what that returns when it has. */
export function onWorker(note: Note): void {
  noteWorker = note;
}

let stateOfWorker: (worker: Worker) => PortState | undefined;
let endState: (worker: Worker, state: PortState) => void;

/**
 * A thread of its own; messages to and from it travel by native lanes. The class does not name itself: a bundler would give it another
 * name for that, and V8 shows it.
 */
export class Worker extends StockWorker {
  static {
    // None of one whose constructor was cut short, or that the built-in's own constructor has made.
    stateOfWorker = (worker) => (#state in worker ? worker.#state : undefined);
    endState = (worker, { rare: { highWaterMark, maxBufferedBytes } }) => {
      native.threadGone(worker.#thread);
      worker.#highWaterMark = highWaterMark;
      worker.#maxBufferedBytes = maxBufferedBytes;
      worker.#state = undefined;
    };
  }

  /** The end of the public channel in this thread; undefined after 'exit'. */
  #state: PortState | undefined;
  #highWaterMark: number | undefined;
  #maxBufferedBytes: number | undefined;
  readonly #thread: number;

  constructor(filename: string | URL, given?: unknown) {
    const options = readOptions(given);
    const ports = transferredPorts(options);
    noteOptions(options);
    words();
    const started = noteWorker(ended);
    const key = native.workerKey();
    const ready = ports.length > 0 ? new captured.Int32Array(new captured.SharedArrayBuffer(4)) : undefined;
    const moved = bareList<Detached>();
    const outerOrigin = bequeath(ORIGIN, { key, ready });
    const outer = enterRoad(WORKER_ROAD);
    let isMade = false;
    const step = openStep(() => {
      leaveRoad(outer);
      bequeath(ORIGIN, outerOrigin);
      forgetOptions();
      if (isMade) return;
      workerFailed((worker) => isWorker(worker) && !(#thread in worker));
      reattachAll(moved);
    });
    try {
      detachAll(undefined, ports, READER_HOPED, moved);
      super(filename, (options ?? given) as never);
      isMade = true;
    } finally {
      closeStep(step);
    }
    workerMade(this);
    this.#thread = threadIdOf(this);
    this.#state = adoptPublicPort(this, key, moved, options?.workerData);
    if (ready !== undefined) change(ready, 0);
    forgetMoved(moved, ports);
    started();
  }

  /** Bytes that were accepted by `postMessage` and that the worker has not received yet. */
  get bufferedAmount(): number {
    return this.#state === undefined ? 0 : bufferedAmount(this.#state);
  }

  /** When `bufferedAmount` falls below this, after it had reached it, 'drain' is emitted. */
  get highWaterMark(): number {
    return this.#state?.rare.highWaterMark ?? this.#highWaterMark ?? 0;
  }

  set highWaterMark(bytes: number) {
    if (this.#state !== undefined) setHighWaterMark(this.#state, bytes);
    else this.#highWaterMark = asBytes('highWaterMark', bytes);
  }

  /** While `bufferedAmount` is at least this, `postMessage` throws. */
  get maxBufferedBytes(): number {
    return this.#state?.rare.maxBufferedBytes ?? this.#maxBufferedBytes ?? Infinity;
  }

  set maxBufferedBytes(bytes: number) {
    if (this.#state !== undefined) setMaxBufferedBytes(this.#state, bytes);
    else this.#maxBufferedBytes = asBytes('maxBufferedBytes', bytes);
  }
}

interface Message {
  type?: unknown;
}

type Hook = (state: PortState, message: Message | undefined, worker: Worker) => void;

/** Node calls these on the worker; ours come before and after. */
function extend(symbol: symbol | undefined, before: Hook | undefined, after?: Hook): void {
  if (symbol === undefined) return;
  const original = (StockWorker.prototype as unknown as Methods)[symbol]!;
  const value = function (this: Worker, message: Message | undefined): unknown {
    const state = stateOfWorker(this);
    if (state !== undefined) before?.(state, message, this);
    // biome-ignore lint/complexity/noArguments: a rest parameter would run the array iterator
    const result = apply(original, this, arguments);
    if (state !== undefined) after?.(state, message, this);
    return result;
  };
  Object.defineProperty(Worker.prototype, symbol, { value: named(value, original), writable: true, configurable: true });
}

function extendInternals(): void {
  extend(kOnExit, deliverRest, (state, _, worker) => {
    endState(worker, state);
    forget(state);
    ended++;
  });
  // What is in the lane comes before what Node reports behind it.
  extend(kOnErrorMessage, deliverNow);
  extend(kOnMessage, undefined, (state, message) => {
    if (message?.type !== 'upAndRunning') return;
    state.gateHeld = false;
    openGate(state);
  });
}

/** Who wraps the methods of a class looks for them on its own prototype. */
function ownMethods(): void {
  const inherited = Object.getOwnPropertyDescriptors(StockWorker.prototype) as Record<string, PropertyDescriptor>;
  for (const name of Object.getOwnPropertyNames(StockWorker.prototype)) {
    if (!hasOwn(Worker.prototype, name)) Object.defineProperty(Worker.prototype, name, inherited[name]!);
  }
}

extendInternals();
ownMethods();
noteWorkerClass(Worker.prototype);
Object.defineProperty(Worker, 'length', { value: 1 });
sharesInstances(Worker, StockWorker);

/** `instanceof` would be true of workers of the built-in class as well. */
function isWorker(worker: object): boolean {
  return apply(isPrototypeOf, Worker.prototype, [worker]);
}

/** The ports in `options.transferList`; all else about the options is Node's business. */
function transferredPorts(options: Options | undefined): StockPort[] {
  const list = options?.transferList;
  return isArray(list) ? portsIn(list) : [];
}

/** What we look at as well, and what has to be asked only once: it may be a getter. */
interface Options {
  workerData?: unknown;
  transferList?: unknown;
  execArgv?: unknown;
  env?: unknown;
}

function readOptions(options: unknown): Options | undefined {
  if ((typeof options !== 'object' && typeof options !== 'function') || options === null) return undefined;
  const { workerData, transferList, execArgv, env } = options as Options;
  const known: Options = { __proto__: null, workerData: guarded(workerData), transferList, execArgv, env } as Options;
  // Not an object that inherits: getters are to run on the object that was given.
  const read = (_: Options, key: PropertyKey): unknown => get(hasOwn(known, key) ? known : (options as Options), key);
  return new captured.Proxy(known, { __proto__: null, get: read } as ProxyHandler<Options>);
}

function adoptPublicPort(worker: Worker, key: string, moved: Detached[], workerData: unknown): PortState | undefined {
  const symbol = kPublicPort(worker);
  const port = symbol && (worker as unknown as Record<symbol, StockPort | null>)[symbol];
  if (port == null) return undefined;
  const slot = native.openWorker(key, threadIdOf(worker), 0);
  if (slot === null) return undefined;
  const state = adopt(port);
  attach(state, slot);
  state.started = true;
  state.gateHeld = kOnMessage !== undefined;
  if (!state.gateHeld) openGate(state);
  state.own.drainEmitter = worker;
  followListeners(worker, state);
  loadWorkerData(state, moved, workerData);
  return state;
}

/** Node stops the public port when the worker's last 'message' listener goes. */
function followListeners(worker: EventEmitter, state: PortState): void {
  on(worker, 'newListener', (name) => {
    if (name === 'message' && emitterListenerCount(worker, 'message') === 0) start(state);
    if (name === 'drain') onListeners(state, emitterListenerCount(worker, 'drain') + 1);
  });
  on(worker, 'removeListener', (name) => {
    if (name === 'message' && emitterListenerCount(worker, 'message') === 0) stop(state);
    if (name === 'drain') onListeners(state, emitterListenerCount(worker, 'drain'));
  });
}

function loadWorkerData(state: PortState, moved: Detached[], workerData: unknown): void {
  if (moved.length === 0) return;
  const ports = findPorts(workerData);
  loadCargo(state.slot, WORKER_DATA, ticketsOf(ports, moved));
  spend(ports, moved);
}

/** In a worker: this thread's end of the public channel. */
function adoptParentPort(): StockPort | null {
  const { parentPort, isMainThread, threadId } = stock;
  if (isMainThread) return parentPort;
  const origin = bequeath(ORIGIN, undefined) as Origin | undefined;
  if (mayDataBringQueues()) reviveQueues(stock.workerData);
  // Another copy of the package may have it already: then it has the lane, and this one leaves it alone.
  if (parentPort === null || getPrototypeOf(parentPort) !== StockPort.prototype) return parentPort;
  const slot = native.openWorker(origin?.key ?? native.workerKey(), threadId, 1);
  if (slot === null) return parentPort;
  const state = adopt(parentPort as StockPort);
  attach(state, slot);
  // This thread may have come here before its parent was done with the constructor.
  if (origin?.ready !== undefined) awaitChange(origin.ready);
  goOn(state);
  adoptWorkerData(state);
  return parentPort;
}

/** A listener may have been there before us. */
function goOn(state: PortState): void {
  markLate(state);
  if (stockListenerCount(state.port, 'message') > 0) start(state);
}

function adoptWorkerData(state: PortState): void {
  if (hasCargo(state.slot)) adoptArrivals(state, WORKER_DATA, findPorts(stock.workerData), goOn);
}

export const parentPort = adoptParentPort();
