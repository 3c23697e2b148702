/** Receiving from a port without the event loop of the thread. */
import { min } from '../codec/primordials';
import { Deadlock, PortClosed } from '../errors';
import { blockingWord, words } from './listen';
import { receive } from './receive';
import { deadline, sleep } from './sleep';
import type { PortState } from './state';
import { setWaiter, spin } from './thread';

/**
 * How long a blocked thread sleeps at most before it looks again, in milliseconds, from the first time on. A thread that ends
 * tells nobody.
 */
const FIRST_MS = 1;
const LONGEST_MS = 50;

export const nextSlice = (slice: number): number => (slice === 0 ? FIRST_MS : min(slice * 2, LONGEST_MS));

const { load } = Atomics;

/** As `receive`, and sees what has come since a delivery that is further up the stack has looked. */
export function receiveNow(state: PortState): { message: unknown } | undefined {
  if (state.batch !== undefined) state.batch.more = true;
  return receive(state);
}

/** After `receiveNow` has found nothing: will nothing come any more? */
export function isOver(state: PortState): boolean {
  const { peer } = state;
  return state.closing || state.over || state.laneOver || (peer !== undefined && (peer.closing || peer.over));
}

/** Nobody can post while this thread is blocked. */
export const isLocal = (state: PortState): boolean => state.peer !== undefined;

/** The word is changed by what comes from now on. */
export function arm(state: PortState, word: number): void {
  if (state.slot >= 0) setWaiter(state.slot, word);
}

export function tryReceive(state: PortState, empty: unknown): unknown {
  const found = receiveNow(state);
  return found === undefined ? empty : found.message;
}

export function receiveSync(state: PortState, timeout: number, empty: unknown): unknown {
  const found = receiveNow(state) ?? wait(state, timeout);
  return found === undefined ? empty : found.message;
}

function wait(state: PortState, timeout: number): { message: unknown } | undefined {
  const list = words();
  const word = blockingWord();
  let end = -1;
  for (let slice = nextSlice(0); ; slice = nextSlice(slice)) {
    if (isOver(state)) throw new PortClosed();
    if (timeout === 0) return undefined;
    if (timeout === Infinity && isLocal(state)) throw new Deadlock();
    if (state.slot >= 0 && spin(state.slot)) {
      const found = receiveNow(state);
      if (found !== undefined) return found;
    }
    const seen = load(list, word);
    arm(state, word);
    const found = receiveNow(state);
    if (found !== undefined) return found;
    if (isOver(state)) throw new PortClosed();
    if (end < 0) end = deadline(timeout);
    if (!sleep(list, word, seen, end, slice)) return undefined;
  }
}
