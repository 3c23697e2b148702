/** Arguments of queues. */
import { InvalidArgType, InvalidArgValue, OutOfRange } from '../errors';
import { QUEUE_HEADER, QUEUE_MAX_CAPACITY, QUEUE_MIN_CAPACITY } from './native';
import { sharedBufferByteLength, sharedBufferGrowable } from '../codec/primordials';
import { types } from 'node:util';

const { isSharedArrayBuffer } = types;
const { isInteger } = Number;
const DEFAULT_CAPACITY = 1 << 20;

export function countOf(max: unknown): number {
  if (typeof max !== 'number') throw new InvalidArgType('max', 'number', max);
  if (!(max >= 0 && (isInteger(max) || max === Infinity))) throw new OutOfRange('max', 'an integer >= 0, or Infinity', max);
  return max;
}

/** Bytes: the power of two that is not below what is asked for. */
export function capacityOf(capacity: unknown): number {
  if (capacity === undefined) return DEFAULT_CAPACITY;
  if (typeof capacity !== 'number') throw new InvalidArgType('options.capacity', 'number', capacity);
  if (!isInteger(capacity) || capacity < 1 || capacity > QUEUE_MAX_CAPACITY) {
    throw new OutOfRange('options.capacity', `an integer >= 1 and <= ${QUEUE_MAX_CAPACITY}`, capacity);
  }
  let size = QUEUE_MIN_CAPACITY;
  while (size < capacity) size *= 2;
  return size;
}

export function optionsOf(options: unknown): { capacity?: unknown; codec?: unknown } {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null) throw new InvalidArgType('options', 'object', options);
  return options;
}

/** A SharedArrayBuffer that may be a queue's. */
export function sharedOf(buffer: unknown): SharedArrayBuffer {
  if (!isSharedArrayBuffer(buffer)) throw new InvalidArgType('buffer', 'SharedArrayBuffer', buffer);
  const shared = buffer as SharedArrayBuffer;
  if (sharedBufferGrowable?.(shared) === true) throw new InvalidArgValue('buffer', 'it can grow');
  if (sharedBufferByteLength(shared) < QUEUE_HEADER + QUEUE_MIN_CAPACITY) throw new InvalidArgValue('buffer', 'it is too small for a queue');
  return shared;
}

const REASONS = [
  '', 'it is not that of a SharedQueue', 'it is that of another version of SharedQueue', 'it is not as large as the queue that it was made for',
  'the structured codec of one copy of the package cannot read what another one writes',
];

export function refused(reason: number): Error {
  return new InvalidArgValue('buffer', REASONS[reason] ?? String(reason));
}
