/**
 * Receive buffers of this thread. A batch of frames is copied into one with a single native call and
 * then read in JS; frames are removed from the lane only after they were delivered, so that a port
 * which moves in the middle of a batch takes the rest along.
 */
import { allocate, bareList, captured } from '../codec/primordials';
import { KIND_VALUE } from './state';
import {
  FRAME_END, FRAME_HEADER, FRAME_KIND, FRAME_TEXT, KEEP_WORDS, RX_ADVANCE, RX_ATTACHMENTS, RX_BASE, RX_EVENTS, RX_FRAMES, RX_MORE, RX_NEEDED, RX_SETTLE, RX_SLOT, WORDS,
} from '../native';

const words = (count: number): Int32Array => new captured.Int32Array(new captured.SharedArrayBuffer(count * 4));

interface Taker {
  advance(slot: number, frames: number): number;
  attachmentSize(slot: number, index: number): number;
  copyAttachment(slot: number, index: number, target: ArrayBuffer): boolean;
  landed(slot: number, index: number): ArrayBuffer | undefined;
  take(buffer: number): string | undefined;
  setReceive(index: number, words: Int32Array): void;
}

/** Two words are a number in this base. */
export const NUMBER_BASE = 2 ** 30;

export class Batch {
  readonly index: number;
  words: Int32Array;
  #size = WORDS;
  /** Slot of the port, -1 if there was none with news. */
  slot = -1;
  events = 0;
  /** Frames not read yet. */
  left = 0;
  /** The lane had more frames than fitted. If not, its doorbell tells of new ones. */
  more = false;
  /** Frames read, still in the lane. */
  delivered = 0;
  /** The current frame says where a message is, and that one has not been taken yet: whoever reads may be cut short (step.ts). */
  owed = false;
  /** The current frame: its words and the position of its text in `text`. */
  position = 0;
  end = 0;
  kind = 0;
  text = '';
  textPosition = 0;
  attachments: (ArrayBuffer | undefined)[] | undefined = undefined;
  #next = 0;
  #nextText = 0;
  readonly #native: Taker;

  constructor(native: Taker, index: number) {
    this.#native = native;
    this.index = index;
    this.words = words(WORDS);
    native.setReceive(index, this.words);
  }

  /** Fill from `slot`, or from the next port with news (-1). False if there is nothing. */
  fill(slot: number): boolean {
    let { words } = this;
    words[RX_SLOT] = slot;
    words[RX_SETTLE] = this.slot;
    words[RX_ADVANCE] = this.delivered;
    this.delivered = 0;
    this.left = 0;
    let text = this.#native.take(this.index);
    this.events |= words[RX_EVENTS]!;
    if (words[RX_NEEDED] !== 0) {
      this.#resize(words[RX_NEEDED]! >> 2);
      words = this.words;
      text = this.#native.take(this.index);
    }
    this.slot = words[RX_SLOT]!;
    this.#next = RX_BASE;
    this.#nextText = 0;
    this.text = text ?? '';
    // Who is cut short here (step.ts) finds no frames, and is to look again.
    this.more = true;
    this.attachments = this.#copyAttachments(words[RX_ATTACHMENTS]!);
    this.more = words[RX_MORE] !== 0;
    this.left = words[RX_FRAMES]!;
    return this.left > 0;
  }

  #copyAttachments(count: number): (ArrayBuffer | undefined)[] | undefined {
    if (count === 0) return undefined;
    const buffers = bareList<ArrayBuffer | undefined>();
    for (let i = 0; i < count; i++) {
      buffers[i] = this.#native.landed(this.slot, i) ?? this.#copyAttachment(i);
    }
    return buffers;
  }

  /** Undefined if the content is lost, for want of memory: the message cannot be decoded then. */
  #copyAttachment(index: number): ArrayBuffer | undefined {
    const buffer = allocate(this.#native.attachmentSize(this.slot, index));
    return this.#native.copyAttachment(this.slot, index, buffer) ? buffer : undefined;
  }

  /** Go to the next frame of the batch. */
  advance(): boolean {
    if (this.left === 0) return false;
    const { words } = this;
    const at = this.#next;
    this.end = words[at + FRAME_END]!;
    this.kind = words[at + FRAME_KIND]!;
    this.textPosition = this.#nextText;
    this.position = at + FRAME_HEADER;
    this.#next = this.end;
    this.#nextText += words[at + FRAME_TEXT]!;
    this.left--;
    this.delivered++;
    this.owed = this.kind !== KIND_VALUE;
    return true;
  }

  /** What the current frame says, if it is one of `sendAhead`. */
  get number(): number {
    const { words, position } = this;
    return words[position]! * NUMBER_BASE + words[position + 1]!;
  }

  /** Kind of the frame behind the current one, 0 if the batch has none. */
  get nextKind(): number {
    return this.left === 0 ? 0 : this.words[this.#next + FRAME_KIND]!;
  }

  /** The current frame counts as not read. */
  unread(): void {
    this.delivered--;
    this.left++;
    this.#next = this.position - FRAME_HEADER;
    this.#nextText = this.textPosition;
    this.owed = false;
  }

  /** Forget what was read: nothing of a message may stay reachable. */
  clear(): void {
    this.left = 0;
    this.owed = false;
    this.events = 0;
    this.text = '';
    this.attachments = undefined;
    if (this.#size > KEEP_WORDS) this.#resize(WORDS);
  }

  #resize(count: number): void {
    const { words: old } = this;
    this.#size = count;
    this.words = words(count);
    this.words[RX_SLOT] = old[RX_SLOT]!;
    this.#native.setReceive(this.index, this.words);
  }
}

/** Batches in use and free ones: a handler may read another port while its own batch waits. */
export class Batches {
  readonly #free = bareList<Batch>();
  readonly #native: Taker;
  #idle = 0;
  #made = 0;

  constructor(native: Taker) {
    this.#native = native;
  }

  acquire(): Batch {
    if (this.#idle > 0) return this.#free[--this.#idle]!;
    const batch = new Batch(this.#native, this.#made);
    this.#made++;
    return batch;
  }

  /** All frames of `slot`, which leave the lane. */
  each(slot: number, visit: (batch: Batch) => void): void {
    const batch = this.acquire();
    try {
      while (batch.fill(slot)) while (batch.advance()) visit(batch);
    } finally {
      this.release(batch);
    }
  }

  /** Give a batch back, which `holder` has had: what was read leaves the lane, the rest stays there. */
  release(batch: Batch, holder?: { batch: Batch | undefined }): void {
    if (batch.delivered > 0) {
      this.#native.advance(batch.slot, batch.delivered);
      batch.delivered = 0;
    }
    batch.clear();
    if (holder !== undefined) holder.batch = undefined;
    this.#free[this.#idle++] = batch;
  }
}
