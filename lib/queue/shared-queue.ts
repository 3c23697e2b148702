/** `SharedQueue`: a bounded queue of messages in one SharedArrayBuffer, for any number of producers and consumers. */
import { signalOf, timeoutOf } from '../arguments';
import { captured, defineProperty, isView, min, setPrototypeOf, typedArrayLength, typedArrayTag } from '../codec/primordials';
import { InvalidArgType, InvalidState, NotCarried, OutOfRange, QueueClosed, QueueCorrupt, RangeTooLarge } from '../errors';
import { Existing } from '../existing';
import { needStack } from '../headroom';
import { ANYWHERE, tell } from '../messaging/listen';
import { carriesQueue } from '../messaging/road';
import { deadline, sleep, wake } from '../messaging/sleep';
import { capacityOf, countOf, optionsOf, refused, sharedOf } from './check';
import { type Codec, CUSTOM, codecOf } from './codecs';
import {
  ARM, CLOSE, CLOSED, CODEC, DONE, END, IS_CLOSED, LENGTH, NOTHING, openQueue, QUEUE_HEADER, QUEUE_ITEMS, QUEUE_SPACE, type QueueCall,
  ROOM, SEEN, SPIN, STATUS, TOO_LARGE, TRY, USED, WAKE, WATCH_ITEMS, WATCH_SPACE,
} from './native';
import { messagesOf } from './iterate';
import { Pop, Push } from './pending';
import { answer, popInto, prepare } from './reader';
import { Line, SLICE_MS } from './wait';
import { acquire, type WaitingMessage, release, type Writer } from './writer';

/** What a queue is made of. Given to the constructor in place of options; nobody else has one. */
class Parts {
  readonly #isOurs = true;
  readonly buffer: SharedArrayBuffer;
  readonly call: QueueCall;
  readonly codec: Codec;
  /** The object to become a queue, if there is one. */
  readonly as: object | undefined;

  constructor(buffer: SharedArrayBuffer, call: QueueCall, codec: Codec, as?: object) {
    this.buffer = buffer;
    this.call = call;
    this.codec = codec;
    this.as = as;
  }

  static of(options: unknown): Parts {
    return typeof options === 'object' && options !== null && #isOurs in options ? options : create(options);
  }
}

function create(options: unknown): Parts {
  const { capacity, codec: wanted } = optionsOf(options);
  const size = capacityOf(capacity);
  const { codec, id } = codecOf(wanted);
  const buffer = new captured.SharedArrayBuffer(QUEUE_HEADER + size);
  return new Parts(buffer, open(buffer, id), codec);
}

function attach(memory: unknown, options: unknown, as?: object): Parts {
  const buffer = sharedOf(memory);
  const { codec: wanted } = optionsOf(options);
  const call = open(buffer, -1);
  call(CODEC);
  const { codec } = codecOf(wanted, answer(STATUS));
  return new Parts(buffer, call, codec, as);
}

function open(buffer: SharedArrayBuffer, codec: number): QueueCall {
  needStack();
  prepare();
  const call = openQueue(new captured.Uint8Array(buffer), codec);
  if (typeof call === 'number') throw refused(call);
  return call;
}

const { deleteProperty } = Reflect;

/** What `receiveAny` needs of a queue. */
export let queueParts: {
  isQueue(value: unknown): value is SharedQueue;
  /** Takes a message; false if there is none. */
  take(queue: SharedQueue, mode: number): boolean;
  value(queue: SharedQueue): unknown;
  /** Who waits for messages. */
  consumers(queue: SharedQueue): Line;
  /** Did `take` throw this because the queue is closed? */
  isEnd(queue: SharedQueue, error: unknown): boolean;
};

/** `object` becomes a queue. */
export function attachAs(object: object, memory: unknown): void {
  const parts = attach(memory, undefined, object);
  // A property that becomes another sort would make the object a slow one.
  deleteProperty(object, QUEUE);
  setPrototypeOf(object, SharedQueue.prototype);
  made(parts);
}

/** Outside of the class, which a bundler renames where it refers to itself. */
const made = (parts: Parts): SharedQueue => new SharedQueue(parts);

/** All that a queue is to Node's clone (see messaging/road.ts). */
export const QUEUE = 'threadport.SharedQueue';

/** Node cannot clone it, and its error shows the text. */
const UNSENT = Symbol("a SharedQueue, sent otherwise than by a port of threadport's: send its `buffer`");

const asProperty = {
  __proto__: null,
  enumerable: true,
  configurable: false,
  get(this: SharedQueue): unknown {
    return sentBy(this);
  },
} as PropertyDescriptor;

let sentBy: (queue: SharedQueue) => unknown;

export class SharedQueue<T = unknown> extends Existing implements AsyncIterable<T> {
  static {
    sentBy = (queue) => {
      if (!carriesQueue()) return UNSENT;
      if (queue.#ask(CODEC) === CUSTOM) throw new NotCarried('A queue with a codec of your own cannot be sent: send its `buffer`');
      return queue.#buffer;
    };
    queueParts = {
      isQueue: (value): value is SharedQueue => typeof value === 'object' && value !== null && #call in value,
      take: (queue, mode) => queue.#take(mode),
      value: (queue) => queue.#codec.value(),
      consumers: (queue) => queue.#consumers,
      isEnd: (queue, error) => error === queue.#end,
    };
  }

  readonly #buffer: SharedArrayBuffer;
  readonly #call: QueueCall;
  readonly #codec: Codec;
  readonly #items: Int32Array;
  readonly #space: Int32Array;
  readonly #consumers: Line;
  readonly #producers: Line;
  /** What went wrong behind the messages that `popMany` returned: the next pop throws it. */
  #late: { error: unknown } | undefined = undefined;
  /** The last error that said that the queue is closed: a codec of the user's may throw that of another one. */
  #end: QueueClosed | undefined = undefined;

  constructor(options?: unknown) {
    const { buffer, call, codec, as } = Parts.of(options);
    super(as);
    this.#buffer = buffer;
    this.#call = call;
    this.#codec = codec;
    this.#items = new captured.Int32Array(buffer, QUEUE_ITEMS, 1);
    this.#space = new captured.Int32Array(buffer, QUEUE_SPACE, 1);
    this.#consumers = new Line(this.#items);
    this.#producers = new Line(this.#space);
    defineProperty(this, QUEUE, asProperty);
  }

  static from<T>(buffer: SharedArrayBuffer, options?: unknown): SharedQueue<T> {
    return made(attach(buffer, options)) as SharedQueue<T>;
  }

  get buffer(): SharedArrayBuffer {
    return this.#buffer;
  }

  get capacity(): number {
    return this.#buffer.byteLength - QUEUE_HEADER;
  }

  get length(): number {
    return this.#ask(LENGTH);
  }

  get bytesUsed(): number {
    return this.#ask(USED);
  }

  get closed(): boolean {
    return this.#ask(IS_CLOSED) !== 0;
  }

  /** Changes when messages have come. */
  get items(): Int32Array {
    this.#call(WATCH_ITEMS);
    return this.#items;
  }

  /** Changes when room has come. */
  get space(): Int32Array {
    this.#call(WATCH_SPACE);
    return this.#space;
  }

  /** What a status other than DONE and NOTHING means. */
  #failure(status: number): Error {
    switch (status) {
      case CLOSED: return (this.#end = new QueueClosed());
      case TOO_LARGE: return new RangeTooLarge('The message is larger than the queue, or there is no memory for it');
      default: return new QueueCorrupt();
    }
  }

  #ask(code: number): number {
    this.#call(code);
    return answer(STATUS);
  }

  // ---- producers ----

  /** `writer` holds a message: pushes it. False: there is no room. */
  #push(writer: Writer, mode: number, message?: WaitingMessage): boolean {
    const status = writer.push(this.#call, mode);
    if (status === DONE) {
      if (message !== undefined) message.isPushed = true;
      const wakes = writer.answer(WAKE);
      if (wakes !== 0) wake(this.#items, 0);
      if (wakes > 1) tell(ANYWHERE);
      return true;
    }
    if (status !== NOTHING) throw this.#failure(status);
    if (mode !== TRY) this.#producers.seen = writer.answer(SEEN);
    return false;
  }

  /** The same for a message of now: pushes of this thread that wait come first. */
  #giveInTurn(writer: Writer, mode: number): boolean {
    return this.#producers.serve() && this.#push(writer, mode);
  }

  tryPush(value: T): boolean {
    needStack();
    const writer = acquire();
    try {
      this.#codec.encode(writer, value);
      return this.#giveInTurn(writer, TRY);
    } finally {
      release();
    }
  }

  pushSync(value: T, timeoutMs?: number): boolean {
    needStack();
    const timeout = timeoutOf(timeoutMs);
    const writer = acquire();
    try {
      this.#codec.encode(writer, value);
      if (timeout === 0) return this.#giveInTurn(writer, TRY);
      for (let end = -1; ; ) {
        if (this.#giveInTurn(writer, SPIN)) return true;
        if (end < 0) end = deadline(timeout);
        if (!sleep(this.#space, 0, this.#producers.seen, end, SLICE_MS)) return false;
      }
    } finally {
      release();
    }
  }

  async push(value: T, options?: { signal?: AbortSignal }): Promise<void> {
    needStack();
    const signal = signalOf(options);
    signal?.throwIfAborted();
    const writer = acquire();
    try {
      this.#codec.encode(writer, value);
      signal?.throwIfAborted(); // by the value's getters
      if (this.#giveInTurn(writer, ARM)) return;
      const message = writer.pack();
      return new Promise((resolve, reject) => {
        const again = (): boolean => this.#pushMessage(message);
        this.#producers.join(new Push(this.#producers, signal, resolve, reject, again));
      });
    } finally {
      release();
    }
  }

  #pushMessage(message: WaitingMessage): boolean {
    if (message.isPushed) {
      // Who did that was cut short (messaging/step.ts), perhaps before anybody was told.
      this.#wakeAll();
      return true;
    }
    const writer = acquire();
    try {
      writer.unpack(message);
      return this.#push(writer, ARM, message);
    } finally {
      release();
    }
  }

  // ---- consumers ----

  /** Takes a message: the codec has its value, or `target` its bytes. False: there is none. */
  #take(mode: number, target?: Uint8Array): boolean {
    if (this.#late !== undefined) this.#throwLate();
    const status = target === undefined ? this.#codec.pop(this.#call, mode) : popInto(this.#call, mode, target);
    if (status === DONE) {
      if (answer(WAKE) !== 0) wake(this.#space, 0);
      return true;
    }
    if (status === NOTHING) {
      if (mode !== TRY) this.#consumers.seen = answer(SEEN);
      return false;
    }
    if (status === CLOSED && mode === TRY) return false;
    if (status === ROOM) throw new OutOfRange('target.length', `>= ${answer(END)}, the length of the message`, typedArrayLength(target as Uint8Array));
    throw this.#failure(status);
  }

  #throwLate(): never {
    const { error } = this.#late!;
    this.#late = undefined;
    throw error;
  }

  /** The same, and waits for one. */
  #takeSync(timeoutMs: number | undefined, target?: Uint8Array): boolean {
    needStack();
    const timeout = timeoutOf(timeoutMs);
    for (let end = -1; ; ) {
      if (this.#take(timeout === 0 ? ARM : SPIN, target)) return true;
      if (end < 0) end = deadline(timeout);
      if (!sleep(this.#items, 0, this.#consumers.seen, end, SLICE_MS)) return false;
    }
  }

  #needBytes(target: Uint8Array): Uint8Array {
    if (!isView(target) || typedArrayTag(target) !== 'Uint8Array') throw new InvalidArgType('target', 'Uint8Array', target);
    if (!this.#codec.isBytes) throw new InvalidState("only a queue of the codec 'bytes' has bytes to be popped into an array");
    return target;
  }

  tryPop<E = undefined>(empty?: E): T | E {
    needStack();
    return this.#take(TRY) ? (this.#codec.value() as T) : (empty as E);
  }

  tryPopInto<E = undefined>(target: Uint8Array, empty?: E): number | E {
    needStack();
    return this.#take(TRY, this.#needBytes(target)) ? answer(END) : (empty as E);
  }

  popMany(max: number): T[] {
    needStack();
    let most = countOf(max);
    const values: T[] = [];
    try {
      while (values.length < most && this.#take(TRY)) {
        // Others may push without an end.
        if (values.length === 0) most = min(most, this.length + 1);
        values.push(this.#codec.value() as T);
      }
    } catch (error) {
      if (values.length === 0) throw error;
      this.#late = { error };
    }
    return values;
  }

  popSync<E = undefined>(timeoutMs?: number, empty?: E): T | E {
    return this.#takeSync(timeoutMs) ? (this.#codec.value() as T) : (empty as E);
  }

  popSyncInto<E = undefined>(target: Uint8Array, timeoutMs?: number, empty?: E): number | E {
    return this.#takeSync(timeoutMs, this.#needBytes(target)) ? answer(END) : (empty as E);
  }

  // Not an async function: one that returns a promise is heard later than one that returns a value, and so is who has waited.
  pop(options?: { signal?: AbortSignal }): Promise<T> {
    return new Promise((resolve, reject) => {
      needStack();
      const signal = signalOf(options);
      signal?.throwIfAborted();
      if (this.#consumers.isEmpty && this.#take(SPIN)) return resolve(this.#codec.value() as T);
      const again = (): boolean => this.#take(ARM);
      return this.#consumers.join(new Pop<T>(this.#consumers, signal, resolve, reject, again, this.#codec));
    });
  }

  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return messagesOf<T>({ line: this.#consumers, codec: this.#codec, take: (mode) => this.#take(mode), isEnd: (error) => error === this.#end });
  }

  // ---- both ----

  close(): void {
    needStack();
    this.#call(CLOSE);
    this.#wakeAll();
  }

  #wakeAll(): void {
    tell(ANYWHERE);
    wake(this.#items, 0);
    wake(this.#space, 0);
  }

  ref(): this {
    this.#consumers.setRef(true);
    this.#producers.setRef(true);
    return this;
  }

  unref(): this {
    this.#consumers.setRef(false);
    this.#producers.setRef(false);
    return this;
  }
}
