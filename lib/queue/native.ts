/**
 * What a queue's native function is asked, and the words through which numbers travel (src/binding/queue.rs and
 * layout.rs have the same).
 */
import { captured } from '../codec/primordials';
import { type Addon, raw } from '../native';
import { native } from '../messaging/thread';

/** `call(code | words << 8, a?, b?)`. */
export type QueueCall = (code: number, a?: unknown, b?: unknown) => string | undefined;

export const PUSH = 0;
export const PUSH_BYTES = 1;
export const POP = 2;
export const POP_BYTES = 3;
export const CLOSE = 4;
export const LENGTH = 5;
export const USED = 6;
export const IS_CLOSED = 7;
export const CODEC = 8;
export const WATCH_ITEMS = 9;
export const WATCH_SPACE = 10;
export const POP_INTO = 11;

/** Indices of the words. */
export const STATUS = 0;
export const END = 1;
export const TEXT = 2;
export const WIDE = 3;
export const BLOBS = 4;
export const SEEN = 5;
export const WAKE = 6;
export const MODE = 7;

/** What a call leaves in STATUS. */
export const DONE = 0;
/** No room, or no message: SEEN is the value to wait on. */
export const NOTHING = 1;
export const CLOSED = 2;
export const TOO_LARGE = 3;
/** The message needs more room here: words (TEXT is 1), or buffers. */
export const ROOM = 6;
export const ROOM_WORDS = 1;

/** Values of MODE. */
export const TRY = 0;
/** The caller will wait if there is nothing. */
export const ARM = 1;
/** The same, and other threads are given a moment first. */
export const SPIN = 2;

const addon = raw as Addon;
export const { QUEUE_HEADER, QUEUE_ITEMS, QUEUE_SPACE, QUEUE_MIN_CAPACITY, QUEUE_MAX_CAPACITY } = addon;

export const openQueue = (memory: Uint8Array, codec: number): QueueCall | number => native.openQueue(memory, codec);

/** Words number `index`. */
export function makeWords(index: number, count: number): Int32Array {
  const words = new captured.Int32Array(new captured.SharedArrayBuffer(count * 4));
  native.setQueueWords(index, words);
  return words;
}
