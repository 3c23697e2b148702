/**
 * The words of a message.
 *
 * ```text
 *  word BASE      flags (Flag)
 *  word BASE+1..  one value:  payload << 4 | Tag, then what the tag asks for
 *  zero padding   to an even number of words
 * ```
 *
 * Characters are not in the words: a string word holds its length, and the strings of a message follow one another in
 * its text arena in the order of their words. Objects are numbered in the order in which their words begin; Tag.Ref
 * names such a number.
 */
export const enum Layout {
  /** First word of a message in the encoder's scratch; the words before it are the binding's. */
  Base = 8,
  /** Words that a primitive other than a big BigInt takes at most. */
  Scalar = 4,
}

export const enum Flag {
  /** Some object is referred to by Tag.Ref, so the decoder has to number the objects. */
  Refs = 1,
  /** Some property vanished during the walk and is a Simple.Hole. */
  Holes = 2,
}

export const enum Tag {
  /** payload: Simple */
  Simple = 0,
  /** payload: a signed 28-bit integer */
  Int = 1,
  /** payload: length in UTF-16 units, 2 or more */
  Str = 2,
  /** payload: shape id; then one value for each key of the shape */
  Shape = 3,
  /** payload: number of entries; the lengths of the keys; the values */
  Dict = 4,
  /** payload: length; then that many values */
  Arr = 5,
  /** payload: number of an object of this message */
  Ref = 6,
  /** two words: the bits of a double, low word first */
  Dbl = 7,
  /** payload: the one UTF-16 unit of a string */
  Char = 8,
  /** payload: length; raw int32 words */
  Ints = 9,
  /** payload: length; padding to an even distance from the flags word, then raw doubles */
  Dbls = 10,
  /** payload: length; as Arr, but elements may be Simple.Hole */
  Holey = 11,
  /** one word: an int32 that Int does not hold */
  Int32 = 12,
  /** payload: number of a registered string (see constants.ts) */
  Known = 13,
  /** payload: Ext in the low byte, then bits of its own */
  Ext = 15,
}

export const enum Simple { Undefined = 0, Null = 1, True = 2, False = 3, Hole = 4, Empty = 5 }

/** Simple values as whole words. */
export const enum Word {
  Undefined = 0x00, Null = 0x10, True = 0x20, False = 0x30, Hole = 0x40, Empty = 0x50, Dbl = 7, Int32 = 12,
}

export const enum Ext {
  /** one word: length of a string too long for Tag.Str */
  LongStr = 0,
  /** two words: an int64 */
  BigInt64 = 1,
  /** a string value: the number in hexadecimal; bit 8: negative */
  BigIntHex = 2,
  /** two words: the time value */
  Date = 3,
  /** one word: entries; then key, value, ... */
  Map = 4,
  /** one word: entries; then values */
  Set = 5,
  /** two string values: source, flags */
  RegExp = 6,
  /** bits 8..: index into ERROR_NAMES; bit 12..: ErrorPart; the values of the parts in that order */
  Error = 7,
  /** a primitive value, to be boxed */
  Boxed = 8,
  /** one word: bytes; the bytes, padded to whole words */
  Buffer = 9,
  /** bits 8..: index into the attachments */
  Attachment = 10,
  /** bits 8..: index into VIEW_NAMES; one word: byte offset; one word: length in elements; the buffer as a value */
  View = 11,
}

export const enum ErrorPart { Message = 1, Cause = 2 }

export const enum Limit {
  /** Nesting that the encoder accepts. */
  Depth = 200,
  /** Keys of the largest registered shape. */
  ShapeKeys = 64,
  /** Characters of all its keys. */
  ShapeChars = 4096,
  /** Shapes of a process. */
  Shapes = 4096,
  /** Strings that a thread registers: they share the numbers of the shapes. */
  Known = 256,
  /** Characters of a registered string. */
  KnownChars = 64,
  /** Bytes up to which an ArrayBuffer travels inside the words. */
  Inline = 2048,
  /** A payload is below this. */
  Payload = 0x8000000,
}

export const ERROR_NAMES = ['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'];

export const VIEW_NAMES = [
  'DataView', 'Uint8Array', 'Int8Array', 'Uint8ClampedArray', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array',
  'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array', 'Float16Array',
];
