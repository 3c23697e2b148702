/** BigInts: 64 bits as they are, longer ones in hexadecimal through the text arena. */
import type { Encoder } from './encoder';
import { Ext, Tag } from './format';
import { bigIntToString, captured } from './primordials';

const int64 = new captured.BigInt64Array(1);
const int64Words = new captured.Int32Array(int64.buffer);

export function writeBigInt(e: Encoder, value: bigint): boolean {
  int64[0] = value;
  const i32 = e.i32;
  if (int64[0] === value) {
    i32[e.pos++] = Tag.Ext | (Ext.BigInt64 << 4);
    i32[e.pos++] = int64Words[0]!;
    i32[e.pos++] = int64Words[1]!;
    return true;
  }
  const negative = value < 0n;
  i32[e.pos++] = Tag.Ext | (Ext.BigIntHex << 4) | (negative ? 1 << 12 : 0);
  return e.string(bigIntToString(negative ? -value : value, 16));
}
