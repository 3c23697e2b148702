/** Finds things inside a value, where its structured clone has them too. */
import { isCleanLongArray } from '../codec/array-extras';
import {
  bareList, captured, isArray, isMap, isNativeError, isProxy, isSet, isView, mapForEach, objectKeys, ownValue, setAdd, setForEach, setHas,
} from '../codec/primordials';
import { isStockPort, type StockPort } from './stock';

const MOST = 10_000;

/** Lengths between which an array is read by index. */
const LISTED = 128;
const SPARSE = 2 ** 25;

/** Ports in plain containers, each once, depth first, an order that a clone has too. Runs nothing of the user's. */
export function findPorts(root: unknown): StockPort[] {
  const ports = bareList<StockPort>();
  const seen = new captured.Set<object>();
  let left = MOST;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || setHas(seen, value) || left-- <= 0 || isProxy(value)) return;
    setAdd(seen, value);
    if (isStockPort(value)) ports[ports.length] = value;
    else visitParts(value, visit);
  };
  visit(root);
  return ports;
}

/** Is there such an object? Not recursive: Node clones deeper structures than the stack of JavaScript holds. */
export function someObject(root: unknown, isSuch: (object: object) => boolean): boolean {
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
    if (isSuch(object)) return true;
    if (!isStockPort(object)) visitInside(object, visit);
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

/** What structured clone goes on to from an object that is no proxy and no port; values of getters are left out. */
function visitParts(object: object, visit: (value: unknown) => void): void {
  if (isMap(object)) mapForEach(object, (entry, key) => visitEntry(key, entry, visit));
  else if (isSet(object)) setForEach(object, visit);
  else if (isNativeError(object)) visit(ownValue(object, 'cause'));
  else if (!isView(object)) visitProperties(object, visit);
}

function visitProperties(object: object, visit: (value: unknown) => void): void {
  const names = objectKeys(object);
  for (let i = 0; i < names.length; i++) visit(ownValue(object, names[i]!));
}

function visitEntry(key: unknown, entry: unknown, visit: (value: unknown) => void): void {
  visit(key);
  visit(entry);
}
