/** Finds the ports inside a value, in an order that its structured clone has too. */
import {
  bareList, captured, isMap, isProxy, isSet, isView, mapForEach, objectKeys, ownValue, setAdd, setForEach, setHas,
} from '../codec/primordials';
import { isStockPort, type StockPort } from './stock';

const MOST = 10_000;

/** Ports in plain containers, each once, depth first. Runs nothing of the user's. */
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

/** What structured clone goes on to from an object that is no proxy and no port; values of getters are left out. */
export function visitParts(object: object, visit: (value: unknown) => void): void {
  if (isMap(object)) mapForEach(object, (entry, key) => visitEntry(key, entry, visit));
  else if (isSet(object)) setForEach(object, visit);
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
