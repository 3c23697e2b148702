/** Finds the ports inside a value, in an order that its structured clone has too. */
import { types } from 'node:util';
import { StockPort } from './stock';

const isStockPort = Function.prototype[Symbol.hasInstance].bind(StockPort);
const MOST = 10_000;

const { keys, getOwnPropertyDescriptor } = Object;
const { call } = Function.prototype;
const mapForEach = call.bind(Map.prototype.forEach) as (map: unknown, visit: (value: unknown, key: unknown) => void) => void;
const setForEach = call.bind(Set.prototype.forEach) as (set: unknown, visit: (value: unknown) => void) => void;
const isSeen = call.bind(Set.prototype.has) as (seen: Set<object>, object: object) => boolean;
const see = call.bind(Set.prototype.add) as (seen: Set<object>, object: object) => void;

/** Ports in plain containers, each once, depth first. Runs nothing of the user's. */
export function findPorts(root: unknown): StockPort[] {
  const ports: StockPort[] = [];
  const seen = new Set<object>();
  let left = MOST;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null || isSeen(seen, value) || left-- <= 0 || types.isProxy(value)) return;
    see(seen, value);
    if (isStockPort(value)) ports[ports.length] = value as StockPort;
    else if (types.isMap(value)) mapForEach(value, (entry, key) => visitEntry(key, entry, visit));
    else if (types.isSet(value)) setForEach(value, visit);
    else if (!ArrayBuffer.isView(value)) visitProperties(value, visit);
  };
  visit(root);
  return ports;
}

function visitProperties(object: object, visit: (value: unknown) => void): void {
  const names = keys(object);
  for (let i = 0; i < names.length; i++) visit(getOwnPropertyDescriptor(object, names[i]!)?.value);
}

function visitEntry(key: unknown, entry: unknown, visit: (value: unknown) => void): void {
  visit(key);
  visit(entry);
}
