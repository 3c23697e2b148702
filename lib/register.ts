/**
 * `threadport/register`: our exports in the place of those of `node:worker_threads`, in this thread and in the workers
 * that it starts, and of the globals that are the same classes.
 */
import { cover, receiverOf, uncover } from './messaging/broadcast';
import { structuredClone, stockClone } from './messaging/clone';
import { followWorkers, leaveWorkers } from './messaging/follow';
import { receiveMessageOnPort } from './messaging/port';
import { builtin, ORIGINALS, stock, stockReceive } from './messaging/stock';
import { isFirst, isPreloaded, type Start } from './start';

type Exports = Record<string, unknown>;

interface Change {
  target: object;
  key: PropertyKey;
  value: unknown;
  original: PropertyDescriptor;
}

const GLOBALS = ['MessageChannel', 'MessagePort', 'BroadcastChannel'];

let changes: Change[] | undefined;

const warned = new Set<string>();

function warn(message: string, code: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  process.emitWarning(message, { code });
}

/** For another copy of the package: its own looks into the stock queue only. */
const receiveForOthers: typeof stockReceive = (port) => {
  const receiver = receiverOf(port);
  return (receiver === port ? stockReceive : receiveMessageOnPort)(receiver as never);
};

/** What is to be changed. A global that is not the built-in's own any more is left alone. */
function plan(ours: Exports): Change[] {
  const list: Change[] = [];
  const add = (target: object, key: string, value: unknown): void => {
    list.push({ target, key, value, original: Object.getOwnPropertyDescriptor(target, key)! });
  };
  for (const [key, value] of Object.entries(stock)) if (!Object.is(ours[key], value)) add(builtin, key, ours[key]);
  const globals = globalThis as unknown as Exports;
  for (const key of GLOBALS) {
    const original = Object.getOwnPropertyDescriptor(globals, key);
    if (original === undefined || globals[key] !== (stock as unknown as Exports)[key]) continue;
    list.push({ target: globals, key, value: ours[key], original });
  }
  if (structuredClone !== undefined && globals.structuredClone === stockClone) add(globals, 'structuredClone', structuredClone);
  return list.filter(({ value, original }) => value !== original.value);
}

function apply({ target, key, value, original: { enumerable } }: Change): boolean {
  return Reflect.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}

/** Was it frozen meanwhile? */
function isFixed({ target, key, value }: Change): boolean {
  const now = Object.getOwnPropertyDescriptor(target, key);
  return now !== undefined && now.value === value && !now.configurable;
}

/** What the program has replaced in turn is its own. */
function undo({ target, key, value, original }: Change): void {
  if (Object.getOwnPropertyDescriptor(target, key)?.value === value) Object.defineProperty(target, key, original);
}

/** Not loaded before: it takes its time. */
function syncExports(): void {
  (require('node:module') as typeof import('node:module')).syncBuiltinESMExports();
}

export function register(ours: Exports, start: Start): void {
  if (changes !== undefined) return;
  if (ORIGINALS in builtin) {
    warn(
      'Another copy of threadport stands in the place of node:worker_threads already; this one does nothing',
      'THREADPORT_REGISTERED_TWICE',
    );
    return;
  }
  const planned = plan(ours);
  const mark = { value: { ...stock, receiveMessageOnPort: receiveForOthers }, configurable: true };
  if (!Reflect.defineProperty(builtin, ORIGINALS, mark) || !planned.every(apply)) {
    planned.forEach(undo);
    Reflect.deleteProperty(builtin, ORIGINALS);
    warn('node:worker_threads or a global cannot be changed: threadport is not registered', 'THREADPORT_NOT_REGISTERED');
    return;
  }
  changes = planned;
  if (isFirst(start)) cover();
  if (!followWorkers(start !== 'worker' && isPreloaded())) {
    warn('threadport cannot register itself in workers on this Node.js', 'THREADPORT_WORKERS_NOT_REGISTERED');
  }
  syncExports();
}

export function unregister(): void {
  if (changes === undefined) return;
  if (changes.some(isFixed)) {
    warn('node:worker_threads or a global cannot be changed any more: threadport stays registered', 'THREADPORT_NOT_UNREGISTERED');
    return;
  }
  uncover();
  changes.forEach(undo);
  changes = undefined;
  Reflect.deleteProperty(builtin, ORIGINALS);
  leaveWorkers();
  syncExports();
}
