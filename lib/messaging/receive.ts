/**
 * The receiving side: from frames (and stock messages) to listeners, one message at a time, with
 * nextTicks and microtasks in between as Node does it.
 */
import { apply, floor, max, min } from '../codec/primordials';
import { EVENT_CLOSED, EVENT_DRAIN, EVENT_MOVED, EVENT_RECALL, EVENT_REFUSED } from '../native';
import type { Batch } from './batch';
import { arrive, isBarrier, pull, type Taken, take, taken } from './carrier';
import { finish } from './closing';
import { runInContext } from './context';
import { handOver, takePorts } from './dispatch';
import { emitDrain, onFall } from './drain';
import { hasQueue } from './guard';
import { recall } from './send';
import {
  KIND_BARRIER,
  KIND_CARRIER,
  KIND_STOCK,
  KIND_SWITCH,
  KIND_VALUE,
  KIND_VOID,
  type PortState,
} from './state';
import { stockHasRef, stockRef, stockStart, tick } from './stock';
import { awaited, batches, decoder, hasLaneFrames, native, peerStockSent, schedule, setGateOpen, setOnNews, slots, voidTaken } from './thread';

/** Messages of one wake-up, as in Node, and milliseconds: then timers and I/O have their turn. */
export const BUDGET = 1000;
const BUDGET_MS = 3;
/** After so many messages the clock is looked at, at first; then after twice as many, but for the most. */
const FIRST_LOOK = 2;
const LAST_STRIDE = 64;
const UNLIMITED = Number.POSITIVE_INFINITY;

/** The reactor has news: visit the ports that have some. */
function onNews(): void {
  let budget = BUDGET;
  let batch: Batch | undefined;
  while (budget > 0) {
    batch ??= batches.acquire();
    batch.fill(-1);
    const { slot } = batch;
    if (slot < 0) break;
    const state = slots[slot];
    if (state === undefined) continue;
    if (batch.events !== 0) onEvents(state, batch.events);
    if (state.slot !== slot) continue;
    if (state.batch !== undefined) {
      state.batch.more = true;
      // It is being read further up the stack, or waits for a stock message: it goes on there.
      if (state.delivering > 0 || (state.waiting && !state.ended && !isReady(state))) continue;
      budget -= runInContext(state, deliver, budget);
      if (!state.waiting) releaseBatch(state);
      continue;
    }
    state.batch = batch;
    budget -= runInContext(state, deliver, budget);
    batch = takeBack(state, batch);
  }
  if (batch !== undefined) batches.release(batch);
}

setOnNews(onNews);

/** The batch that `state` was given, if it still has it: the next `fill` settles what was delivered. */
function takeBack(state: PortState, batch: Batch): Batch | undefined {
  if (state.batch !== batch || state.waiting) return undefined;
  state.batch = undefined;
  return batch;
}

function onEvents(state: PortState, events: number): void {
  if (events & (EVENT_CLOSED | EVENT_REFUSED)) state.laneOver = true;
  if (events & (EVENT_MOVED | EVENT_REFUSED)) state.offered = false;
  if (events & EVENT_MOVED) finish(state);
  if (events & EVENT_RECALL) recall(state);
  if (events & EVENT_DRAIN && onFall(state)) emitDrain(state);
}

const { now } = Date;

/** A listener has thrown since this was last reset. */
let hasThrown = false;

/**
 * Deliver up to `limit` messages of a port to its listeners, or up to one whose listener throws: that ends
 * the async context. Returns how many; all of the limit if it took too long.
 */
function deliver(state: PortState, limit: number): number {
  let count = 0;
  let whole = false;
  let look = limit === UNLIMITED ? 0 : FIRST_LOOK;
  let begin = 0;
  let isLate = false;
  state.delivering++;
  try {
    while (count < limit && !isLate && isDeliverable(state)) {
      if (!(state.draining ? takeNow(state) : takeMessage(state, false))) {
        whole = true;
        break;
      }
      count++;
      if (count === look) {
        const time = now();
        if (count === FIRST_LOOK) begin = time;
        // This one is still delivered.
        else isLate = time - begin >= BUDGET_MS || time < begin;
        look += min(look, LAST_STRIDE);
      }
      try {
        dispatch(state);
        tick();
      } catch (error) {
        // As from a stock port: an uncaughtException, and the next message still comes.
        native.fatal(error);
        hasThrown = true;
        state.closedInside = false;
        break;
      }
    }
    whole ||= !isDeliverable(state);
  } finally {
    state.delivering--;
    settle(state, whole);
  }
  return isLate ? limit : count;
}

/** A port that was closed in one of its handlers still delivers what it holds. */
function isDeliverable(state: PortState): boolean {
  return state.slot >= 0 && state.started && (!state.closing || state.delivering > 1 || state.closedInside);
}

/** After a delivery: come again if there is more, or end the port. */
function settle(state: PortState, whole: boolean): void {
  if (state.delivering > 0 || state.slot < 0) return;
  if (state.laneFed && state.stockRuns && !state.waiting) stopStock(state);
  if (!whole) schedule(state.slot);
  else if (state.ended) {
    // What was delivered must have left the lane before we ask whether it is empty.
    releaseBatch(state);
    if (state.closing || !hasRest(state)) finish(state);
  } else if (!state.started && !state.closing) skipOrder(state);
}

/** Put the unread rest of the current batch back into the lane. */
export function releaseBatch(state: PortState): void {
  const { batch } = state;
  if (batch === undefined) return;
  state.batch = undefined;
  batches.release(batch);
}

/** The same for a port that may have listeners: its news of these frames may have been used up, by a delivery that waits. */
function putBack(state: PortState): void {
  releaseBatch(state);
  if (state.started && state.slot >= 0 && hasLaneFrames(state.slot)) schedule(state.slot);
}

function dispatch(state: PortState): void {
  const { value, type, ports } = taken;
  taken.value = undefined;
  taken.ports = undefined;
  handOver(state.port, value, type, ports);
}

/**
 * Puts the next message of a port into `taken`; false if there is none (yet). A stock message whose
 * turn it is is waited for, unless `isSync`: then it is taken out of Node's queue.
 *
 * Waiting is not for speed. Between a transfer that we do not see and the close that follows it, Node's
 * `receiveMessageOnPort` reads memory that is gone; only the caller of ours may take that risk.
 */
function takeMessage(state: PortState, isSync: boolean): Taken {
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
function takeNow(state: PortState): Taken {
  if (takeMessage(state, true)) return true;
  if (state.laneFed || !pull(state)) return false;
  if (state.slot < 0 || !hasLaneFrames(state.slot)) return true;
  // The peer has changed to the lane since we looked: this message may belong behind frames.
  state.hold({ ...taken, index: state.received - 1 });
  // The batch was filled before.
  releaseBatch(state);
  return takeMessage(state, true);
}

/** Has what a CARRIER frame waited for come about: the post is over, or has failed? */
function isReady(state: PortState): boolean {
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
  if (isQueued && state.started) runStock(state);
  return false;
}

function runStock(state: PortState): void {
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
  if (batch.advance()) return batch;
  if (!batch.more) return undefined;
  let found = batch.fill(slot);
  if (batch.events !== 0) {
    onEvents(state, batch.events);
    // A recall leaves a frame behind.
    if (!found && state.batch === batch) found = batch.fill(slot);
  }
  return found && state.batch === batch && batch.advance() ? batch : undefined;
}

function takeFrame(state: PortState, batch: Batch, isSync: boolean): Taken {
  switch (batch.kind) {
    case KIND_VALUE:
      decode(batch);
      return true;
    case KIND_CARRIER:
      return takeCarried(state, batch, isSync);
    case KIND_BARRIER:
      takeCarried(state, batch, isSync);
      return false;
    case KIND_SWITCH:
      return switchToLane(
        state,
        batch,
        batch.words[batch.position]! * 2 ** 30 + batch.words[batch.position + 1]!,
        isSync,
      );
    case KIND_STOCK:
      state.laneFed = false;
      return false;
    default:
      return false;
  }
}

function decode(batch: Batch): void {
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

/** Stock messages before number `sent` come first; those after it have their place in the lane. */
function switchToLane(state: PortState, batch: Batch, sent: number, isSync: boolean): Taken {
  const held = state.held.first;
  if (held !== undefined && held.index < sent) {
    batch.unread();
    state.held.shift();
    return take(held);
  }
  if (state.received < sent) {
    if (!isSync) {
      if (wait(state, batch) || state.waiting) return false;
    } else if (pull(state, sent)) {
      batch.unread();
      return true;
    }
  }
  // Fewer have come if somebody took them with the stock receiveMessageOnPort.
  state.received = max(state.received, sent);
  state.laneFed = true;
  if (state.delivering === 0) stopStock(state);
  return false;
}

function stopStock(state: PortState): void {
  const { port } = state;
  const referenced = stockHasRef(port);
  state.stockRuns = false;
  apply(state.stopStock, {}, [0, 'message']);
  if (referenced) stockRef(port);
}

/** The stock message whose turn it is. */
function takeCarried(state: PortState, batch: Batch, isSync: boolean): Taken {
  let isQueued = true;
  if (state.held.length === 0) {
    const answer = awaited(state.slot, state.received);
    isQueued = answer % 2 === 1;
    state.voids = floor(answer / 2);
  }
  if (state.voids > 0 && isVoid(state, batch)) return false;
  const held = state.held.shift();
  if (held !== undefined) return take(held);
  if (isSync && isQueued && pull(state)) return true;
  return state.batch !== undefined && wait(state, state.batch, isQueued);
}

/** Does the frame behind the current one take it back? Then both are done with. */
function isVoid(state: PortState, batch: Batch): boolean {
  // The batch may have been filled before that frame came.
  batch.unread();
  releaseBatch(state);
  const current = nextFrame(state);
  if (current === undefined) return true;
  if (current.nextKind !== KIND_VOID) return false;
  current.advance();
  voidTaken(state.slot);
  return true;
}

/** Node delivers a stock message to a port of ours. */
export function onStockMessage(state: PortState, value: unknown, type: 'message' | 'messageerror'): void {
  const { port } = state;
  const ports = takePorts(port);
  state.stockRuns = true;
  if (isBarrier(state, value)) {
    if (state.delivering === 0) deliverAll(state);
    return;
  }
  const index = arrive(state, value, ports);
  const ahead = state.laneFed || state.held.length > 0 || (state.slot >= 0 && hasFrames(state));
  if (!ahead) {
    state.handing = true;
    try {
      handOver(port, value, type, ports);
    } finally {
      state.handing = false;
    }
    handedOver(state);
    return;
  }
  state.hold({ value, type, ports, index });
  if (state.delivering === 0) deliverAll(state);
}

/** If the peer has changed to the lane, Node must not hand over what comes behind frames. (A broadcast group announces that.) */
function handedOver(state: PortState): void {
  if (state.isMember || state.slot < 0 || !hasFrames(state)) return;
  if (state.closedInside) {
    tick();
    deliverAll(state);
  } else if (state.started) {
    stopStock(state);
    schedule(state.slot);
  }
}

function hasFrames(state: PortState): boolean {
  return (state.batch?.left ?? 0) > 0 || hasLaneFrames(state.slot);
}

/** Deliver everything that is there, now. */
export function deliverNow(state: PortState): void {
  runInContext(state, deliverAll, undefined);
}

/**
 * All that a thread which has ended has sent. Node would do this for the stock queue, but stops at the first message that
 * cannot be decoded.
 */
export function deliverRest(state: PortState): void {
  state.draining = true;
  deliverNow(state);
}

/**
 * A handler closes its own port. As in Node what waits is still delivered, by whichever way it came: until the handle is
 * closed, at the end of this turn of the loop, Node's queue can be read, unless something that did not ask us has moved it away.
 */
export function closeInside(state: PortState): void {
  state.closedInside = true;
  const isBehind = !state.isMember && peerStockSent(state.slot) !== state.received;
  if (isBehind && hasQueue(state.port)) state.draining = true;
}

/** `deliverNow` where Node has entered the context of the port already. */
function deliverAll(state: PortState): void {
  if (state.slot < 0) return;
  hasThrown = false;
  deliver(state, UNLIMITED);
  while (hasThrown && state.slot >= 0) {
    hasThrown = false;
    runInContext(state, deliver, UNLIMITED);
  }
  if (state.delivering === 0 && !state.waiting) releaseBatch(state);
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
function skipOrder(state: PortState): void {
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

/** The port was started: let the peer use the lane, deliver what waits. */
export function start(state: PortState): void {
  state.started = true;
  // A message that Node hands over ahead of frames could not move with the port any more: the frames say when it runs.
  const hasOrder = state.slot >= 0 && hasFrames(state);
  if (!state.laneFed && state.held.length === 0 && !hasOrder) runStock(state);
  openGate(state);
  if (state.slot < 0) return;
  // The close of the other end may be all that is left in Node's queue: nobody has told of it if it came behind messages.
  if (state.delivering === 0 && (state.ended || state.laneOver || isPending(state))) schedule(state.slot);
}

/** Somebody reads this port: its peer may use the lane, unless it is in this very thread. */
export function openGate(state: PortState): void {
  state.reading = true;
  if (state.slot >= 0 && state.peer === undefined && !state.gateHeld) setGateOpen(state.slot);
}

/** The last listener is gone: messages wait. */
export function stop(state: PortState): void {
  state.started = false;
  stopStock(state);
}

/** What our `receiveMessageOnPort` returns for a port of ours. */
export function receive(state: PortState): { message: unknown } | undefined {
  if (!state.reading) openGate(state);
  let found: Taken;
  try {
    found = state.slot < 0 ? pull(state) : takeNow(state);
  } finally {
    if (state.delivering === 0) putBack(state);
  }
  if (state.ended && state.slot >= 0 && state.delivering === 0) schedule(state.slot);
  if (!found) return undefined;
  const { value, type } = taken;
  taken.value = undefined;
  taken.ports = undefined;
  if (type === 'messageerror') throw value;
  return { message: value };
}
