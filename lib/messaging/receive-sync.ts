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

/**
 * Looks, and blocks the thread until `word` has changed or a slice is over, again and again. `look` sees to it that what
 * comes after it changes the word, and throws where waiting makes no sense. Undefined after the timeout.
 */
export function block<Found>(word: number, timeout: number, look: () => Found | undefined): Found | undefined {
  const list = words();
  let end = -1;
  for (let slice = FIRST_MS; ; slice = min(slice * 2, LONGEST_MS)) {
    const seen = load(list, word);
    const found = look();
    if (found !== undefined || timeout === 0) return found;
    if (end < 0) end = deadline(timeout);
    if (!sleep(list, word, seen, end, slice)) return undefined;
  }
}

function wait(state: PortState, timeout: number): { message: unknown } | undefined {
  if (isOver(state)) throw new PortClosed();
  if (timeout === 0) return undefined;
  if (timeout === Infinity && isLocal(state)) throw new Deadlock();
  const word = blockingWord();
  return block(word, timeout, () => {
    if (state.slot >= 0 && spin(state.slot)) {
      const found = receiveNow(state);
      if (found !== undefined) return found;
    }
    arm(state, word);
    const found = receiveNow(state);
    if (found === undefined && isOver(state)) throw new PortClosed();
    return found;
  });
}
