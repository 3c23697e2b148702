/** Finds the ports inside a value, in an order that its structured clone has too. */
import { types } from 'node:util';
import { StockPort } from './stock';

const isStockPort = Function.prototype[Symbol.hasInstance].bind(StockPort);
const MOST = 10_000;

/** Ports in plain containers, each once, depth first. Runs nothing of the user's. */
export function findPorts(value: unknown): StockPort[] {
  const ports: StockPort[] = [];
  const seen = new Set<object>();
  const visit = (item: unknown): void => {
    if (typeof item !== 'object' || item === null || seen.has(item) || seen.size > MOST || types.isProxy(item)) return;
    seen.add(item);
    if (isStockPort(item)) ports.push(item as StockPort);
    else if (types.isMap(item)) for (const [key, entry] of item) visit(key), visit(entry);
    else if (types.isSet(item)) for (const entry of item) visit(entry);
    else if (!ArrayBuffer.isView(item)) for (const key of Object.keys(item)) visit(data(item, key));
  };
  visit(value);
  return ports;
}

function data(object: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(object, key)?.value;
}
