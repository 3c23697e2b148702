/**
 * Words on which threads wait for their ports other than in their event loops: with `Atomics.wait`, or `waitAsync`.
 *
 * Who posts asks the bell of the lane whom to tell (src/wake/doorbell.rs), and tells them here, since Node-API cannot wake who
 * waits there. The threads between which there are lanes share the words: a worker inherits them from its parent, as
 * environment data.
 */
import { captured, sharedBufferByteLength, typedArrayBuffer } from '../codec/primordials';
import { types } from 'node:util';
import { bequeath, inherited } from './inherited';
import { openGate } from './receive';
import { change } from './sleep';
import type { PortState } from './state';
import { mend } from './step';
import { giveWord, setListener, setTell, takeWord, wordOf } from './thread';

const WORDS = 'words';
/** src/binding/listening.rs gives out as many. */
const COUNT = 4096;
/** The word of those who wait for queues as well: who pushes does not know the words of threads. */
export const ANYWHERE = 1;

const { isSharedArrayBuffer } = types;

let shared: Int32Array | undefined;

function given(): SharedArrayBuffer | undefined {
  const data = inherited(WORDS);
  return isSharedArrayBuffer(data) && sharedBufferByteLength(data) === COUNT * 4 ? data : undefined;
}

function made(): SharedArrayBuffer {
  const buffer = new captured.SharedArrayBuffer(COUNT * 4);
  bequeath(WORDS, buffer);
  return buffer;
}

/** Must be there before a worker is started. */
export function words(): Int32Array {
  shared ??= new captured.Int32Array(given() ?? made());
  return shared;
}

function changeWord(word: number): void {
  if (word !== 0) change(words(), word);
}

/** `told`: two words, in its halves; 0 is none. */
export function tell(told: number): void {
  changeWord(told & 0xffff);
  changeWord(told >>> 16);
}

setTell(tell);

let waiting = 0;

/** The word on which this thread blocks. */
export const blockingWord = (): number => (waiting ||= takeWord());

/** The word of a port. It may be asked for at any time; that of a closed port goes to another one. */
export function signalOf(state: PortState): Int32Array {
  if (state.rare.signal !== undefined) return state.rare.signal;
  mend();
  const number = state.over ? 0 : takeWord();
  const signal = new captured.Int32Array(typedArrayBuffer(words()) as SharedArrayBuffer, number * 4, 1);
  state.own.signal = signal;
  if (!state.over) {
    if (!state.reading) openGate(state);
    if (state.slot >= 0) setListener(state.slot, number);
  }
  return signal;
}

/** The port is closed, or was moved away. */
export function forgetSignal(state: PortState): void {
  const { signal } = state.rare;
  if (signal === undefined) return;
  const number = wordOf(signal);
  changeWord(number);
  giveWord(number);
}
