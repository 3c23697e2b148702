/**
 * Estimated size of a message that goes by the stock port, for `bufferedAmount`. Looks at data
 * properties only: nothing of the user's may run a second time.
 */
import { types } from 'node:util';
import {
  bufferByteLength, dataViewBuffer, floor, isArray, isArrayBuffer, isProxy, isView, objectKeys, ownValue, sharedBufferByteLength, typedArrayByteLength,
} from '../codec/primordials';
import type { PortState } from './state';

const { isDataView, isSharedArrayBuffer } = types;
const NODE = 16;
/** Beyond so many values the rest is not looked at. */
const MOST = 1000;

/** So many messages in a row count as the largest of late, unless somebody looks: an estimate costs as much as a short post. */
const UNSEEN = 7;

/** Size of the next carried message of a port. */
export function carriedSize(state: PortState, value: unknown, list: unknown[] | undefined): number {
  if (state.rare.unseen > 0) {
    state.own.unseen--;
    return state.rare.sampled;
  }
  const size = estimateSize(value, list);
  const { own } = state;
  own.unseen = UNSEEN;
  // A whole number: native code packs it with flags.
  own.sampled = size > own.sampled ? size : floor((own.sampled + size) / 2);
  return own.sampled;
}

export function estimateSize(value: unknown, list: unknown[] | undefined): number {
  const walk = { left: MOST, bytes: 0 };
  add(walk, value, 0);
  for (let i = 0; list !== undefined && i < list.length; i++) walk.bytes += NODE;
  return walk.bytes;
}

interface Walk {
  left: number;
  bytes: number;
}

function add(walk: Walk, value: unknown, depth: number): void {
  walk.bytes += NODE;
  if (typeof value === 'string') walk.bytes += value.length;
  else if (typeof value === 'object' && value !== null) addObject(walk, value, depth);
}

function addObject(walk: Walk, value: object, depth: number): void {
  if (walk.left-- <= 0 || depth > 16 || isProxy(value)) return;
  const bytes = bytesOf(value);
  if (bytes >= 0) {
    walk.bytes += bytes;
    return;
  }
  if (isArray(value) && value.length > MOST) {
    walk.bytes += value.length * NODE;
    return;
  }
  const names = objectKeys(value);
  for (let i = 0; i < names.length && walk.left > 0; i++) add(walk, ownValue(value, names[i]!), depth + 1);
}

/** Bytes of a buffer or view, which a transfer may have detached; -1 for anything else. */
function bytesOf(value: object): number {
  if (isArrayBuffer(value)) return bufferByteLength(value);
  if (isSharedArrayBuffer(value)) return sharedBufferByteLength(value);
  if (!isView(value)) return -1;
  if (!isDataView(value)) return typedArrayByteLength(value);
  // Its own getter throws over a detached buffer.
  return bytesOf(dataViewBuffer(value));
}
