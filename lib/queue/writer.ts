/**
 * A message on its way into a queue. What is encoded stays until it has been pushed: a queue may be full, and getters and
 * codecs of the user's run once.
 */
import { BASE, Encoder } from '../codec';
import {
  bareList, captured, max, typedArrayBuffer, typedArrayByteLength, typedArraySet,
} from '../codec/primordials';
import { onTidy } from '../messaging/step';
import { shapes, wantTidy } from '../messaging/thread';
import { width } from '../messaging/text';
import { isTooLong } from '../codec/overflow';
import { NotCarried, RangeTooLarge } from '../errors';
import { KEEP_WORDS, WORDS } from '../native';
import { BLOBS, END, MODE, makeWords, PUSH, PUSH_BYTES, type QueueCall, STATUS, TEXT, WIDE } from './native';

/** Bytes that are copied here rather than by native code, which would have to ask V8 for their address. */
const COPIED_BYTES = 128;

/** Number of the words that `Reader` uses; writers have those behind. */
export const READER = 0;

/** A message that has to wait for room, with everything copied. */
export interface WaitingMessage {
  words: Int32Array | undefined;
  text: string;
  blobs: ArrayBuffer[] | undefined;
  bytes: Uint8Array | undefined;
  isPushed: boolean;
}

export class Writer {
  readonly #index: number;
  #words: Int32Array;
  #encoder: Encoder;
  #u8: Uint8Array;
  /** The message: its last word, or its length; and what is not in the words. */
  #end = 0;
  #text = '';
  #wide = 0;
  #blobs: ArrayBuffer[] | undefined = undefined;
  #bytes: Uint8Array | undefined = undefined;
  #isBytes = false;

  constructor(index: number) {
    this.#index = index;
    this.#words = makeWords(index, WORDS);
    this.#u8 = this.#view();
    this.#encoder = new Encoder(this.#words, { grow: (words) => this.#grow(words), onBusy: wantTidy }, shapes);
  }

  #view(): Uint8Array {
    return new captured.Uint8Array(typedArrayBuffer(this.#words));
  }

  #grow(words: number): Int32Array {
    this.#words = makeWords(this.#index, max(words, this.#words.length * 2));
    this.#u8 = this.#view();
    return this.#words;
  }

  structured(value: unknown): void {
    // Nobody else uses it: who has left it in use was cut short, or met the end of the stack.
    this.#encoder.mend();
    if (!this.#encoder.encode(value)) throw refusal(this.#encoder.overflow);
    const { words, text, attachments } = this.#encoder;
    this.#message(words, text, attachments);
  }

  /** After whoever used it was cut short. */
  mend(): void {
    this.#encoder.mend();
    this.clear();
  }

  json(text: string): void {
    this.#message(BASE, text, undefined);
  }

  #message(end: number, text: string, blobs: ArrayBuffer[] | undefined): void {
    this.#isBytes = false;
    this.#end = end;
    this.#text = text;
    this.#wide = width(text);
    this.#blobs = blobs;
  }

  bytes(view: Uint8Array): void {
    const length = typedArrayByteLength(view);
    this.#isBytes = true;
    this.#end = length;
    if (length <= COPIED_BYTES) typedArraySet(this.#u8, view, BASE * 4);
    else this.#bytes = view;
  }

  /** Returns the status. */
  push(call: QueueCall, mode: number): number {
    const words = this.#words;
    const index = this.#index << 8;
    words[END] = this.#end;
    words[MODE] = mode;
    if (this.#isBytes) {
      if (this.#bytes === undefined) call(PUSH_BYTES | index);
      else call(PUSH_BYTES | index, this.#bytes);
      return words[STATUS]!;
    }
    const text = this.#text;
    const blobs = this.#blobs;
    words[TEXT] = text.length;
    words[WIDE] = this.#wide;
    words[BLOBS] = 0;
    if (blobs !== undefined) {
      words[BLOBS] = blobs.length;
      call(PUSH | index, text, blobs);
    } else if (text.length === 0) call(PUSH | index);
    else call(PUSH | index, text);
    return words[STATUS]!;
  }

  /** A word of the last answer. */
  answer(index: number): number {
    return this.#words[index]!;
  }

  /** A copy of the message: what it was made of may change. */
  pack(): WaitingMessage {
    const isBytes = this.#isBytes;
    const bytes = isBytes ? copyOf(this.#bytes ?? this.#u8.subarray(BASE * 4, BASE * 4 + this.#end)) : undefined;
    const words = isBytes ? undefined : this.#words.slice(BASE, this.#end);
    let blobs: ArrayBuffer[] | undefined;
    if (this.#blobs !== undefined) {
      blobs = bareList<ArrayBuffer>();
      for (let i = 0; i < this.#blobs.length; i++) blobs[i] = copyOf(new captured.Uint8Array(this.#blobs[i]!)).buffer as ArrayBuffer;
    }
    return { words, text: this.#text, blobs, bytes, isPushed: false };
  }

  unpack({ words, text, blobs, bytes }: WaitingMessage): void {
    if (bytes !== undefined) {
      this.bytes(bytes);
      return;
    }
    const end = BASE + words!.length;
    if (end > this.#words.length) this.#encoder.adopt(this.#grow(end));
    typedArraySet(this.#words, words!, BASE);
    this.#message(end, text, blobs);
  }

  /** Lets go of the user's values. */
  clear(): void {
    this.#encoder.release();
    this.#text = '';
    this.#blobs = undefined;
    this.#bytes = undefined;
    if (this.#words.length <= KEEP_WORDS) return;
    this.#words = makeWords(this.#index, WORDS);
    this.#u8 = this.#view();
    this.#encoder.adopt(this.#words);
  }
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = new captured.Uint8Array(typedArrayByteLength(bytes));
  typedArraySet(copy, bytes);
  return copy;
}

const writers = bareList<Writer>();
let used = 0;

/** One that nobody uses: a getter or codec of a message that is being encoded may push as well. */
export function acquire(): Writer {
  if (used > 0) wantTidy();
  if (used === writers.length) writers[used] = new Writer(READER + 1 + used);
  return writers[used++]!;
}

onTidy(() => {
  while (used > 0) writers[--used]!.mend();
});

/** In the reverse order. */
export function release(): void {
  writers[--used]!.clear();
}

/** Why the encoder takes no such value. */
function refusal(overflow: unknown): unknown {
  if (overflow === undefined) return new NotCarried('The structured codec does not carry a value of this kind between threads');
  return isTooLong(overflow) ? new RangeTooLarge() : overflow;
}
