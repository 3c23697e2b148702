/** ArrayBuffers and views. */
import { CorruptMessageError } from './corrupt';
import type { Decoder } from './decoder';
import { VIEW_NAMES } from './format';
import { captured, denseArray, isArrayBuffer, mapSet, mapSize, typedArrayBuffer, typedArrayOffset, typedArraySet } from './primordials';

type ViewConstructor = new (buffer: ArrayBuffer, offset: number, length: number) => object;

const constructors = denseArray<ViewConstructor | undefined>(VIEW_NAMES.length, undefined);
for (let i = 0; i < VIEW_NAMES.length; i++) {
  constructors[i] = (globalThis as unknown as Record<string, ViewConstructor | undefined>)[VIEW_NAMES[i]!];
}

export function readBuffer(d: Decoder): ArrayBuffer {
  const bytes = d.i32[d.pos++]! >>> 0;
  const words = (bytes + 3 - ((bytes + 3) % 4)) / 4;
  d.need(words);
  const copy = new captured.Uint8Array(bytes);
  typedArraySet(copy, new captured.Uint8Array(typedArrayBuffer(d.i32), typedArrayOffset(d.i32) + d.pos * 4, bytes));
  d.pos += words;
  return d.add(typedArrayBuffer(copy) as ArrayBuffer);
}

export function readAttachment(d: Decoder, index: number): ArrayBuffer {
  const list = d.attachments;
  const buffer = list !== undefined && index < list.length ? list[index] : undefined;
  if (!isArrayBuffer(buffer)) throw new CorruptMessageError('attachment');
  return d.add(buffer);
}

export function readView(d: Decoder, kind: number): object {
  const constructor = kind < VIEW_NAMES.length ? constructors[kind] : undefined;
  if (constructor === undefined) throw new CorruptMessageError('view');
  // The view has the lower number, but needs its buffer.
  const number = d.refs === null ? -1 : mapSize(d.refs);
  if (number >= 0) mapSet(d.refs!, number, d);
  const offset = d.i32[d.pos++]! >>> 0;
  const length = d.i32[d.pos++]! >>> 0;
  const buffer = d.next();
  if (!isArrayBuffer(buffer)) throw new CorruptMessageError('view');
  const view = new constructor(buffer, offset, length);
  if (number >= 0) mapSet(d.refs!, number, view);
  return view;
}
