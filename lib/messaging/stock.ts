/**
 * What we take from the built-in module, captured once: its classes, the functions behind its
 * methods, and the symbols by which Node's own code reaches a port.
 */
import { EventEmitter } from 'node:events';
import builtin = require('node:worker_threads');
import { apply, defineProperty, getPrototypeOf, isProxy, ownDescriptor, ownKeys } from '../codec/primordials';

export { builtin };
export type StockPort = builtin.MessagePort;
type Method<A extends unknown[], R> = (this: StockPort, ...args: A) => R;

/** On the built-in module while a copy of the package stands in it (lib/register.ts): what was there before. */
export const ORIGINALS: unique symbol = Symbol.for('threadport.originals') as never;

/** The built-in's exports, whoever has replaced some of them meanwhile. */
export const stock: typeof builtin = {
  ...builtin,
  ...(builtin as { [ORIGINALS]?: object })[ORIGINALS],
};

const { call } = Function.prototype;

/** `uncurried(f)(self, ...args)` without a later look-up of `call`. */
export function uncurried<A extends unknown[], R>(method: Method<A, R>): (self: StockPort, ...args: A) => R {
  return call.bind(method as never) as never;
}

export const StockPort = stock.MessagePort;
const { [Symbol.hasInstance]: hasInstance } = Function.prototype;

/** As `instanceof`, which would run the traps of a proxy, also of one that is a prototype. */
export function isStockPort(value: unknown): value is StockPort {
  if (typeof value !== 'object') return false;
  for (let next = value; next !== null && !isProxy(next); next = getPrototypeOf(next)) {
    if (next === StockPort.prototype) return next !== value;
  }
  return false;
}

export const StockChannel = stock.MessageChannel;
export const StockWorker = stock.Worker;
export const threadId = ownDescriptor(StockWorker.prototype, 'threadId');
/** As the built-in knows it: a subclass may have an accessor of its own. */
export const threadIdOf = (worker: builtin.Worker): number => (threadId?.get === undefined ? worker.threadId : (apply(threadId.get, worker, []) as number));
export const StockBroadcastChannel = stock.BroadcastChannel;
export const stockReceive = stock.receiveMessageOnPort;

const proto = StockPort.prototype as StockPort & Record<PropertyKey, any>;

export const stockPostMessage: Function = proto.postMessage;
export const stockPost = uncurried<unknown[], boolean | undefined>(proto.postMessage as never);
export const stockStart = uncurried<[], void>(proto.start);
export const stockClose = uncurried<[callback?: () => void], void>(proto.close as never);
export const stockRef = uncurried<[], void>(proto.ref);
export const stockUnref = uncurried<[], void>(proto.unref);
export const stockHasRef = uncurried<[], boolean>(proto.hasRef as never);

/** Node's delivery entry: reaches EventEmitter and EventTarget listeners alike. */
export const kHybridDispatch = Symbol.for('nodejs.internal.kHybridDispatch');
/** Where Node puts the ports of a message before it dispatches it. */
export const kCurrentlyReceivingPorts = Symbol.for('nodejs.internal.kCurrentlyReceivingPorts');

export const stockDispatchEvent = uncurried<[event: Event], boolean>(proto.dispatchEvent as never);
export const emitterListenerCount = uncurried(EventEmitter.prototype.listenerCount as never) as unknown as (emitter: EventEmitter, name: string) => number;
export const stockListenerCount = uncurried<[type: string], number>(proto.listenerCount as never);
export const stockOn = uncurried<[type: string, listener: (value: unknown) => void], unknown>(proto.on as never);
export const stockOff = uncurried<[type: string, listener: (value: unknown) => void], unknown>(proto.off as never);
export const stockDispatch = uncurried<[value: unknown, type: string, event?: unknown], void>(proto[kHybridDispatch]);

export function findSymbol(object: object, description: string): symbol | undefined {
  for (let o: object | null = object; o !== null; o = getPrototypeOf(o)) {
    const keys = ownKeys(o);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (typeof key === 'symbol' && key.description === description) return key;
    }
  }
  return undefined;
}

function need(object: object, description: string): symbol {
  const symbol = findSymbol(object, description);
  if (!symbol) throw new Error(`this Node.js has no Symbol(${description})`);
  return symbol;
}

/** The symbol of that description which `read` asks its argument for; whatever it asks for is `answer`. */
export function symbolRead(description: string, answer: unknown, read: (probe: never) => unknown): symbol | undefined {
  let found: symbol | undefined;
  const get = (_: object, key: PropertyKey): unknown => {
    if (typeof key === 'symbol' && key.description === description) found = key;
    return answer;
  };
  try {
    read(new Proxy({}, { get }) as never);
  } catch {
    // It is no port.
  }
  return found;
}

/** Under this name a `BroadcastChannel` has its port: Node's `receiveMessageOnPort` asks what it is given. */
export const kHandle = (): symbol | undefined => symbolRead('kHandle', undefined, stockReceive);

/** Called on a port when its handle has been closed. */
export const kOnClose = need(proto, 'handle_onclose');
/** Called on an event target when a listener comes or goes. */
export const kNewListener = need(proto, 'kNewListener');
export const kRemoveListener = need(proto, 'kRemoveListener');

export const stockOnClose = uncurried<[], void>(proto[kOnClose]);
export const stockNewListener: Function = proto[kNewListener];
export const stockRemoveListener: Function = proto[kRemoveListener];

/** Members of the stock `Worker` that we extend; undefined where a Node line renamed them. */
export const kPublicPort = (worker: object): symbol | undefined => findSymbol(worker, 'kPublicPort');
export const kDispose = findSymbol(StockWorker.prototype, 'kDispose');
export const kOnExit = findSymbol(StockWorker.prototype, 'kOnExit');
export const kOnMessage = findSymbol(StockWorker.prototype, 'kOnMessage');
export const kOnErrorMessage = findSymbol(StockWorker.prototype, 'kOnErrorMessage');

/** A function of ours in the place of one of Node's. */
export function named<F extends Function>(ours: F, original: Function): F {
  for (const key of ['name', 'length']) defineProperty(ours, key, ownDescriptor(original, key)!);
  return ours;
}

/**
 * What `stockClass` has made is an instance of `ours` as well: by captured classes, and ports by ways that we do not see.
 * Subclasses of ours inherit the method.
 */
export function sharesInstances(ours: object, stockClass: object): void {
  const value = function (this: object, instance: unknown): boolean {
    return apply(hasInstance, this === ours ? stockClass : this, [instance]);
  };
  defineProperty(ours, Symbol.hasInstance, { __proto__: null, value } as PropertyDescriptor);
}

export const { nextTick } = process;

/** With --pending-deprecation Node's function is wrapped in one that warns, and that has it as its prototype. */
function withoutWarning(callback: () => void): () => void {
  const inner = getPrototypeOf(callback) as () => void;
  return typeof getPrototypeOf(inner) === 'function' ? inner : callback;
}

/** Runs nextTicks and microtasks as Node does between two messages. */
export const tick: () => void = withoutWarning((process as unknown as { _tickCallback(): void })._tickCallback);
