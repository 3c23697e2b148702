/**
 * What we know of a port beside what the stock object knows. It hangs on the port as a private
 * field, so that it is invisible to reflection and costs one load.
 *
 * Life of each direction, seen from its sender (`laneOut`) and its receiver (`laneFed`):
 *
 * ```text
 *   stock mode --- gate open at a post: SWITCH frame ---> lane mode
 *   stock mode <-- gate closed at a post: STOCK frame --- lane mode
 * ```
 *
 * In lane mode the stock side of the receiver is stopped: what had to go by the carrier waits in its
 * queue until a CARRIER frame says that its turn has come.
 */
import type { Batch } from './batch';
import type { Context } from './context';
import type { StockPort } from './stock';

/** Kinds of frames. */
export const KIND_VALUE = 1;
/** The next message of the stock queue belongs here; word 0: does it bring ports. */
export const KIND_CARRIER = 2;
/** The next message of the stock queue only held the port open: drop it. */
export const KIND_BARRIER = 3;
/** From here on messages are in the lane; words 0 and 1: how many went by the stock port before. */
export const KIND_SWITCH = 4;
/** From here on messages come by the stock port. */
export const KIND_STOCK = 5;

/** Bits of `Baggage.modes` while a port travels. */
const MODE_FED = 1;
const MODE_OUT = 2;

/** A message that came by the stock port ahead of its turn. */
export interface Carried {
  value: unknown;
  type: 'message' | 'messageerror';
  ports: unknown;
  /** Its number among the stock messages of its direction. */
  index: number;
}

/** First in, first out; uses no method that a program could have patched. */
export class Held {
  #items: (Carried | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  at(index: number): Carried | undefined {
    return this.#items[this.#first + index];
  }

  push(item: Carried): void {
    this.#items[this.#items.length] = item;
  }

  shift(): Carried | undefined {
    const item = this.#items[this.#first];
    if (item === undefined) return undefined;
    this.#items[this.#first++] = undefined;
    if (this.#first === this.#items.length) {
      this.#items = [];
      this.#first = 0;
    }
    return item;
  }
}

/** Reasons to keep the event loop alive. */
export const HOLD_CLOSE = 1;
export const HOLD_DRAIN = 2;

export class PortState {
  readonly port: StockPort;
  /** Slot in the native table of this thread; -1 while the port has no channel. */
  slot = -1;
  /** The other end, while neither has ever left this thread. */
  peer: PortState | undefined = undefined;
  /** Number of stock messages received. */
  received = 0;
  /** Has a 'message' listener, or `start()` was called. */
  started = false;
  /** Somebody reads the port: its sender may use the lane. */
  reading = false;
  laneFed = false;
  laneOut = false;
  /** `close()` was called here. */
  closing = false;
  /** The stock handle is closed, 'close' waits for what is left in the lane. */
  ended = false;
  /** The lane waits for a stock message; the batch is kept. */
  waiting = false;
  /** The stock side delivers by itself. */
  stockRuns = false;
  /** Depth of deliveries on the stack. */
  delivering = 0;
  batch: Batch | undefined = undefined;
  readonly held = new Held();
  /** Lived in this thread before we knew it: its counters are not to be trusted. */
  late = false;
  /** Its stock queue is being emptied to find out how much it has received. */
  catchingUp = false;
  /** Why this port keeps the event loop alive beside its handle. */
  holds = 0;
  /** A worker's messages wait until it is online, as in Node. */
  gateHeld = false;
  highWaterMark = 1 << 20;
  /** The high-water mark was reached and 'drain' is owed. */
  full = false;
  /** Emits 'drain'; the port itself, or the Worker it belongs to. */
  onDrain: (() => void) | undefined = undefined;
  /** Does anybody listen to 'drain'? */
  wantsDrain: (() => boolean) | undefined = undefined;
  /** `close()` was called in a handler of this very port. */
  closedInside = false;
  /** Node's own handler on the port for a removed listener: our way to stop its stock side. */
  readonly stopStock: (size: number, type: string) => void;

  /** Handlers run in it. */
  readonly context: Context;

  constructor(port: StockPort, context: Context, stopStock: (size: number, type: string) => void) {
    this.port = port;
    this.context = context;
    this.stopStock = stopStock;
  }

  get modes(): number {
    return (this.laneFed ? MODE_FED : 0) | (this.laneOut ? MODE_OUT : 0);
  }

  set modes(modes: number) {
    this.laneFed = (modes & MODE_FED) !== 0;
    this.laneOut = (modes & MODE_OUT) !== 0;
  }
}

/** A constructor that returns its argument, so that a subclass's private field lands on it. */
class Existing {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what the class is for
    return object;
  }
}

class Stamp extends Existing {
  #state: PortState;

  constructor(port: object, state: PortState) {
    super(port);
    this.#state = state;
  }

  static get(port: unknown): PortState | undefined {
    return typeof port === 'object' && port !== null && #state in port ? port.#state : undefined;
  }
}

/** The state of a port of ours, else undefined. Runs no foreign code. */
export const stateOf: (port: unknown) => PortState | undefined = Stamp.get;

export function stamp(port: StockPort, state: PortState): void {
  new Stamp(port, state);
}
