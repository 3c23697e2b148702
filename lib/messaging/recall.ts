/** Taking back what is in a lane that nobody reads any more. */
import { batches, native, stockBegin, stockEnd, stockFailed, wantTidy } from './thread';
import type { Batch } from './batch';
import { taken } from './carrier';
import { tellPosted } from './drain';
import { unpack } from './held';
import { estimateSize } from './size';
import { type Carried, Fifo, KIND_CARRIER, KIND_SWITCH, KIND_VALUE, KIND_VOID, LANE_OUT, type PortState, RESTING } from './state';
import { begin, finish, type Step } from './step';
import { stockPost } from './stock';
import { decode } from './take';

/** What is to be posted next: nothing, or a value that has not, or has, been counted as begun, or was posted. */
const NONE = 0;
const FOUND = 1;
const BEGUN = 2;
const POSTED = 3;

/**
 * It is all done in `end`, which goes on where it was if V8 has cut it short: so what is done and the note that it is have no call between them.
 * Values out of a lane run nothing of the user's.
 */
class Recall implements Step {
  outer: Step | undefined = undefined;
  /** The slot of the half that is read, -1 if there is none: then it is not for us to take it back. Undefined at first. */
  own: number | undefined = undefined;
  private batch: Batch | undefined = undefined;
  /** The batch is at a frame that was not looked at. */
  private hasFrame = false;
  /** The frame before it keeps a place, unless this one takes it back. It may have been in another batch. */
  private keepsPlace = false;
  /** What had been taken out of Node's queue. The frame allows to post some of it: with a number below `until`, and no more than `most`. */
  private readonly held = new Fifo<Carried>();
  private isUnpacked = false;
  private until = 0;
  private most = 0;
  private next = NONE;
  private value: unknown = undefined;
  private isPosted = false;
  private isOver = false;

  constructor(private readonly state: PortState) {}

  end(): void {
    const { state } = this;
    if (this.own === undefined) {
      const own = native.beginRecall(state.slot);
      this.own = own ?? -1;
      if (own !== null) state.bits &= ~(LANE_OUT | RESTING);
    }
    if (this.own < 0 || this.isOver) return;
    if (!this.isUnpacked) unpack(this.own, (message) => this.held.push(message));
    this.isUnpacked = true;
    this.batch ??= batches.acquire();
    while (this.next !== NONE || this.find(this.batch)) this.post();
    native.endRecall(this.own);
    this.isOver = true;
    batches.release(this.batch);
  }

  /** False: that was all. */
  private find(batch: Batch): boolean {
    const { held } = this;
    for (;;) {
      if (this.most > 0 && held.first !== undefined && held.first.index < this.until) {
        const { type, value } = held.shift()!;
        this.most--;
        this.value = value;
        // An error stands for a message that cannot be had.
        this.next = type === 'message' ? FOUND : NONE;
        if (this.next === FOUND) return true;
      } else if (this.hasFrame && this.keepsPlace && batch.kind !== KIND_VOID) {
        this.until = Infinity;
        this.most = 1;
        this.keepsPlace = false;
      } else if (this.hasFrame) {
        const { kind } = batch;
        if (kind === KIND_VALUE) {
          decode(batch);
          const { type, value } = taken;
          taken.value = undefined;
          if (type === 'message') {
            this.value = value;
            this.next = FOUND;
          }
        } else if (kind === KIND_SWITCH) {
          this.until = batch.number;
          this.most = Infinity;
        }
        this.keepsPlace = kind === KIND_CARRIER;
        this.hasFrame = false;
        if (this.next === FOUND) return true;
      } else if (batch.advance() || (batch.fill(this.own!) && batch.advance())) this.hasFrame = true;
      else if (this.until !== Infinity || this.most !== Infinity) {
        this.until = Infinity;
        this.most = Infinity;
      } else return false;
    }
  }

  private post(): void {
    const { state, value } = this;
    if (this.next === FOUND) {
      this.isPosted = false;
      stockBegin(state.slot);
      this.next = BEGUN;
    }
    if (this.next === BEGUN) {
      try {
        this.isPosted = stockPost(state.port, value) === true;
      } catch {
        // There was no memory for it.
      }
      this.next = POSTED;
    }
    let isFull = false;
    if (this.isPosted) isFull = stockEnd(state.slot, estimateSize(value, undefined));
    else stockFailed(state.slot);
    this.next = NONE;
    this.value = undefined;
    tellPosted(state, isFull);
  }
}

/**
 * The peer went where nobody reads lanes: what it has not taken goes by the stock port. False if lanes are read there after
 * all.
 */
export function recall(state: PortState): boolean {
  // After a close nothing can be posted: the other side reads its lane itself.
  if (state.closing || state.ended) return true;
  const own = new Recall(state);
  // Nobody else may come by, should it be cut short.
  wantTidy();
  begin(own);
  finish(own);
  return own.own !== -1;
}
