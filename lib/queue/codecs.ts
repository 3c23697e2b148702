/** How values become messages of a queue: the codecs by name, and the user's own. */
import {
  bareList, captured, dataViewBuffer, dataViewLength, dataViewOffset, isArrayBuffer, isView, typedArrayBuffer, typedArrayByteLength, typedArrayOffset,
  typedArraySet, typedArrayTag,
} from '../codec/primordials';
import { types } from 'node:util';
import { InvalidArgType, InvalidArgValue, NotCarried, QueueCorrupt } from '../errors';
import type { QueueCall } from './native';
import { ByteReader, decoded, popMessage, popped } from './reader';
import type { Writer } from './writer';

const { isSharedArrayBuffer } = types;
const { parse, stringify } = JSON;

/** The user's: bytes of a value, and the value of bytes. What they throw is thrown by push and pop. */
interface CustomCodec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): T;
}

export interface Codec {
  /** Are messages the bytes that come out? */
  readonly isBytes: boolean;
  /** Leaves the message in the writer, or throws. */
  encode(writer: Writer, value: unknown): void;
  /** Takes a message; the status. */
  pop(call: QueueCall, mode: number): number;
  /** The value of the message that was taken last. */
  value(): unknown;
}

/** In the header of a queue, so that both sides are known to agree. */
const NAMES = ['', 'structured', 'bytes', 'json', 'custom'];
export const CUSTOM = 4;

class StructuredCodec implements Codec {
  readonly isBytes = false;

  encode(writer: Writer, value: unknown): void {
    writer.structured(value);
  }

  pop(call: QueueCall, mode: number): number {
    return popMessage(call, mode);
  }

  value(): unknown {
    return decoded();
  }
}

class JsonCodec implements Codec {
  readonly isBytes = false;

  encode(writer: Writer, value: unknown): void {
    const text = stringify(value) as string | undefined;
    if (text === undefined) throw new NotCarried('JSON has no text for this value');
    writer.json(text);
  }

  pop(call: QueueCall, mode: number): number {
    return popMessage(call, mode);
  }

  value(): unknown {
    const { text } = popped;
    popped.text = undefined;
    try {
      return parse(text ?? '');
    } catch (error) {
      throw new QueueCorrupt(error); // it was made by `stringify`
    }
  }
}

/** The bytes of a view or buffer, where they are. */
function bytesOf(value: unknown, name: string): Uint8Array {
  // First, as it costs next to nothing.
  const isAView = isView(value);
  if (!isAView && !isArrayBuffer(value) && !isSharedArrayBuffer(value)) throw new InvalidArgType(name, 'Uint8Array, another view, or a buffer', value);
  try {
    return isAView ? overView(value) : new captured.Uint8Array(value as ArrayBuffer);
  } catch {
    throw new InvalidArgValue(name, 'its buffer is detached, or too small for it');
  }
}

const NOTHING = bareList<number>();

function overView(view: ArrayBufferView): Uint8Array {
  const tag = typedArrayTag(view);
  if (tag === undefined) return new captured.Uint8Array(dataViewBuffer(view), dataViewOffset(view), dataViewLength(view));
  const length = typedArrayByteLength(view);
  // One over memory that is gone says that it is empty, but nothing can be written to it, not even nothing.
  if (length === 0) typedArraySet(view as Uint8Array, NOTHING);
  return tag === 'Uint8Array' ? (view as Uint8Array) : new captured.Uint8Array(typedArrayBuffer(view), typedArrayOffset(view), length);
}

class BytesCodec implements Codec {
  readonly isBytes: boolean = true;
  readonly #reader = new ByteReader();

  encode(writer: Writer, value: unknown): void {
    writer.bytes(bytesOf(value, 'value'));
  }

  pop(call: QueueCall, mode: number): number {
    return this.#reader.pop(call, mode);
  }

  value(): unknown {
    const { value } = this.#reader;
    this.#reader.value = undefined;
    return value;
  }
}

class UserCodec extends BytesCodec {
  override readonly isBytes = false;
  readonly #codec: CustomCodec<unknown>;

  constructor(codec: CustomCodec<unknown>) {
    super();
    this.#codec = codec;
  }

  override encode(writer: Writer, value: unknown): void {
    writer.bytes(bytesOf(this.#codec.encode(value), 'options.codec.encode()'));
  }

  override value(): unknown {
    return this.#codec.decode(super.value() as Uint8Array);
  }
}

/** The codec of an option and its number; `stored` is the number in the header of a queue that is there. */
export function codecOf(option: unknown, stored?: number): { codec: Codec; id: number } {
  const wanted = option === undefined ? NAMES[stored ?? 1] : option;
  const found = byName(wanted);
  if (stored !== undefined && found.id !== stored) {
    throw new InvalidArgValue('options.codec', `the queue was made with the codec '${NAMES[stored] ?? stored}'`);
  }
  return found;
}

function byName(wanted: unknown): { codec: Codec; id: number } {
  switch (wanted) {
    case 'structured': return { codec: new StructuredCodec(), id: 1 };
    case 'bytes': return { codec: new BytesCodec(), id: 2 };
    case 'json': return { codec: new JsonCodec(), id: 3 };
  }
  if (typeof wanted !== 'object' || wanted === null) {
    throw new InvalidArgValue('options.codec', "it must be 'structured', 'bytes', 'json' or { encode, decode }, as the queue was made with");
  }
  const { encode, decode } = wanted as CustomCodec<unknown>;
  if (typeof encode !== 'function') throw new InvalidArgType('options.codec.encode', 'function', encode);
  if (typeof decode !== 'function') throw new InvalidArgType('options.codec.decode', 'function', decode);
  return { codec: new UserCodec(wanted as CustomCodec<unknown>), id: CUSTOM };
}

