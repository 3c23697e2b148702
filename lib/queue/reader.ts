/** Messages on their way out of a queue. The words are used from the call to the end of decoding, which runs no foreign code. */
import { BASE } from '../codec';
import { allocate, bareList, captured, typedArrayBuffer, typedArrayLength } from '../codec/primordials';
import { decoder } from '../messaging/thread';
import { KEEP_WORDS, WORDS } from '../native';
import { BLOBS, DONE, END, MODE, makeWords, POP, POP_BYTES, POP_INTO, type QueueCall, ROOM, ROOM_WORDS, STATUS, TEXT } from './native';
import { READER } from './writer';

/** Longest record that comes in the words (`SMALL_BYTES` in src/binding/layout.rs). */
const SMALL_BYTES = 1024;

let words: Int32Array = new captured.Int32Array(0);
let u8: Uint8Array = new captured.Uint8Array(0);
/** The place of a small record of a size that has come twice in a row, and the last size. */
let place: Uint8Array = u8;
let lastSize = -1;

/** Before the first queue is used. */
export function prepare(): void {
  if (typedArrayLength(words) === 0) resize(WORDS);
}

function resize(count: number): void {
  words = makeWords(READER, count);
  u8 = new captured.Uint8Array(typedArrayBuffer(words));
  place = placeOf(0);
}

const placeOf = (size: number): Uint8Array => new captured.Uint8Array(typedArrayBuffer(words), BASE * 4, size);

/** The small record that was popped last. To copy a view that is there takes less time than `slice`, which takes less than to make the view. */
function smallRecord(size: number): Uint8Array {
  if (typedArrayLength(place) === size) return new captured.Uint8Array(place);
  if (size === lastSize) place = placeOf(size);
  lastSize = size;
  return u8.slice(BASE * 4, BASE * 4 + size);
}

/** A word of the last answer. */
export const answer = (index: number): number => words[index]!;

/** What the last successful pop brought. */
export const popped = { text: undefined as string | undefined, blobs: undefined as ArrayBuffer[] | undefined };

/** Takes a message; the status. If there is one, `decoded` or `popped.text` is its value. */
export function popMessage(call: QueueCall, mode: number): number {
  popped.blobs = undefined;
  for (;;) {
    words[MODE] = mode;
    const { blobs } = popped;
    words[BLOBS] = blobs === undefined ? 0 : blobs.length;
    popped.text = blobs === undefined ? call(POP) : call(POP, blobs);
    if (words[STATUS] !== ROOM) return words[STATUS]!;
    if (words[TEXT] === ROOM_WORDS) resize(words[END]!);
    else popped.blobs = buffers();
  }
}

function buffers(): ArrayBuffer[] {
  const list = bareList<ArrayBuffer>();
  for (let i = 0, count = words[BLOBS]!; i < count; i++) list[i] = allocate(words[BASE + i]! >>> 0);
  return list;
}

export function decoded(): unknown {
  const { text, blobs } = popped;
  popped.text = undefined;
  popped.blobs = undefined;
  try {
    return decoder.decode(words, BASE, words[END]!, text ?? '', 0, blobs);
  } finally {
    if (typedArrayLength(words) > KEEP_WORDS) resize(WORDS);
  }
}

/** Takes bytes into an array of the user's; the status. END is their number, or that of those for which it is too short. */
export function popInto(call: QueueCall, mode: number, target: Uint8Array): number {
  words[MODE] = mode;
  call(POP_INTO, target);
  return words[STATUS]!;
}

/** Takes bytes of any length; messages of one length come one after the other. */
export class ByteReader {
  /** What the next record is copied into, if it is of this size. */
  #target: Uint8Array | undefined = undefined;
  #size = 0;
  value: Uint8Array | undefined = undefined;

  /** The status. */
  pop(call: QueueCall, mode: number): number {
    for (;;) {
      words[MODE] = mode;
      if (this.#size > SMALL_BYTES) call(POP_BYTES, (this.#target ??= new captured.Uint8Array(allocate(this.#size))));
      else call(POP_BYTES);
      const status = words[STATUS]!;
      if (status === ROOM) {
        this.#size = words[END]!;
        this.#target = undefined;
        continue;
      }
      if (status === DONE) this.#take(words[END]!);
      return status;
    }
  }

  #take(size: number): void {
    if (this.#target !== undefined) {
      this.value = this.#target;
      this.#target = undefined;
    } else this.value = smallRecord(size);
  }
}
