/**
 * What we know of a port beside what the stock object knows. It hangs on the port as a private
 * field, so that it is invisible to reflection and costs one load.
 *
 * Life of each direction, seen from its sender (`laneOut`) and its receiver (`laneFed`):
 *
 * ```text
 *   stock mode --- gate open at a post: SWITCH frame ---> lane mode
 *   stock mode <-- gate closed at a post: STOCK frame --- lane mode
 *   resting    <-- many in a row by the carrier: STOCK frame --- lane mode
 *   resting    --- a message for the lane, gate open: SWITCH frame ---> lane mode
 * ```
 *
 * In lane mode the stock side of the receiver is stopped: what had to go by the carrier waits in its
 * queue until a CARRIER frame says that its turn has come.
 */
import type { EventEmitter } from 'node:events';
import { defineProperty } from '../codec/primordials';
import { Existing } from '../existing';
import type { Batch } from './batch';
import type { Context } from './context';
import type { Pulls } from './pulls';
import type { StockPort } from './stock';

/** Kinds of frames. */
export const KIND_VALUE = 1;
/** The next message of the stock queue belongs here. */
export const KIND_CARRIER = 2;
/** The next message of the stock queue only held the port open: drop it. */
export const KIND_BARRIER = 3;
/** From here on messages are in the lane; words 0 and 1: how many went by the stock port before. */
export const KIND_SWITCH = 4;
/** From here on messages come by the stock port. */
export const KIND_STOCK = 5;
/** The post of the KIND_CARRIER frame before it failed: no message belongs there. */
export const KIND_VOID = 6;

/** Bits of `Baggage.modes` while a port travels. */
const MODE_FED = 1;
const MODE_OUT = 2;
const MODE_LATE = 4;
const MODE_UNCOUNTED = 8;

/** A message that came by the stock port ahead of its turn. */
export interface Carried {
  value: unknown;
  type: 'message' | 'messageerror';
  ports: unknown;
  /** Its number among the stock messages of its direction. */
  index: number;
}

interface Link<T> {
  readonly item: T;
  next: Link<T> | undefined;
}

/** First in, first out. Linked, since an array that grows meets setters on `Array.prototype`. */
export class Fifo<T> {
  length = 0;
  #first: Link<T> | undefined = undefined;
  #last: Link<T> | undefined = undefined;

  get first(): T | undefined {
    return this.#first?.item;
  }

  push(item: T): void {
    const link: Link<T> = { item, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.length++;
  }

  shift(): T | undefined {
    const link = this.#first;
    if (link === undefined) return undefined;
    this.#first = link.next;
    if (link.next === undefined) this.#last = undefined;
    this.length--;
    return link.item;
  }

  /** `use` has each of them before it is taken out: who is cut short there (step.ts) goes on with the same one. */
  drain(use: (item: T) => void): void {
    for (let link = this.#first; link !== undefined; link = this.#first) {
      use(link.item);
      this.shift();
    }
  }

  forEach(visit: (item: T, index: number) => void): void {
    let index = 0;
    for (let link = this.#first; link !== undefined; link = link.next) visit(link.item, index++);
  }
}

/** Sizes of messages, and their sum. */
class Sizes extends Fifo<number> {
  bytes: number;

  // The one that is made for a field's sake runs the array iterator.
  constructor() {
    super();
    this.bytes = 0;
  }
}

/** What `hold` and `addSize` fill, and nobody else: many ports share an empty one. */
type Filled<T> = Omit<T, 'push'>;

/** Most ports never need theirs. */
const NOTHING: Filled<Fifo<never>> = new Fifo<never>();
export const NO_SIZES: Filled<Sizes> = new Sizes();

/** Reasons to keep the event loop alive: bits of `holds`. */
export const HOLD_CLOSE = 1;
export const HOLD_DRAIN = 2;
/** In place of its handle, which is closed. */
export const HOLD_REF = 4;

/** What is so, or not, of a port. */
interface Conditions {
  /** Has a 'message' listener, or `start()` was called. */
  started: boolean;
  /** Somebody reads the port: its sender may use the lane. */
  reading: boolean;
  /** What comes, or goes, is in the lane. */
  laneFed: boolean;
  laneOut: boolean;
  /** The lane was left since messages are not for it: until one is. */
  resting: boolean;
  /** A stock message is being posted, and its frame is in the lane already. */
  carrying: boolean;
  /** `close()` was called here. */
  closing: boolean;
  /** The stock handle is closed, 'close' waits for what is left in the lane. */
  ended: boolean;
  /** The port has moved, or its handle is closed: Node must not be asked for messages (see guard.ts). */
  over: boolean;
  /** A thread that blocks has found the stock handle closing: what is in the lane is all there will be. */
  shut: boolean;
  /** The stock handle was closed, by nobody here: moved, or the other side is gone. It is asked. */
  offered: boolean;
  /** The other side is gone: what is in the lane is all there will be. */
  laneOver: boolean;
  /** The lane waits for a stock message; the batch is kept. */
  waiting: boolean;
  /** The stock side delivers by itself. */
  stockRuns: boolean;
  /** Node's own delivery of a stock message is on the stack. */
  handing: boolean;
  /** Was in a thread before the package: plain code may have posted, and the counter is not to be trusted. */
  late: boolean;
  /** The same for what it has received: `received` may be too low (see late.ts). */
  uncounted: boolean;
  /** Its stock queue is being emptied to find out how much it has received. */
  catchingUp: boolean;
  /** A worker's messages wait until it is online, as in Node. */
  gateHeld: boolean;
  /** The high-water mark was reached and 'drain' is owed. */
  full: boolean;
  /** The stock port of a broadcast channel, with its inbox in `slot` (see broadcast.ts). */
  isMember: boolean;
  /** `close()` was called in a handler of this very port. */
  closedInside: boolean;
  /** What `ref()` or `unref()` said last: a handle that is closing no longer tells. */
  referenced: boolean;
  /** In a message that is held: nobody has the port yet. */
  unread: boolean;
}

/** Where `holds` begins in the field of the conditions, and their part of it. */
const HOLDS = 24;
const CONDITIONS = (1 << HOLDS) - 1;

/** `carrying`, `laneOut` and `resting`, as bits of `bits`: an accessor may be cut short (step.ts). */
export const CARRYING = 1;
export const LANE_OUT = 1 << 4;
export const RESTING = 1 << 22;

/** A bit each of one field: there are many ports, and an idle one must not cost more than a stock one. */
class Bits {
  bits = 0;

  static {
    const names: readonly (keyof Conditions)[] = [
      'carrying', 'started', 'reading', 'laneFed', 'laneOut', 'closing', 'ended', 'over', 'offered', 'laneOver',
      'waiting', 'stockRuns', 'handing', 'late', 'uncounted', 'catchingUp', 'gateHeld', 'full', 'isMember', 'closedInside', 'shut', 'referenced', 'resting', 'unread',
    ];
    names.forEach((name, index) => {
      const bit = 1 << index;
      defineProperty(Bits.prototype, name, {
        get(this: Bits): boolean {
          return (this.bits & bit) !== 0;
        },
        set(this: Bits, is: boolean) {
          this.bits = is ? this.bits | bit : this.bits & ~bit;
        },
      });
    });
  }
}

/** What few ports ever need: the others share one. There are many ports, and each field counts in each of them. */
class Rare {
  /** The thread of the other side has ended, or the port closes: messages with a number below this are not waited for. */
  drainUntil = 0;
  /** Estimate of the carried messages of late, and how many more need not be looked at (see size.ts). */
  sampled = 0;
  unseen = 0;
  highWaterMark = 1 << 20;
  /** Posts throw while so many bytes are buffered; undefined: they never do. */
  maxBufferedBytes: number | undefined = undefined;
  /** Emits 'drain' in place of the port: the Worker it belongs to. */
  drainEmitter: EventEmitter | undefined = undefined;
  /** Of a member of a broadcast group: posts until the inboxes are tried again. */
  patience = 0;
  /** Changes with each arrival (listen.ts); undefined while nobody has asked for it. */
  signal: Int32Array | undefined = undefined;
  /** Stock messages that were sent with a number below this may bring queues. */
  queuesUntil = 0;
  /** Voids that wait in the lane, as far as is known here. */
  voids = 0;
  /** Frames of stock messages that plain code has taken, before this thread knew the port. */
  missing = 0;
  /** A stock message was lost when its reader was cut short (step.ts): it may have been a barrier. */
  lost = false;
  /** Stock messages that came ahead of their turn. */
  held: Filled<Fifo<Carried>> = NOTHING;
  /** Lives as long as the port once its handle is gone (guard.ts). */
  witness: object | undefined = undefined;
  /** Who waits for messages without a listener. */
  pulls: Pulls | undefined = undefined;

  static {
    // The first number here that is no small integer makes V8 forget the shape, and code compiled from then on that makes
    // a Rare (`own`, and what it is inlined in) is thrown away time and again, until somebody does make one: so it happens now.
    const settled = new Rare();
    settled.drainUntil = settled.sampled = settled.highWaterMark = settled.queuesUntil = Infinity;
  }
}

const COMMON: Readonly<Rare> = new Rare();

/** Where `cloning` begins in the field of the depths, and the part of `delivering`. */
const CLONING = 15;
/** One more of `cloning`, as a part of `depths`. */
export const CLONE = 1 << CLONING;
const DELIVERING = (1 << CLONING) - 1;

export class PortState extends (Bits as new () => Bits & Conditions) {
  readonly port: StockPort;
  /** Slot in the native table of this thread; -1 while the port has no channel. */
  slot = -1;
  /** The other end, while both are in this thread. */
  peer: PortState | undefined = undefined;
  /** While the peer is in this thread: messages sent, and sizes and sum of those under way. */
  sent = 0;
  sizes: Filled<Sizes> = NO_SIZES;
  /** Number of stock messages received. */
  received = 0;
  /** Of what is on the stack: `cloning` and `delivering`. */
  depths = 0;
  batch: Batch | undefined = undefined;
  rare: Readonly<Rare> = COMMON;
  /** Node's own handler on the port for a removed listener: our way to stop its stock side. */
  readonly stopStock: (size: number, type: string) => void;

  /** Handlers run in it. */
  readonly context: Context;

  constructor(port: StockPort, context: Context, stopStock: (size: number, type: string) => void) {
    super();
    this.port = port;
    this.context = context;
    this.stopStock = stopStock;
  }

  /** To be written to. */
  get own(): Rare {
    if (this.rare === COMMON) this.rare = new Rare();
    return this.rare;
  }

  get queuesUntil(): number {
    return this.rare.queuesUntil;
  }

  set queuesUntil(until: number) {
    this.own.queuesUntil = until;
  }

  get voids(): number {
    return this.rare.voids;
  }

  set voids(voids: number) {
    if (voids !== this.rare.voids) this.own.voids = voids;
  }

  /** Why this port keeps the event loop alive beside its handle. */
  get holds(): number {
    return this.bits >>> HOLDS;
  }

  set holds(reasons: number) {
    this.bits = (this.bits & CONDITIONS) | (reasons << HOLDS);
  }

  /** Depth of stock posts on the stack: getters of what is posted may post in turn. */
  get cloning(): number {
    return this.depths >>> CLONING;
  }

  /** Depth of deliveries on the stack. */
  get delivering(): number {
    return this.depths & DELIVERING;
  }

  set delivering(depth: number) {
    this.depths = (this.depths & ~DELIVERING) | depth;
  }

  get held(): Filled<Fifo<Carried>> {
    return this.rare.held;
  }

  /** Keep a message that came by the stock port ahead of its turn. */
  hold(message: Carried): void {
    const { own } = this;
    if (own.held === NOTHING) own.held = new Fifo<Carried>();
    (own.held as Fifo<Carried>).push(message);
  }

  /** Bytes under way to the peer in this thread. */
  get bytes(): number {
    return this.sizes.bytes;
  }

  /** Note the size of a message to the peer in this thread. */
  addSize(size: number): void {
    if (this.sizes === NO_SIZES) this.sizes = new Sizes();
    (this.sizes as Sizes).push(size);
    this.sizes.bytes += size;
  }

  /** The oldest of those has arrived. */
  dropSize(): void {
    this.sizes.bytes -= this.sizes.shift() ?? 0;
    if (this.sizes.length === 0) this.sizes = NO_SIZES;
  }

  /** They will not arrive, or are counted elsewhere. */
  dropSizes(): void {
    this.sizes = NO_SIZES;
  }

  get modes(): number {
    const lane = (this.laneFed ? MODE_FED : 0) | (this.laneOut ? MODE_OUT : 0);
    return lane | (this.late ? MODE_LATE : 0) | (this.uncounted ? MODE_UNCOUNTED : 0);
  }

  set modes(modes: number) {
    this.laneFed = (modes & MODE_FED) !== 0;
    this.laneOut = (modes & MODE_OUT) !== 0;
    this.late = (modes & MODE_LATE) !== 0;
    this.uncounted = (modes & MODE_UNCOUNTED) !== 0;
  }
}

/**
 * All that a pair of ports has until one of them is used: an idle channel must not cost more than a
 * stock one.
 */
export class Seed {
  readonly port1: StockPort;
  readonly port2: StockPort;
  readonly context: Context;

  constructor(port1: StockPort, port2: StockPort, context: Context) {
    this.port1 = port1;
    this.port2 = port2;
    this.context = context;
  }
}

class Stamp extends Existing {
  #state: PortState | Seed;

  constructor(port: object, state: PortState | Seed) {
    super(port);
    this.#state = state;
  }

  static get(port: unknown): PortState | undefined {
    if (typeof port !== 'object' || port === null || !(#state in port)) return undefined;
    const state = port.#state;
    if (state instanceof PortState) return state;
    Stamp.#grow(state);
    return port.#state as PortState;
  }

  /** One of the two is used: both get their state. */
  static #grow({ port1, port2, context }: Seed): void {
    const a = grow(port1, context);
    const b = grow(port2, context);
    a.peer = b;
    b.peer = a;
    (port1 as unknown as Stamp).#state = a;
    (port2 as unknown as Stamp).#state = b;
  }
}

let grow: (port: StockPort, context: Context) => PortState;

/** Set by adopt.ts: makes the state of a port. */
export function setGrow(make: (port: StockPort, context: Context) => PortState): void {
  grow = make;
}

/** The state of a port of ours, else undefined. Runs no foreign code. */
export const stateOf: (port: unknown) => PortState | undefined = Stamp.get;

export function stamp(port: StockPort, state: PortState | Seed): void {
  new Stamp(port, state);
}
