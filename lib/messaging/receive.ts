/**
 * The receiving side: from frames (and stock messages) to listeners, one message at a time, with
 * nextTicks and microtasks in between as Node does it.
 */
import { min } from '../codec/primordials';
import type { Batch } from './batch';
import { adoptPorts, arrive, isBarrier, keepCaught, pull, type Taken, taken } from './carrier';
import { finish } from './closing';
import { runInContext } from './context';
import { handOver, takePorts } from './dispatch';
import { hasQueue } from './guard';
import { holdBack } from './held';
import { holdRest, needsNumber } from './late';
import type { PortState } from './state';
import { mend, step, tidy } from './step';
import { tick } from './stock';
import { hasFrames, hasRest, isPending, isReady, onEvents, releaseBatch, runStock, skipOrder, stopStock, takeMessage, takeNow } from './take';
import { batches, endGate, native, peerStockSent, schedule, setGateOpen, setOnNews, slots } from './thread';
import { beginTurn, holdTurn, noteDelivered } from './turn';

/** Messages of one wake-up, as in Node, and milliseconds: then timers and I/O have their turn. */
export const BUDGET = 1000;
const BUDGET_MS = 3;
/** After so many messages the clock is looked at, at first; then after twice as many, but for the most. */
const FIRST_LOOK = 2;
const LAST_STRIDE = 64;
const UNLIMITED = Number.POSITIVE_INFINITY;

/** The reactor has news: visit the ports that have some. */
function onNews(): void {
  beginTurn();
  tidy();
  keepCaught();
  let budget = BUDGET;
  let batch: Batch | undefined;
  while (budget > 0) {
    batch ??= batches.acquire();
    batch.fill(-1);
    const { slot } = batch;
    if (slot < 0) break;
    const state = slots[slot];
    if (state === undefined) continue;
    if (batch.events !== 0) onEvents(state, batch);
    if (state.slot !== slot) continue;
    if (state.batch !== undefined) {
      state.batch.more = true;
      // It is being read further up the stack, or waits for a stock message: it goes on there.
      if (state.delivering > 0 || (state.waiting && !state.ended && !isReady(state))) {
        // A visit all the same: its sender may ring as fast as we come.
        budget--;
        continue;
      }
      budget -= runInContext(state, deliver, budget);
      if (!state.waiting) releaseBatch(state);
      continue;
    }
    state.batch = batch;
    budget -= runInContext(state, deliver, budget);
    batch = takeBack(state, batch);
  }
  if (batch !== undefined) batches.release(batch);
  if (budget <= 0) holdTurn();
}

setOnNews(onNews);

/** The batch that `state` was given, if it still has it: the next `fill` settles what was delivered. */
function takeBack(state: PortState, batch: Batch): Batch | undefined {
  if (state.batch !== batch || state.waiting) return undefined;
  state.batch = undefined;
  return batch;
}

const { now } = Date;

/** A listener has thrown since this was last reset. */
let hasThrown = false;

/**
 * Deliver up to `limit` messages of a port to its listeners, or up to one whose listener throws: that ends
 * the async context. What a handler leaves behind that closes the port comes in any case: after this turn nobody would ask for
 * it; and so does what is held here, since a port that moves cannot take it along. Returns how many; all of the limit if it took too long.
 * `isHanded`: Node, which is handing messages over, gets what is thrown, and comes back for the rest in another turn.
 */
function deliver(state: PortState, limit: number, isHanded = false): number {
  // A handler of another port may have been cut short in a read since.
  keepCaught();
  let count = 0;
  let whole = false;
  let look = limit === UNLIMITED ? 0 : FIRST_LOOK;
  let begin = 0;
  let isLate = false;
  state.delivering++;
  try {
    while (isDeliverable(state) && (state.closedInside || state.held.length > 0 || (count < limit && !isLate))) {
      if (!(state.received < state.rare.drainUntil ? takeNow(state) : takeMessage(state, false))) {
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
        // As from a stock port: an uncaughtException, and the next message still comes, unless the port was closed.
        if (!isHanded) report(error);
        hasThrown = true;
        state.closedInside = false;
        if (isHanded) throw error;
        break;
      }
    }
    whole ||= !isDeliverable(state);
  } finally {
    state.delivering--;
    noteDelivered(count);
    settle(state, whole);
    if (isLate) holdTurn();
  }
  return isLate ? limit : count;
}

/** Nobody has caught it. What it has left to do comes ahead of the next message. */
function report(error: unknown): void {
  for (let next = error; ; ) {
    native.fatal(next);
    try {
      tick();
      return;
    } catch (another) {
      next = another;
    }
  }
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

function dispatch(state: PortState): void {
  const { value, type, ports } = taken;
  taken.value = undefined;
  taken.ports = undefined;
  deliverTo(state, value, type, ports);
}

/** To the first of those who wait without a listener, and to the listeners. */
function deliverTo(state: PortState, value: unknown, type: 'message' | 'messageerror', ports: unknown): void {
  state.rare.pulls?.give(type, value);
  handOver(state.port, value, type, ports);
}

/** Node delivers a stock message to a port of ours. */
export function onStockMessage(state: PortState, value: unknown, type: 'message' | 'messageerror'): void {
  mend();
  keepCaught();
  const { port } = state;
  const ports = takePorts(port);
  state.stockRuns = true;
  if (isBarrier(state, value)) {
    deliverSome(state);
    return;
  }
  const index = arrive(state, value);
  if (needsNumber(state, ports)) {
    holdRest(state, { value, type, ports, index });
    deliverSome(state);
    return;
  }
  adoptPorts(state, index, ports);
  const ahead = state.laneFed || state.held.length > 0 || (state.slot >= 0 && hasFrames(state));
  if (!ahead) {
    state.handing = true;
    step(() => deliverTo(state, value, type, ports), () => {
      state.handing = false;
    });
    handedOver(state);
    return;
  }
  holdBack(state, { value, type, ports, index });
  deliverSome(state);
}

/** If the peer has changed to the lane, Node must not hand over what comes behind frames. (A broadcast group announces that.) */
function handedOver(state: PortState): void {
  if (state.slot < 0) return;
  if (state.closedInside) endTurn(state);
  if (state.isMember || state.slot < 0 || !hasFrames(state)) return;
  if (state.closedInside) deliverSome(state);
  else if (state.started) {
    stopStock(state);
    schedule(state.slot);
  }
}

/** What listeners have thrown comes out here, as it was thrown. Then Node hands over nothing more of a port that was closed, and neither do we. */
function endTurn(state: PortState): void {
  let hasFailed = true;
  try {
    tick();
    hasFailed = false;
  } finally {
    if (hasFailed) state.closedInside = false;
  }
}

/** What a stock message has made way for. Node has entered the context of the port already. */
function deliverSome(state: PortState): void {
  if (state.slot < 0 || state.delivering > 0) return;
  step(() => void deliver(state, BUDGET, true), () => {
    if (state.delivering > 0) {
      // Cut short.
      state.delivering = 0;
      settle(state, false);
    }
    if (!state.waiting) releaseBatch(state);
  });
}

/**
 * More may have come since the batch was filled. The bell tells of it, but in a turn of the loop: too late for who asks at once, while a
 * delivery is further up the stack, or waits for a stock message.
 */
function lookAgain(state: PortState): void {
  if (state.batch !== undefined) state.batch.more = true;
}

/** Deliver everything that is there, now. */
export function deliverNow(state: PortState): void {
  lookAgain(state);
  do {
    hasThrown = false;
    runInContext(state, deliver, UNLIMITED);
  } while (hasThrown && state.slot >= 0);
  if (state.delivering === 0 && !state.waiting) releaseBatch(state);
}

/**
 * All that a thread which has ended has sent. Node would do this for the stock queue, but stops at the first message that
 * cannot be decoded.
 */
export function deliverRest(state: PortState): void {
  state.own.drainUntil = UNLIMITED;
  deliverNow(state);
}

/**
 * A handler closes its own port. As in Node what waits is still delivered, by whichever way it came: until the handle is
 * closed, at the end of this turn of the loop, Node's queue can be read, unless something that did not ask us has moved it away.
 * What is sent from now on goes by the stock port, and is lost: a sender that never pauses would be read for ever.
 */
export function closeInside(state: PortState): void {
  state.closedInside = true;
  endGate(state.slot);
  if (state.isMember) return;
  const sent = peerStockSent(state.slot);
  if (sent !== state.received && hasQueue(state.port)) state.own.drainUntil = sent < 0 ? -sent - 1 : sent;
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
  if (state.slot >= 0 && state.peer === undefined && !state.gateHeld && !state.closing) setGateOpen(state.slot);
}

/** The last listener is gone: messages wait. */
export function stop(state: PortState): void {
  state.started = false;
  stopStock(state);
}

/** What our `receiveMessageOnPort` returns for a port of ours. */
export function receive(state: PortState): { message: unknown } | undefined {
  mend();
  keepCaught();
  if (!state.reading) openGate(state);
  lookAgain(state);
  // The news of what is left may have been used up, by a delivery that waits.
  if (state.started && state.slot >= 0) schedule(state.slot);
  let found: Taken;
  try {
    found = state.slot < 0 ? pull(state) : takeNow(state);
  } finally {
    if (state.delivering === 0) releaseBatch(state);
  }
  // Node comes to a close behind messages when it is asked once more, or started.
  const hasEnd = state.ended && (!found || state.started);
  if (hasEnd && state.slot >= 0 && state.delivering === 0) schedule(state.slot);
  if (!found) return undefined;
  const { value, type } = taken;
  taken.value = undefined;
  taken.ports = undefined;
  if (type === 'messageerror') throw value;
  return { message: value };
}
