/** Receiving from a port without the event loop of the thread. */
import { min } from '../codec/primordials';
import { Deadlock, PortClosed } from '../errors';
import { isClosing, stopAsking } from './guard';
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

/** After `receive` has found nothing: will nothing come any more? */
export function isOver(state: PortState): boolean {
  return state.closing || state.over || state.shut || state.laneOver || state.peer?.closing === true;
}

/** Nobody can post while this thread is blocked. (A peer that was moved without our being asked may be in another one.) `stopAsking` follows. */
export function isLocal({ peer }: PortState): boolean {
  return peer !== undefined && !peer.over && (peer.closing || !isClosing(peer.port));
}

/**
 * Has a port that blocks this thread lost its other end since it was last asked? A thread that has the package tells by the lane. One
 * that ends before it has loaded it leaves its close in Node's queue, where `receive` has come to it. True: look once more, since
 * what was sent before it is there now.
 */
export function isLost(state: PortState): boolean {
  if (state.laneFed || isOver(state) || !isClosing(state.port)) return false;
  state.shut = true;
  return true;
}

/** The word is changed by what comes from now on. */
export function arm(state: PortState, word: number): void {
  if (state.slot >= 0) setWaiter(state.slot, word);
}

export function tryReceive(state: PortState, empty: unknown): unknown {
  const found = receive(state);
  return found === undefined ? empty : found.message;
}

export function receiveSync(state: PortState, timeout: number, empty: unknown): unknown {
  const found = receive(state) ?? wait(state, timeout);
  return found === undefined ? empty : found.message;
}

/**
 * Looks, and blocks the thread until `word` has changed or a slice is over, again and again. `look` sees to it that what
 * comes after it changes the word, and throws where waiting makes no sense. `isLate`: it may look for what is rare. Undefined after the timeout.
 */
export function block<Found>(word: number, timeout: number, look: (isLate: boolean) => Found | undefined): Found | undefined {
  const list = words();
  let end = -1;
  try {
    for (let slice = FIRST_MS; ; slice = min(slice * 2, LONGEST_MS)) {
      const seen = load(list, word);
      const found = look(slice === LONGEST_MS);
      if (found !== undefined || timeout === 0) return found;
      if (end < 0) end = deadline(timeout);
      if (!sleep(list, word, seen, end, slice)) return undefined;
    }
  } finally {
    stopAsking();
  }
}

function wait(state: PortState, timeout: number): { message: unknown } | undefined {
  if (isOver(state)) throw new PortClosed();
  if (timeout === 0) return undefined;
  if (timeout === Infinity && isLocal(state)) {
    stopAsking();
    throw new Deadlock();
  }
  const word = blockingWord();
  return block(word, timeout, (isLate) => {
    if (state.slot >= 0 && spin(state.slot)) {
      const found = receive(state);
      if (found !== undefined) return found;
    }
    arm(state, word);
    const found = receive(state) ?? (isLate && isLost(state) ? receive(state) : undefined);
    if (found === undefined && isOver(state)) throw new PortClosed();
    return found;
  });
}
