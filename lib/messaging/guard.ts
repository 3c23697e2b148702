/**
 * Calls with which Node (20 to 26) reads memory that is gone, and ends the process: a value with a port in it whose
 * handle has been closed and freed. While the handle is still closing, Node throws a DataCloneError instead.
 */
import { isCleanLongArray } from '../codec/array-extras';
import { apply, bareList, captured, deref, isArray, isProxy, setAdd, setHas } from '../codec/primordials';
import { visitParts } from './find';
import type { PortState } from './state';
import { isStockPort, StockChannel, type StockPort, stockClose, stockHasRef, stockPost, stockRef, stockUnref } from './stock';

/** Lengths between which an array is read by index. */
const LISTED = 128;
const SPARSE = 2 ** 25;

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
  state.witness = witness;
}

/** A handle that is gone cannot be referenced. What only inherits from ports is refused by these methods. */
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
  let passed = false;
  const probe = {
    get stop(): never {
      passed = true;
      throw probe;
    },
  };
  try {
    stockPost(port1, probe, [port]);
  } catch {
    // Nothing was posted.
  }
  stockClose(port1);
  return passed;
}

/** `value`, or in place of one that Node must not see a port for which it throws the same as for a closing one. */
export function guarded(value: unknown): unknown {
  if (witnesses === 0 || typeof value !== 'object' || value === null || !holdsGone(value)) return value;
  const { port1 } = new StockChannel();
  stockClose(port1);
  return port1;
}

/** The stock `postMessage` for a value of the user's. */
export function safePost(port: StockPort, value: unknown, list?: unknown): boolean | undefined {
  return list === undefined ? stockPost(port, guarded(value)) : stockPost(port, guarded(value), list);
}

/** Not recursive: Node clones deeper structures than the stack of JavaScript holds. */
function holdsGone(root: object): boolean {
  const seen = new captured.Set<object>();
  const open = bareList<object>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || setHas(seen, value) || isProxy(value)) return;
    setAdd(seen, value);
    open[open.length] = value;
  };
  visit(root);
  while (open.length > 0) {
    const object = open[open.length - 1]!;
    open.length--;
    if (!isStockPort(object)) visitInside(object, visit);
    else if (isGone(object)) return true;
  }
  return false;
}

function visitInside(object: object, visit: (value: unknown) => void): void {
  const isLong = isArray(object) && object.length > LISTED && object.length < SPARSE && isCleanLongArray(object);
  if (isLong) visitElements(object, visit);
  else visitParts(object, visit);
}

/** An element that is a getter runs once more here: a list of a million keys would cost more than Node's clone. */
function visitElements(array: unknown[], visit: (value: unknown) => void): void {
  for (let i = 0; i < array.length; i++) {
    try {
      visit(array[i]);
    } catch {
      // It throws again when Node reads it.
    }
  }
}
