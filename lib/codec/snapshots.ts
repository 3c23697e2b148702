/**
 * Copies of large buffers that a message has inside of it. Code of the user's may run before all of the message is read (getters), and change or
 * detach what was read before; the message is what it was. Copies are used again: each is free when its message has been sent.
 */
import { RangeTooLarge } from '../errors';
import { isStackOverflow } from './overflow';
import { allocate, bareList, bufferByteLength, captured, typedArraySet } from './primordials';

const enum Most { Buffers = 16, Bytes = 4 << 20 }

const spare = bareList<ArrayBuffer>();
let count = 0;
let bytes = 0;

export function snapshotOf(buffer: ArrayBuffer): ArrayBuffer {
  const size = bufferByteLength(buffer);
  const copy = takeSpare(size) ?? allocated(size);
  typedArraySet(new captured.Uint8Array(copy), new captured.Uint8Array(buffer));
  return copy;
}

function allocated(size: number): ArrayBuffer {
  try {
    return allocate(size);
  } catch (error) {
    throw isStackOverflow(error) ? error : new RangeTooLarge();
  }
}

function takeSpare(size: number): ArrayBuffer | undefined {
  for (let i = count - 1; i >= 0; i--) {
    const buffer = spare[i]!;
    if (bufferByteLength(buffer) !== size) continue;
    spare[i] = spare[--count]!;
    spare.length = count;
    bytes -= size;
    return buffer;
  }
  return undefined;
}

/** Nobody looks at it any more. Those that have lain here for longest make way. */
export function giveBack(snapshot: ArrayBuffer): void {
  const size = bufferByteLength(snapshot);
  if (size > Most.Bytes) return;
  while (count === Most.Buffers || bytes + size > Most.Bytes) dropFirst();
  spare[count++] = snapshot;
  bytes += size;
}

function dropFirst(): void {
  bytes -= bufferByteLength(spare[0]!);
  count--;
  for (let i = 0; i < count; i++) spare[i] = spare[i + 1]!;
  spare.length = count;
}
