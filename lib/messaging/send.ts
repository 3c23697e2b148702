/**
 * The sending side: the lane for what the codec takes, the stock port for everything else, and the
 * changes between the two that keep the order (see state.ts).
 */
import { RangeTooLarge } from '../errors';
import { FORCED, FULL, GATE_CLOSED, GATE_OPEN, GATE_RECALL, NO_MEMORY, RECALL, REST, SENT, TOO_LARGE } from '../native';
import { onFull, tellPosted } from './drain';
import { broadcast } from './broadcast';
import { safePost } from './guard';
import { barrier, nextEra } from './carrier';
import { recall } from './recall';
import { sentLocal } from './pair';
import {
  CARRYING,
  CLONE,
  KIND_BARRIER,
  KIND_CARRIER,
  KIND_STOCK,
  KIND_SWITCH,
  KIND_VALUE,
  LANE_OUT,
  type PortState,
} from './state';
import { enterRoad, leaveRoad, limitQueues, type Road } from './road';
import { carriedSize, estimateSize } from './size';
import { begin, finish, mend, type Step } from './step';
import { type StockPort, stockPost } from './stock';
import {
  barrierBegin,
  carried,
  carry,
  encodedValue,
  encoder,
  endPost,
  gate,
  giveUpPeer,
  guard,
  isPeerAdopted,
  laneBuffered,
  loadCargo,
  releaseEncoder,
  sendAhead,
  sendControl,
  sendEncoded,
  setStockSent,
  stockBegin,
  stockEnd,
  stockFailed,
  stockSent,
  takeBarrier,
  tellAll,
  unloadLast,
  voidCarried,
} from './thread';

type Posted = boolean | undefined;

/** Does what is posted never go by a lane to one peer, whatever slot the port has? */
export const isApart = (state: PortState): boolean => state.closing || state.ended || state.isMember;

/** `postMessage(value)`: no transfer list. */
export function post(state: PortState, value: unknown): Posted {
  // Who has taken it off this thread may have been cut short.
  if (state.slot < 0) mend();
  if (state.slot < 0 || isApart(state)) return postWithoutChannel(state, value, undefined);
  if (!mayUseLane(state)) return postStock(state, value, undefined);
  // From within a getter of a message on its way by the stock port: by the same way, or it would overtake.
  if (state.carrying || !encoder.encode(value)) return postCarried(state, new Attempt(state, value, undefined), false);
  // Unless a getter has left the lane by a post of its own.
  const status = state.laneOut || (state.resting && enterLane(state)) ? sendEncoded(state.slot, KIND_VALUE) : GATE_CLOSED;
  if (status !== SENT) return afterSend(state, value, status);
  releaseEncoder();
  return true;
}

/** Does what the codec takes go by the lane, perhaps from now on? */
const mayUseLane = (state: PortState): boolean => state.laneOut || state.resting || enterLane(state);

/** Within this thread, or to many; or closed, or with a peer that is not ours: that is Node's business. */
function postWithoutChannel(state: PortState, value: unknown, list: unknown[] | undefined): Posted {
  if (state.slot < 0 && state.peer !== undefined && !state.closing) return postStock(state, value, list);
  if (state.isMember && state.slot >= 0 && !state.closing && !state.ended) return broadcast(state, value, list);
  // A closed port takes no message, but clones it all the same.
  return state.closing || state.ended ? new Attempt(state, value, list).cloneOnly() : safePost(state.port, value, list);
}

function afterSend(state: PortState, value: unknown, status: number): Posted {
  if (status === GATE_CLOSED && state.closing && isPeerAdopted(state.slot)) {
    // A getter has closed the port. The stock port takes nothing any more, but the lane is read up to its end.
    if (!state.laneOut && !switchToLane(state)) throw new RangeTooLarge();
    return afterSend(state, value, sendEncoded(state.slot, KIND_VALUE, FORCED));
  }
  if (status === SENT || status === FULL) {
    releaseEncoder();
    if (status === FULL) onFull(state);
    return true;
  }
  // Its getters have run, and must not run again.
  const copy = encodedValue(value);
  releaseEncoder();
  // A getter has moved the port meanwhile: the message is lost, as in Node.
  if (state.slot < 0) return true;
  if (status === TOO_LARGE) throw new RangeTooLarge();
  if (status === RECALL) return recall(state) ? postStock(state, copy, undefined) : post(state, copy);
  leaveLane(state);
  return postStock(state, copy, undefined);
}

/** `postMessage(value, list)` with something in the list, but no port of ours. */
export function postTransfer(state: PortState, value: unknown, list: unknown[]): Posted {
  if (state.slot < 0 || isApart(state)) return postWithoutChannel(state, value, list);
  const attempt = new Attempt(state, value, list);
  return mayUseLane(state) ? postCarried(state, attempt, false) : attempt.stock();
}

/** By the stock port, and in the way that was settled before, also if the gate has changed since. */
export function postSettled(state: PortState, attempt: Attempt): void {
  if (state.laneOut) postCarried(state, attempt, true);
  else attempt.stock();
}

/** From now on by the lane, if the peer reads it. It does not rest any more in any case. */
export function enterLane(state: PortState): boolean {
  // A post that was cut short is to be counted first.
  mend();
  state.resting = false;
  const current = gate(state.slot);
  if (current === GATE_RECALL) recall(state);
  // A getter of a message on its way by the stock port asks: that one would come behind the frame without a place.
  if (current !== GATE_OPEN || state.cloning > 0) return false;
  if (takeBarrier(state.slot) || state.late) endLate(state);
  return switchToLane(state);
}

/** False without memory for the frame: the messages stay where they are. */
function switchToLane(state: PortState): boolean {
  const sent = stockSent(state.slot);
  if (!sendAhead(state.slot, KIND_SWITCH, sent)) return false;
  state.bits |= LANE_OUT;
  return true;
}

/** From now on by the stock port. Without memory for the frame that says so it throws, and all stays as it is. */
export function leaveLane(state: PortState): void {
  state.resting = false;
  if (!state.laneOut) return;
  const status = state.slot < 0 ? SENT : sendControl(state.slot, KIND_STOCK);
  if (status === TOO_LARGE) throw new RangeTooLarge();
  state.bits &= ~LANE_OUT;
  tellPosted(state, status === FULL);
}

/** The counters of this side begin here, for both sides. */
export function endLate(state: PortState): void {
  state.late = false;
  const sent = stockSent(state.slot);
  barrierBegin(state.slot);
  stockPost(state.port, barrier(sent));
  setStockSent(state.slot, nextEra(sent));
}

/** Node's own method, called by native code, posts some values whose getters throw. */
function postOn(this: StockPort, value: unknown, list: unknown[] | undefined): Posted {
  return safePost(this, value, list);
}

/** What a post by the stock port has to end. */
const NOTHING = 0;
const STOCK = 1;
const CARRIED = 2;
/** `carrying` is set, and there may be no frame. */
const ENTERED = 3;

/** A post by the stock port, which V8 may cut short at any moment. */
export class Attempt implements Step {
  /** What Node's postMessage has returned. */
  posted: Posted = undefined;
  outer: Step | undefined = undefined;
  /** One of these. */
  private begun = NOTHING;
  private isCloning = false;
  /** Kind of the frame that goes behind it, if the lane is in use; 0: none. */
  frame = 0;
  private road: Road | undefined = undefined;

  constructor(private readonly state: PortState, private readonly value: unknown, private readonly list: unknown[] | undefined) {}

  /** By a port that takes nothing any more. */
  cloneOnly(): Posted {
    begin(this);
    try {
      this.clone();
    } finally {
      finish(this);
    }
    return this.posted;
  }

  /** By the stock port, counted. */
  stock(): Posted {
    const { state } = this;
    begin(this);
    try {
      if (state.slot >= 0) stockBegin(state.slot);
      this.begun = STOCK;
      this.clone();
    } finally {
      finish(this);
    }
    return this.posted;
  }

  /** Behind a frame that keeps its place. Returns what `carry` does; if that is not an open gate, nothing was posted. */
  carried(force: boolean): number {
    const { state } = this;
    let current = GATE_CLOSED;
    begin(this);
    try {
      this.begun = ENTERED;
      state.carrying = true;
      current = carry(state.slot, force);
      if (current === GATE_OPEN) this.begun = CARRIED;
      tellAll();
      if (current === GATE_OPEN) this.clone();
    } finally {
      finish(this);
    }
    return current;
  }

  private clone(): void {
    const { state, value, list } = this;
    limitQueues(state);
    const road = enterRoad(state);
    state.depths += CLONE;
    this.road = road;
    this.isCloning = true;
    const posted = guard(postOn, state.port, value, list);
    this.posted = posted === postOn ? safePost(state.port, value, list) : (posted as Posted);
  }

  end(): void {
    if (this.isCloning) {
      leaveRoad(this.road);
      this.state.depths -= CLONE;
      this.isCloning = false;
    }
    if (this.begun === STOCK) this.endStock();
    else if (this.begun === CARRIED) this.endCarried();
    else if (this.begun === ENTERED) this.state.carrying = false;
  }

  private endStock(): void {
    const { state, posted, value, list } = this;
    const { slot, resting } = state;
    let size = 0;
    if (posted === true) size = resting && slot >= 0 ? carriedSize(state, value, list) : estimateSize(value, list);
    // A getter may have moved the port away, or opened its channel, which counts this post then.
    if (slot < 0) {
      this.begun = NOTHING;
      if (posted === true && state.peer !== undefined) sentLocal(state, size);
      return;
    }
    const frame = state.laneOut ? this.frame : 0;
    let isFull = false;
    if (posted !== true) stockFailed(slot);
    else if (frame === 0) isFull = stockEnd(slot, size);
    else isFull = endPost(slot, frame, size, true);
    this.begun = NOTHING;
    tellPosted(state, isFull);
  }

  private endCarried(): void {
    const { state, posted, value, list } = this;
    if (posted !== true) {
      endCarrying(state);
      this.begun = NOTHING;
      return;
    }
    const size = state.slot < 0 ? 0 : carriedSize(state, value, list);
    const { slot, carrying, laneOut } = state;
    let isFull = false;
    if (carrying) isFull = carried(slot, size);
    // A getter has closed the port, or failed to transfer it.
    else if (slot >= 0) isFull = endPost(slot, laneOut ? KIND_CARRIER : 0, size, false);
    state.bits &= ~CARRYING;
    this.begun = NOTHING;
    tellPosted(state, isFull);
  }
}

function postStock(state: PortState, value: unknown, list: unknown[] | undefined): Posted {
  return new Attempt(state, value, list).stock();
}

/**
 * By the stock port, with a frame in the lane that keeps its place. The frame goes first, so that the reader is on its way
 * while the message is cloned; a failure takes it back. `force`: even if the gate has closed since it was looked at.
 */
function postCarried(state: PortState, attempt: Attempt, force: boolean): Posted {
  mend();
  if (state.carrying) return postWithin(attempt);
  if (!state.laneOut) {
    if (state.resting) lookAround(state);
    return attempt.stock();
  }
  const current = attempt.carried(force);
  if (current === NO_MEMORY) throw new RangeTooLarge();
  if (current === GATE_RECALL && !recall(state)) return postCarried(state, attempt, force);
  if (current !== GATE_OPEN) {
    leaveLane(state);
    state.resting = current === REST;
    return attempt.stock();
  }
  return attempt.posted;
}

/** While the lane rests nobody else asks what has become of its reader. */
function lookAround(state: PortState): void {
  const current = gate(state.slot);
  if (current === GATE_OPEN) return;
  state.resting = false;
  if (current === GATE_RECALL) recall(state);
}

/** From a getter of the message that is being posted: this one is complete first, and the frames do not tell them apart. */
function postWithin(attempt: Attempt): Posted {
  attempt.frame = KIND_CARRIER;
  return attempt.stock();
}

/** The message whose frame is in the lane does not come, or not there. */
export function endCarrying(state: PortState): void {
  if (!state.carrying) return;
  const isFull = voidCarried(state.slot);
  state.bits &= ~CARRYING;
  tellPosted(state, isFull);
}

/**
 * Before the stock port is closed: the close must not overtake what is in the lane. A stock message
 * that only the reader of the lane may take holds it back.
 */
export function beforeClose(state: PortState): void {
  const { slot, carrying } = state;
  endCarrying(state);
  if (!state.laneOut || laneBuffered(slot) === 0) return;
  // A thread that never reads lanes could not get it after the close.
  giveUpPeer(slot);
  const current = gate(slot);
  if (current === GATE_RECALL && recall(state)) return;
  // A getter closes the port whose message it is in: the ports of that one come a number later, too.
  const cargo = carrying ? unloadLast(slot) : undefined;
  const attempt = new Attempt(state, null, undefined);
  attempt.frame = KIND_BARRIER;
  attempt.stock();
  if (cargo !== undefined) loadCargo(slot, stockSent(slot), cargo);
}
