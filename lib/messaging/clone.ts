/** Functions of Node that move ports without asking us: under these names they ask. */
import { bareList, captured, defineOwn } from '../codec/primordials';
import { adoptAs } from './adopt';
import { recordPorts } from './carrier';
import { guarded } from './guard';
import { needStack } from '../headroom';
import { type Detached, detachAll, forgetMoved, isPlain, moving, portsIn, readIterable, reattachAll, spend, ticketsOf } from './move';
import { cloningQueues } from './queues';
import { stateOf } from './state';
import { step } from './step';
import { named, StockChannel, type StockPort, stock, stockClose, stockPost } from './stock';
import { READER_KNOWN, READER_NONE } from './thread';

type Clone = (value: unknown, options?: unknown) => unknown;

export const stockClone = globalThis.structuredClone as Clone;

/** The list as Node is given it in place of the user's, which may be read only once. */
function asArray(list: unknown[]): unknown[] {
  const array = new captured.Array<unknown>();
  for (let i = 0; i < list.length; i++) defineOwn(array, i, list[i]);
  return array;
}

const cloneWithQueues = (value: unknown, options: unknown): unknown => cloningQueues(() => stockClone(guarded(value), options));

function cloneWithPorts(value: unknown, list: unknown[], ports: StockPort[]): unknown {
  let clone: unknown;
  let detached: Detached[];
  const move = (recorded: StockPort[] | undefined): void => {
    detached = moving(undefined, ports, recorded === undefined ? READER_NONE : READER_KNOWN, () => {
      clone = cloneWithQueues(value, { __proto__: null, transfer: asArray(list) });
    });
  };
  const recorded = recordPorts(ports.length > 0 && isPlain(list), move);
  // With fewer of them nobody knows which is which.
  const isKnown = recorded !== undefined && recorded.length >= ports.length;
  const tickets = isKnown ? ticketsOf(ports, detached!) : undefined;
  if (isKnown) spend(ports, detached!);
  forgetMoved(detached!, ports, isKnown);
  if (tickets !== undefined) arrive(tickets, ports, recorded!);
  return clone;
}

/** The new ports come last, in the order of the list: what getters have made or used came before, when Node read the value. */
function arrive(tickets: number[], ports: StockPort[], recorded: StockPort[]): void {
  const first = recorded.length - ports.length;
  for (let i = 0; i < ports.length; i++) {
    if (tickets[i]! >= 0) adoptAs(recorded[first + i]!, tickets[i]!, stateOf(ports[i])!);
  }
}

function cloneOurs(value: unknown, options?: unknown): unknown {
  needStack();
  // biome-ignore lint/complexity/noArguments: the number of arguments matters
  if (arguments.length === 0) return (stockClone as () => unknown)();
  if ((typeof options !== 'object' && typeof options !== 'function') || options === null) {
    return cloneWithQueues(value, options);
  }
  const { transfer } = options as { transfer?: unknown };
  const list = typeof transfer === 'object' && transfer !== null ? readIterable(transfer) : undefined;
  if (list === undefined) return cloneWithQueues(value, { __proto__: null, transfer });
  return cloneWithPorts(value, list, portsIn(list));
}

/** The global: moves ports of ours with what waits for them, and they stay ours. Undefined if the program has replaced it. */
export const structuredClone = typeof stockClone === 'function' ? named(cloneOurs, stockClone) : undefined;

type Post = (threadId: unknown, value: unknown, transferList?: unknown, timeout?: unknown) => Promise<void>;

const stockToThread = (stock as unknown as { postMessageToThread?: Post }).postMessageToThread;

/** Did Node move the port? The list is not valid either way; Node looks at each port before it looks for the next. */
function isMoved(port: StockPort): boolean {
  const { port1 } = new StockChannel();
  try {
    stockPost(port1, 0, [port, port]);
  } catch (error) {
    return /already detached/.test((error as Error).message);
  } finally {
    stockClose(port1);
  }
  return false;
}

async function toThread(threadId: unknown, value: unknown, transferList?: unknown, timeout?: unknown): Promise<void> {
  const list = typeof transferList === 'object' && transferList !== null ? readIterable(transferList) : undefined;
  if (list === undefined) return stockToThread!(threadId, guarded(value), transferList, timeout);
  const ports = portsIn(list);
  const detached = bareList<Detached>();
  let posted: Promise<void> | undefined;
  const body = (): void => {
    detachAll(undefined, ports, READER_NONE, detached);
    // Node posts before it first waits.
    posted = stockToThread!(threadId, guarded(value), asArray(list), timeout);
  };
  step(body, () => {
    for (let i = 0; i < ports.length; i++) {
      const port = ports[i]!;
      const own = detachedOf(detached, port);
      if (isMoved(port)) forgetMoved(own, [port]);
      else reattachAll(own);
    }
  });
  return posted;
}

function detachedOf(detached: Detached[], port: StockPort): Detached[] {
  const own = bareList<Detached>();
  for (let i = 0; i < detached.length; i++) if (detached[i]!.state.port === port) own[0] = detached[i]!;
  return own;
}

/** Undefined on a Node that does not have it. */
export const postMessageToThread = stockToThread && named(toThread, stockToThread);
