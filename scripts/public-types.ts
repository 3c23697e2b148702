/**
 * Drop-in for `node:worker_threads` over native memory: every export of the installed `@types/node`, with the
 * message-passing classes replaced by ours.
 */
import * as stock from 'node:worker_threads';

export * from 'node:worker_threads';

/** As the installed `@types/node` has it. */
type Transferable = NonNullable<Parameters<stock.MessagePort['postMessage']>[1]>[number];
type Transfer = Iterable<Transferable> | { transfer?: Iterable<Transferable> };

/** A message port that may be used wherever the built-in's may. Emits `'drain'` too, see {@link highWaterMark}. */
export declare class MessagePort extends stock.MessagePort {
  /** `transfer`: what moves there rather than being copied. True: accepted. After a throw nothing was sent, and nothing has moved. */
  postMessage(value: any, transfer?: Transfer): boolean | undefined;
  /** What was posted before arrives; then both ends emit `'close'`, and `callback` is called. */
  close(callback?: () => void): void;
  /** Bytes that were accepted by `postMessage` and that the other side has not received yet. */
  readonly bufferedAmount: number;
  /** In bytes, at least 1. When `bufferedAmount` falls below this after it had reached it, `'drain'` is emitted. */
  highWaterMark: number;
  /**
   * In bytes, at least 1; `Infinity` at first. While `bufferedAmount` is at least this, `postMessage` throws `ERR_THREADPORT_BACKPRESSURE` and sends
   * nothing.
   */
  maxBufferedBytes: number;

  /** The next message, or `empty` if there is none; a value that cannot be deserialized is thrown. */
  tryReceive(): any;
  tryReceive<E>(empty: E): any | E;
  /**
   * Blocks the thread until there is a message; `empty` if there is none after `timeoutMs`. Throws `ERR_THREADPORT_CLOSED` once the port, or
   * its other end, is closed and all messages were received, and `ERR_THREADPORT_DEADLOCK` instead of waiting for ever for this very thread.
   */
  receiveSync(timeoutMs?: number): any;
  receiveSync<E>(timeoutMs: number | undefined, empty: E): any | E;
  /** The messages, until the port is closed. It needs no listener, and stays open when the iteration is left. */
  [Symbol.asyncIterator](): AsyncGenerator<any, void, undefined>;
  /**
   * One element that changes with each arrival, and when the port is closed: read it, `tryReceive()`, and `Atomics.wait` or `waitAsync` on the value
   * that was read.
   */
  readonly signal: Int32Array;
}

/** Two connected ports. */
export declare class MessageChannel extends stock.MessageChannel {
  readonly port1: MessagePort;
  readonly port2: MessagePort;
}

/** A thread. Emits `'drain'` too, see {@link highWaterMark}. */
export declare class Worker extends stock.Worker {
  /** `transfer`: what moves there rather than being copied. After a throw nothing was sent, and nothing has moved. */
  postMessage(value: any, transfer?: Transfer): void;
  /** Bytes that were accepted by `postMessage` and that the worker has not received yet. */
  readonly bufferedAmount: number;
  /** In bytes, at least 1. When `bufferedAmount` falls below this after it had reached it, `'drain'` is emitted. */
  highWaterMark: number;
  /**
   * In bytes, at least 1; `Infinity` at first. While `bufferedAmount` is at least this, `postMessage` throws `ERR_THREADPORT_BACKPRESSURE` and sends
   * nothing.
   */
  maxBufferedBytes: number;
}

/** The next message of a port or broadcast channel, without its listeners. */
export declare function receiveMessageOnPort(port: stock.MessagePort | stock.BroadcastChannel): { message: any } | undefined;

/** The port to the parent in a worker, `null` in the main thread. */
export declare const parentPort: MessagePort | null;

/** With a buffer of their own, where the compiler tells (TypeScript 5.7 and later). */
type Bytes = ReturnType<Uint8Array['slice']>;

/** How the values of a {@link SharedQueue} travel: as structured clones, as bytes, as JSON, or as the user says. */
export type QueueCodec<T> = 'structured' | 'json' | (Bytes extends T ? 'bytes' : never) | {
  /** The bytes of a value. What it throws is thrown by the push, and nothing is pushed. */
  encode(value: T): ArrayBufferView | ArrayBufferLike;
  /** The value of bytes, which are its own. What it throws is thrown by the pop; the message is gone. */
  decode(bytes: Uint8Array): T;
};

/**
 * A bounded queue of messages in one `SharedArrayBuffer`: any number of producers and consumers in any threads, first in, first out for
 * each producer; each message is delivered once.
 *
 * What waits throws or rejects with `ERR_THREADPORT_CLOSED` once the queue is closed, and drained; what finds memory that no queue
 * has written, with `ERR_THREADPORT_CORRUPT`.
 */
export declare class SharedQueue<T = unknown> implements AsyncIterable<T> {
  /** `capacity`: bytes, rounded up to a power of two; 1 MiB by default, 1 GiB at most. `codec`: `'structured'` by default. */
  constructor(options?: { capacity?: number; codec?: QueueCodec<T> });
  /** Attaches to a queue that was made elsewhere. `codec`: that of the queue by default; one of the user's must be given again. */
  static from<T = unknown>(buffer: SharedArrayBuffer, options?: { codec?: QueueCodec<T> }): SharedQueue<T>;

  /** The queue's memory, to be handed to other threads by any means. */
  readonly buffer: SharedArrayBuffer;
  /** Bytes for messages, and for 8 more with each; 24 with the codecs `'structured'` and `'json'`, and 2 for its text. */
  readonly capacity: number;
  /** Messages in the queue. Exact while nobody pushes or pops. */
  readonly length: number;
  /** Bytes of `capacity` in use. Exact while nobody pushes or pops. */
  readonly bytesUsed: number;
  /** Was {@link close} called? */
  readonly closed: boolean;
  /** One element that changes after messages have come: read it, try, and `Atomics.wait` or `waitAsync` on the value that was read. */
  readonly items: Int32Array;
  /** The same for room. */
  readonly space: Int32Array;

  /** False if there is no room. Throws a `RangeError` if the message is larger than the queue. */
  tryPush(value: T): boolean;
  /** Resolves when the message is in the queue. The value is copied at once. */
  push(value: T, options?: { signal?: AbortSignal }): Promise<void>;
  /** Blocks the thread until there is room; false if there is none after `timeoutMs`. */
  pushSync(value: T, timeoutMs?: number): boolean;

  /** The next message, or `empty` if there is none. */
  tryPop(): T | undefined;
  tryPop<E>(empty: E): T | E;
  /** Resolves with the next message. Calls are served in turn. */
  pop(options?: { signal?: AbortSignal }): Promise<T>;
  /** Blocks the thread until there is a message; `empty` if there is none after `timeoutMs`. */
  popSync(timeoutMs?: number): T | undefined;
  popSync<E>(timeoutMs: number | undefined, empty: E): T | E;
  /**
   * The next message of a queue of the codec `'bytes'`, without an array of its own: into the start of `target`. Returns its number of bytes, or
   * `empty`. One that is longer than `target` stays in the queue: a `RangeError`.
   */
  tryPopInto(target: Uint8Array): number | undefined;
  tryPopInto<E>(target: Uint8Array, empty: E): number | E;
  /** The same, and blocks the thread until there is a message; `empty` if there is none after `timeoutMs`. */
  popSyncInto(target: Uint8Array, timeoutMs?: number): number | undefined;
  popSyncInto<E>(target: Uint8Array, timeoutMs: number | undefined, empty: E): number | E;
  /** What is there, at most `max` messages. */
  popMany(max: number): T[];
  /** Messages until the queue is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined>;

  /** Nothing can be pushed any more; consumers get what is there. In every thread. */
  close(): void;
  /** A pending push or pop of this object holds the event loop open, as it does by default. */
  ref(): this;
  /** It does not. */
  unref(): this;
}

/** A message of {@link receiveAny}, and where it comes from. */
export interface Received<S> {
  source: S;
  value: any;
}

/**
 * The next message of several ports and queues, whichever has one first; `undefined` after `timeout` milliseconds. If several have one, chance
 * decides. Rejects with `ERR_THREADPORT_CLOSED` once all of them are closed and drained, and with the reason of the signal.
 */
export declare function receiveAny<S extends MessagePort | SharedQueue<any>>(
  sources: readonly S[],
  options?: { timeout?: number; signal?: AbortSignal },
): Promise<Received<S> | undefined>;

/** The same, blocking the thread. The signal is looked at when it is called. */
export declare function receiveAnySync<S extends MessagePort | SharedQueue<any>>(
  sources: readonly S[],
  options?: { timeout?: number; signal?: AbortSignal },
): Received<S> | undefined;

/** Is the native addon in use? If not, the built-in classes are passed through. */
export declare const native: boolean;

/** The package's version. */
export declare const version: string;
