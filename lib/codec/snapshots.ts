/**
 * Copies of large buffers that a message has inside of it. Code of the user's may run before all of the message is read (getters), and change or
 * detach what was read before; the message is what it was. Copies are used again: each is free when its message has been sent.
 */
import { allocate, bareList, bufferByteLength, captured, typedArraySet } from './primordials';

const enum Most { Buffers = 16, Bytes = 4 << 20 }

const spare = bareList<ArrayBuffer>();
let count = 0;
let bytes = 0;

export function snapshotOf(buffer: ArrayBuffer): ArrayBuffer {
  const size = bufferByteLength(buffer);
  const copy = takeSpare(size) ?? allocate(size);
  typedArraySet(new captured.Uint8Array(copy), new captured.Uint8Array(buffer));
  return copy;
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

/** Nobody looks at it any more. */
export function giveBack(snapshot: ArrayBuffer): void {
  const size = bufferByteLength(snapshot);
  if (count === Most.Buffers || bytes + size > Most.Bytes) return;
  spare[count++] = snapshot;
  bytes += size;
}
