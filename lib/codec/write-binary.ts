/**
 * ArrayBuffers and views.
 *
 * As in stock, a view takes its whole buffer along, and views over one buffer still share one afterwards. Small buffers
 * are copied into the words; larger ones are left to native code, in `attachments`. Shared, resizable and detached
 * buffers are refused.
 */
import type { Encoder } from './encoder';
import { Ext, Limit, Tag, VIEW_NAMES } from './format';
import {
  bufferByteLength, bufferDetached, bufferResizable, captured, dataViewBuffer, dataViewLength, dataViewOffset, defineOwn,
  isArrayBuffer, mapGet, mapSet, typedArrayBuffer, typedArrayLength, typedArrayOffset, typedArraySet, typedArrayTag,
} from './primordials';
import { beginLeaf } from './write-leaf';

const kinds = new captured.Map<string, number>();
for (let i = 0; i < VIEW_NAMES.length; i++) mapSet(kinds, VIEW_NAMES[i]!, i);

/** A real view of any prototype: stock restores the built-in class. */
export function writeView(e: Encoder, view: object): boolean {
  const tag = typedArrayTag(view);
  const kind = tag === undefined ? 0 : (mapGet(kinds, tag) as number | undefined);
  if (kind === undefined) return false;
  const buffer = kind === 0 ? dataViewBuffer(view) : typedArrayBuffer(view);
  if (!copyable(buffer)) return wasThere(e, view);
  if (!beginLeaf(e, view, Tag.Ext | (Ext.View << 4) | (kind << 12))) return true;
  e.i32[e.pos++] = kind === 0 ? dataViewOffset(view) : typedArrayOffset(view);
  e.i32[e.pos++] = kind === 0 ? dataViewLength(view) : typedArrayLength(view);
  return writeBuffer(e, buffer);
}

export function writeArrayBuffer(e: Encoder, buffer: object): boolean {
  return copyable(buffer) ? writeBuffer(e, buffer) : wasThere(e, buffer);
}

function writeBuffer(e: Encoder, buffer: ArrayBuffer): boolean {
  if (e.pos + 8 > e.cap) e.reserve(8);
  const bytes = bufferByteLength(buffer);
  if (bytes >= Limit.Inline) {
    const index = e.attachments === undefined ? 0 : e.attachments.length;
    if (!beginLeaf(e, buffer, Tag.Ext | (Ext.Attachment << 4) | (index << 12))) return true;
    if (e.attachments === undefined) e.attachments = [buffer];
    else defineOwn(e.attachments, index, buffer);
    return true;
  }
  if (!beginLeaf(e, buffer, Tag.Ext | (Ext.Buffer << 4))) return true;
  const words = (bytes + 3) >> 2;
  e.reserve(words + 1);
  e.i32[e.pos++] = bytes;
  if (words !== 0) e.i32[e.pos + words - 1] = 0;
  typedArraySet(e.u8, new captured.Uint8Array(buffer), e.pos << 2);
  e.pos += words;
  return true;
}

/** Refers to an object of this message that code of the user's has made uncopyable since; false if it is none. */
function wasThere(e: Encoder, object: object): boolean {
  const known = e.ids.enterExact(object);
  return known >= 0 && e.backRef(e.pos, e.text, known);
}

/** Whether this is an ordinary ArrayBuffer with its memory in place. */
function copyable(buffer: object): buffer is ArrayBuffer {
  if (!isArrayBuffer(buffer) || bufferResizable?.(buffer) === true) return false;
  const bytes = bufferByteLength(buffer);
  return bytes > 0 ? bytes <= 0x7fffffff : !detached(buffer);
}

function detached(buffer: object): boolean {
  if (bufferDetached !== undefined) return bufferDetached(buffer);
  try {
    new captured.Uint8Array(buffer as ArrayBuffer);
    return false;
  } catch {
    return true;
  }
}
