/**
 * Which message of a port is next: its frames say so, and send for the stock message whose place they keep.
 */
import { apply, floor, max } from '../codec/primordials';
import { EVENT_CLOSED, EVENT_DRAIN, EVENT_MOVED, EVENT_RECALL, EVENT_REFUSED } from '../native';
import type { Batch } from './batch';
import { mendEra, pull, type Taken, take, taken } from './carrier';
import { finish } from './closing';
import { hasQueue } from './guard';
import { emitDrain, onFall } from './drain';
import { holdBack } from './held';
import { recall } from './recall';
import { KIND_BARRIER, KIND_CARRIER, KIND_STOCK, KIND_SWITCH, KIND_VALUE, KIND_VOID, type PortState } from './state';
import { stockHasRef, stockRef, stockStart } from './stock';
import { awaited, batches, decoder, hasLaneFrames, voidTaken } from './thread';
import { holdTurn } from './turn';

export function onEvents(state: PortState, batch: Batch): void {
  const { events } = batch;
  batch.events = 0;
  if (events & (EVENT_CLOSED | EVENT_REFUSED)) state.laneOver = true;
  if (events & (EVENT_MOVED | EVENT_REFUSED)) state.offered = false;
  if (events & EVENT_MOVED) finish(state);
  if (events & EVENT_RECALL) recall(state);
  if (events & EVENT_DRAIN && onFall(state)) emitDrain(state);
}

/** Put the unread rest of the current batch back into the lane. */
export function releaseBatch(state: PortState): void {
  const { batch } = state;
  if (batch === undefined) return;
  if (batch.owed) batch.unread();
  batches.release(batch, state);
}

/**
 * Puts the next message of a port into `taken`; false if there is none (yet). A stock message whose
 * turn it is is waited for, unless `isSync`: then it is taken out of Node's queue.
 *
 * Waiting is not for speed. Between a transfer that we do not see and the close that follows it, Node's
 * `receiveMessageOnPort` reads memory that is gone; only the caller of ours may take that risk.
 */
export function takeMessage(state: PortState, isSync: boolean): Taken {
  state.waiting = false;
  for (;;) {
    const batch = nextFrame(state);
    if (batch === undefined) {
      if (state.offered) return false;
      // A thread that was killed between a stock message and its frame: what is left has no place in the lane.
      if (state.laneOver) state.laneFed = false;
      return state.laneFed ? false : takeHeld(state);
    }
    if (takeFrame(state, batch, isSync)) return true;
    if (state.waiting) return false;
  }
}

/** The same without waiting, from the stock queue as well. */
export function takeNow(state: PortState): Taken {
  if (takeMessage(state, true)) return true;
  if (state.laneFed || !pull(state)) return false;
  // Others are held behind it: their places are known.
  if (state.slot < 0 || state.held.length > 0 || !hasLaneFrames(state.slot)) return true;
  // The peer has changed to the lane since we looked: this message may belong behind frames.
  holdBack(state, { ...taken, index: state.received - 1 });
  // The batch was filled before.
  releaseBatch(state);
  return takeMessage(state, true);
}

/** Has what a CARRIER frame waited for come about: the post is over, or has failed? */
export function isReady(state: PortState): boolean {
  const answer = awaited(state.slot, state.received);
  return answer > 1 || (answer === 1 && !state.stockRuns);
}

/**
 * The current frame needs a stock message that has not come yet. While its post is not over (`isQueued` false) the stock
 * side stays as it is: should the post fail, the next message would come ahead of its turn.
 */
function wait(state: PortState, batch: Batch, isQueued = true): false {
  // After the close none will come: somebody else had taken it.
  if (state.ended) return false;
  batch.unread();
  state.waiting = true;
  if (isQueued && state.started) {
    runStock(state);
    if (!state.referenced) holdTurn();
  }
  return false;
}

export function runStock(state: PortState): void {
  if (state.stockRuns) return;
  state.stockRuns = true;
  stockStart(state.port);
}

/** No frame is ahead of what came by the stock port. */
function takeHeld(state: PortState): Taken {
  const held = state.held.shift();
  if (held !== undefined) return take(held);
  if (state.started) runStock(state);
  return false;
}

function nextFrame(state: PortState): Batch | undefined {
  const { slot } = state;
  if (slot < 0) return undefined;
  let { batch } = state;
  if (batch === undefined) {
    batch = batches.acquire();
    state.batch = batch;
    batch.more = true;
  }
  // Who has read it was cut short.
  if (batch.owed) batch.unread();
  if (batch.events !== 0) onEvents(state, batch);
  if (batch.advance()) return batch;
  if (!batch.more) return undefined;
  let found = batch.fill(slot);
  if (batch.events !== 0) {
    onEvents(state, batch);
    // A recall leaves a frame behind.
    if (!found && state.batch === batch) found = batch.fill(slot);
  }
  return found && state.batch === batch && batch.advance() ? batch : undefined;
}

function takeFrame(state: PortState, batch: Batch, isSync: boolean): Taken {
  if (batch.kind === KIND_VALUE) {
    decode(batch);
    return true;
  }
  const found = takeOrder(state, batch, isSync);
  // It may be another one now.
  if (state.batch !== undefined) state.batch.owed = false;
  return found;
}

/** A frame that says where the next message is. */
function takeOrder(state: PortState, batch: Batch, isSync: boolean): Taken {
  switch (batch.kind) {
    case KIND_CARRIER:
      return takeCarried(state, batch, isSync);
    case KIND_BARRIER:
      takeCarried(state, batch, isSync);
      return false;
    case KIND_SWITCH:
      return switchToLane(state, batch, batch.number, isSync);
    case KIND_STOCK:
      state.laneFed = false;
      return false;
    default:
      return false;
  }
}

/** Puts the value of the current frame into `taken`. */
export function decode(batch: Batch): void {
  taken.ports = undefined;
  try {
    taken.value = decoder.decode(
      batch.words,
      batch.position,
      batch.end,
      batch.text,
      batch.textPosition,
      batch.attachments,
    );
    taken.type = 'message';
  } catch (error) {
    taken.value = error;
    taken.type = 'messageerror';
  }
}

/** Plain code may have taken some of what is waited for: then it is not in Node's queue. May we look? */
const mayLook = (state: PortState): boolean => state.uncounted && state.started && hasQueue(state.port);

/** Stock messages before number `sent` come first; those after it have their place in the lane. */
function switchToLane(state: PortState, batch: Batch, sent: number, isSync: boolean): Taken {
  const held = state.held.first;
  if (held !== undefined && held.index < sent) {
    batch.unread();
    state.held.shift();
    return take(held);
  }
  mendEra(state, sent);
  if (state.received < sent) {
    // Plain code may have taken some of them, and then they are waited for in vain.
    if (!isSync && !mayLook(state)) {
      if (wait(state, batch) || state.waiting) return false;
    } else {
      batch.unread();
      if (pull(state, sent)) return true;
      batch.advance();
    }
  }
  // Fewer have come if somebody took them with the stock receiveMessageOnPort.
  state.received = max(state.received, sent);
  state.uncounted = false;
  state.laneFed = true;
  if (state.delivering === 0) stopStock(state);
  return false;
}

export function stopStock(state: PortState): void {
  const { port } = state;
  // A handle that is closed no longer tells.
  const referenced = state.ended ? state.referenced : stockHasRef(port);
  state.stockRuns = false;
  apply(state.stopStock, {}, [0, 'message']);
  state.referenced = referenced;
  if (referenced) stockRef(port);
}

/**
 * How many frames that were taken back are ahead: to be known before one is given what is held. True if the stock message that is
 * next has been posted.
 */
export function countVoids(state: PortState): boolean {
  const answer = awaited(state.slot, state.received);
  state.voids = floor(answer / 2);
  return answer % 2 === 1;
}

/** The stock message whose turn it is. */
function takeCarried(state: PortState, batch: Batch, isSync: boolean): Taken {
  let isQueued = true;
  if (state.held.length === 0) isQueued = countVoids(state);
  if (state.voids > 0 && isVoid(state, batch)) return false;
  if (state.rare.missing > 0) {
    state.own.missing--;
    return false;
  }
  const held = state.held.shift();
  if (held !== undefined) {
    batch.owed = false;
    return take(held);
  }
  if (isQueued && (isSync || mayLook(state))) {
    if (pull(state)) return true;
    // Plain code has taken it.
    if (state.uncounted) {
      state.received++;
      return false;
    }
  }
  return state.batch !== undefined && wait(state, state.batch, isQueued);
}

/** Does the frame behind the current one take it back? Then both are done with. */
function isVoid(state: PortState, batch: Batch): boolean {
  let current: Batch | undefined = batch;
  if (batch.left === 0) {
    // It may have been filled before that frame came.
    batch.unread();
    releaseBatch(state);
    current = nextFrame(state);
    if (current === undefined) return true;
  }
  if (current.nextKind !== KIND_VOID) return false;
  current.advance();
  voidTaken(state.slot);
  return true;
}

export function hasFrames(state: PortState): boolean {
  return (state.batch?.left ?? 0) > 0 || hasLaneFrames(state.slot);
}

/** Must the end of a port whose handle is closed wait? */
export function hasRest(state: PortState): boolean {
  if (state.offered || state.held.length > 0) return true;
  skipOrder(state);
  // The news that came with the frames may have ended the port.
  return state.slot < 0 || state.offered || hasLaneFrames(state.slot);
}

/**
 * Reads away frames that only kept an order, up to the next message: a port that nobody reads further must not be held open by
 * them.
 */
export function skipOrder(state: PortState): void {
  for (let batch = nextFrame(state); batch !== undefined; batch = nextFrame(state)) {
    const { kind } = batch;
    const isMessage = kind === KIND_VALUE || (state.held.length > 0 && (kind === KIND_CARRIER || kind === KIND_SWITCH));
    if (isMessage) {
      batch.unread();
      break;
    }
    takeFrame(state, batch, false);
    if (!state.waiting) continue;
    state.waiting = false;
    if (kind === KIND_BARRIER) runStock(state);
    break;
  }
  releaseBatch(state);
}

export function isPending(state: PortState): boolean {
  return state.offered || state.held.length > 0 || hasFrames(state);
}
