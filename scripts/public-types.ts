/**
 * Drop-in for `node:worker_threads` over native memory: every export of the installed `@types/node`, with the
 * message-passing classes replaced by ours.
 */
import * as stock from 'node:worker_threads';

export * from 'node:worker_threads';

/** A message port that may be used wherever the built-in's may. Emits `'drain'` too, see {@link highWaterMark}. */
export declare class MessagePort extends stock.MessagePort {
  /** Bytes that were accepted by `postMessage` and that the other side has not received yet. */
  readonly bufferedAmount: number;
  /** In bytes, at least 1. When `bufferedAmount` falls below this after it had reached it, `'drain'` is emitted. */
  highWaterMark: number;
}

/** Two connected ports. */
export declare class MessageChannel extends stock.MessageChannel {
  readonly port1: MessagePort;
  readonly port2: MessagePort;
}

/** A thread. Emits `'drain'` too, see {@link highWaterMark}. */
export declare class Worker extends stock.Worker {
  /** Bytes that were accepted by `postMessage` and that the worker has not received yet. */
  readonly bufferedAmount: number;
  /** In bytes, at least 1. When `bufferedAmount` falls below this after it had reached it, `'drain'` is emitted. */
  highWaterMark: number;
}

/** The port to the parent in a worker, `null` in the main thread. */
export declare const parentPort: MessagePort | null;

/** Is the native addon in use? If not, the built-in classes are passed through. */
export declare const native: boolean;

/** The package's version. */
export declare const version: string;
