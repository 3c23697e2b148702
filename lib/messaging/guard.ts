/**
 * Calls with which Node (20 to 26) reads memory that is gone, and ends the process: a value with a port in it whose
 * handle has been closed and freed. While the handle is still closing, Node throws a DataCloneError instead.
 */
import { apply, captured, deref } from '../codec/primordials';
import { someObject } from './find';
import type { PortState } from './state';
import { isStockPort, StockChannel, type StockPort, stock, stockClose, stockHasRef, stockPost, stockRef, stockUnref } from './stock';

/** Things whose end tells that a program no longer holds ports with freed handles: without them nothing needs to be looked at. */
let witnesses = 0;

const collected = new FinalizationRegistry(() => void witnesses--);
const { register } = FinalizationRegistry.prototype;
let current: WeakRef<object> | undefined;

function watch(witness: object): void {
  witnesses++;
  apply(register, collected, [witness, undefined]);
}

/**
 * The handle of `port` is closed, or about to be freed. V8 keeps what is registered through every collection of young
 * objects, at a price for each port of a program that makes many; so the ports refer to an object that is.
 */
export function noteGone(port: StockPort, state: PortState | undefined): void {
  if (state === undefined) {
    watch(port);
    return;
  }
  let witness = current && deref(current);
  if (witness === undefined) {
    witness = { __proto__: null };
    current = new captured.WeakRef(witness);
    watch(witness);
  }
  state.own.witness = witness;
}

/** A handle that is gone cannot be referenced. */
function isGone(port: StockPort): boolean {
  try {
    if (stockHasRef(port)) return false;
    stockRef(port);
    const isAlive = stockHasRef(port);
    stockUnref(port);
    return !isAlive;
  } catch {
    return false;
  }
}

/** Has `port` neither been moved nor closed? Only then Node accepts it in a transfer list, and comes to the getter. */
export function hasQueue(port: StockPort): boolean {
  const { port1 } = new StockChannel();
  const accepted = isAccepted(port, port1);
  stockClose(port1);
  return accepted;
}

function isAccepted(port: StockPort, carrier: StockPort): boolean {
  let passed = false;
  const probe = {
    get stop(): never {
      passed = true;
      throw probe;
    },
  };
  try {
    stockPost(carrier, probe, [port]);
  } catch {
    // Nothing was posted.
  }
  return passed;
}

type Marks = { isMarkedAsUntransferable?(object: object): boolean };

/** Node refuses these in any case. Where it does not have this function it looks at neither them nor the rest of the question. */
const isMarked = (stock as Marks).isMarkedAsUntransferable ?? (() => false);

/** While a thread blocks, what it closes stays: one port for all that it asks. */
let carrier: StockPort | undefined;

/**
 * Has `port`, whose `onClose` was not called yet, been closed or moved all the same? Once a look at its queue has come to the close
 * of the other side, it is closing, and only the event loop tells. Who has asked calls `stopAsking`.
 */
export function isClosing(port: StockPort): boolean {
  if (isMarked(port)) return false;
  carrier ??= new StockChannel().port1;
  return !isAccepted(port, carrier);
}

export function stopAsking(): void {
  if (carrier === undefined) return;
  stockClose(carrier);
  carrier = undefined;
}

/** `value`, or in place of one that Node must not see a port for which it throws the same as for a closing one. */
export function guarded(value: unknown): unknown {
  if (witnesses === 0 || typeof value !== 'object' || value === null || !someObject(value, isGonePort)) return value;
  const { port1 } = new StockChannel();
  stockClose(port1);
  return port1;
}

/** The stock `postMessage` for a value of the user's. */
export function safePost(port: StockPort, value: unknown, list?: unknown): boolean | undefined {
  return list === undefined ? stockPost(port, guarded(value)) : stockPost(port, guarded(value), list);
}

/** What only inherits from ports is refused by the methods of ports. */
const isGonePort = (object: object): boolean => isStockPort(object) && isGone(object);
