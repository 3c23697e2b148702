'use strict';
// A numbered sequence of messages of every kind, so that fast and carried ones stand side by side in one queue.

const assert = require('node:assert/strict');

class Point {
  constructor(x) {
    this.x = x;
  }
}

const KINDS = [
  (n) => [n],
  (n) => [`text ${n}`],
  (n) => [{ n, nested: { list: [n, n + 1], flag: true } }],
  (n) => [new Point(n)],
  (n) => {
    const shared = new SharedArrayBuffer(4);
    new Int32Array(shared)[0] = n;
    return [{ shared }];
  },
  (n) => {
    const buffer = Int32Array.of(n).buffer;
    return [{ buffer }, [buffer]];
  },
  (n) => [new Map([[n, new Set([n])]])],
  (n) => [{ get computed() { return n; } }],
  (n) => [Uint8Array.of(n & 255, n >> 8, 0)],
  (n) => {
    const { port1, port2 } = new globalThis.MessageChannel();
    port1.postMessage(n);
    port1.close();
    return [{ port: port2 }, [port2]];
  },
  (n) => ['字'.repeat(n % 50) + n],
  (n) => [Object.assign(Object.create(null), { n, undef: undefined, big: BigInt(n) })],
  (n) => [require('node:crypto').createSecretKey(Buffer.from(String(n)))],
];

/** Message number `n` as arguments of postMessage. */
const message = (n) => KINDS[n % KINDS.length](n);

/** The number in a message that arrived, whatever its kind. */
function numberOf(value, receiveMessageOnPort) {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return Number(value.replace(/^text |字/g, ''));
  if (value instanceof Map) return [...[...value][0][1]][0];
  if (ArrayBuffer.isView(value)) return value[0] + value[1] * 256;
  if (value?.constructor?.name === 'SecretKeyObject') return Number(value.export().toString());
  if ('nested' in value) return value.nested.list[0];
  if ('x' in value) return value.x;
  if ('shared' in value) return new Int32Array(value.shared)[0];
  if ('buffer' in value) return new Int32Array(value.buffer)[0];
  if ('computed' in value) return value.computed;
  if ('port' in value) {
    const { message: sent } = receiveMessageOnPort(value.port);
    value.port.close();
    return sent;
  }
  assert.equal(value.big, BigInt(value.n));
  return value.n;
}

/** 0, 1, ... count - 1 */
const sequence = (count, from = 0) => Array.from({ length: count }, (_, index) => from + index);

module.exports = { message, numberOf, sequence, KINDS: KINDS.length };
