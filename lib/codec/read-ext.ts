/** The values behind Tag.Ext: a reader for each Ext, by number. */
import { CorruptMessageError } from './corrupt';
import { type Decoder, HOLE } from './decoder';
import { captured, denseArray, mapSet, setAdd } from './primordials';
import { readAttachment, readBuffer, readView } from './read-binary';
import { readError } from './read-error';
import { Ext } from './format';

type ExtReader = (d: Decoder, bits: number) => unknown;

const int64 = new captured.BigInt64Array(1);
const int64Words = new captured.Int32Array(int64.buffer);

const readers = denseArray<ExtReader>(256, () => {
  throw new CorruptMessageError('ext');
});
readers[Ext.LongStr] = (d) => d.string(d.i32[d.pos++]! & 0x7fffffff);
readers[Ext.BigInt64] = readBigInt64;
readers[Ext.BigIntHex] = readBigIntHex;
readers[Ext.Date] = (d) => d.add(new captured.Date(d.double()));
readers[Ext.Map] = readMap;
readers[Ext.Set] = readSet;
readers[Ext.RegExp] = readRegExp;
readers[Ext.Error] = readError;
readers[Ext.Boxed] = readBoxed;
readers[Ext.Buffer] = readBuffer;
readers[Ext.Attachment] = readAttachment;
readers[Ext.View] = readView;

export function readExt(d: Decoder, payload: number): unknown {
  return readers[payload & 255]!(d, payload >>> 8);
}

function readBigInt64(d: Decoder): bigint {
  int64Words[0] = d.i32[d.pos++]!;
  int64Words[1] = d.i32[d.pos++]!;
  return int64[0]!;
}

function readBigIntHex(d: Decoder, negative: number): bigint {
  const value = captured.BigInt(`0x${text(d)}`);
  return negative === 0 ? value : -value;
}

function readMap(d: Decoder): Map<unknown, unknown> {
  const map = d.add(new captured.Map<unknown, unknown>());
  const n = d.i32[d.pos++]!;
  d.need(n * 2);
  for (let i = 0; i < n; i++) {
    const key = member(d);
    mapSet(map, key, member(d));
  }
  return map;
}

function readSet(d: Decoder): Set<unknown> {
  const set = d.add(new captured.Set<unknown>());
  const n = d.i32[d.pos++]!;
  d.need(n);
  for (let i = 0; i < n; i++) setAdd(set, member(d));
  return set;
}

function member(d: Decoder): unknown {
  const value = d.next();
  if (value === HOLE) throw new CorruptMessageError('hole');
  return value;
}

function readRegExp(d: Decoder): RegExp {
  // Numbered after its strings, which have no numbers.
  const source = text(d);
  return d.add(new captured.RegExp(source, text(d)));
}

function readBoxed(d: Decoder): object {
  const value = d.next();
  if (typeof value === 'object' || value === undefined || typeof value === 'symbol') throw new CorruptMessageError('boxed');
  return d.add(captured.Object(value) as object);
}

/** A string value. */
export function text(d: Decoder): string {
  const value = d.next();
  if (typeof value !== 'string') throw new CorruptMessageError('string');
  return value;
}
