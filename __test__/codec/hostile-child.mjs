/** Sends the values of hostile-values.mjs through the codec under the patch given as an argument; prints the results. */
import { writeSync } from 'node:fs';
import v8 from 'node:v8';
import vm from 'node:vm';
import { makeValues } from './hostile-values.mjs';
import { codec } from './support.mjs';
import { MemoryShapeRegistry } from './registry.mjs';

const { Encoder, Decoder, BASE } = codec;
const registry = new MemoryShapeRegistry();
const encoder = new Encoder(new Int32Array(65536), { grow: (n) => new Int32Array(n), onBusy() {} }, registry);
const decoder = new Decoder(registry);
const { Serializer } = v8;
const lengthOf = Function.prototype.call.bind(Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length').get);
const HEX = '0123456789abcdef';

const [plain, linked] = makeValues();
const values = [plain, linked];

function run(value) {
  if (!encoder.encode(value)) return undefined;
  const { i32, words, text, attachments } = encoder;
  return decoder.decode(i32, BASE, words, text, 0, attachments);
}

// Once with everything in place, so that shapes are registered and readers generated.
for (const value of values) for (let round = 0; round < 40; round++) run(value);

let hits = '';
const hit = (what) => { hits += `${what} `; };
const saved = [];
const define = Object.defineProperty;
vm.runInThisContext(`(hit, saved, define) => { ${process.argv[2] ?? ''} }`)(hit, saved, define);

const first = run(plain);
const second = run(linked);
const used = hits;

// The parent compares: nothing here can be relied on any more.
const bytes = first === undefined || second === undefined ? undefined : [serialize(first), serialize(second)];
const write = (text) => writeSync(1, text);
write(bytes === undefined ? 'refused' : used === '' ? `${hex(bytes[0])} ${hex(bytes[1])}` : `user code ran: ${used}`);
process.reallyExit(0);

/** As v8.serialize, but with views and their buffers as structured clone writes them. */
function serialize(value) {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  return serializer.releaseBuffer();
}

function hex(buffer) {
  let out = '';
  const length = lengthOf(buffer);
  for (let i = 0; i < length; i++) out += HEX[buffer[i] >> 4] + HEX[buffer[i] & 15];
  return out;
}
