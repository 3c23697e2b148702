/** Damaged messages: decode throws ERR_THREADPORT_CORRUPT or answers something, in bounded time and memory. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { codec, makePair, receive, take } from './support.mjs';

const seed = Number(process.env.THREADPORT_TEST_SEED ?? Date.now() % 1e9) | 0;
const rounds = 3000;
const { CorruptMessageError } = codec;

function samples() {
  const shared = { s: 1 };
  return [
    5, 'text', 1.5, 2n ** 70n, { a: 1, b: { c: 'x', d: [1, 2, 3] } }, [1.5, 2.5, 'x', , null], [shared, shared, { shared }],
    new Map([['k', new Set([1, {}])], [{}, /x/g]]), new Date(5), Object(1n), new Uint8Array([1, 2, 3]), new ArrayBuffer(5000), new DataView(new ArrayBuffer(8), 2),
    new TypeError('m'), Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`k${i}`, i])), Array.from({ length: 100 }, (_, i) => ({ i, text: `t${i}` })),
    Array.from({ length: 70 }, (_, i) => i / 2), { get a() { delete this.b; return 1; }, b: 2 },
  ];
}

function random(start) {
  let s = start | 0;
  return (n) => {
    s = (Math.imul(s, 1664525) + 1013904223) | 0;
    return ((s >>> 8) / 16777216 * n) | 0;
  };
}

function attempt(decoder, message) {
  const start = performance.now();
  try {
    receive(decoder, message);
  } catch (error) {
    // Nesting that the stack does not hold is V8's own error.
    if (error.message === 'Maximum call stack size exceeded') assert.ok(error instanceof RangeError);
    else assert.ok(error instanceof CorruptMessageError && error.code === 'ERR_THREADPORT_CORRUPT', error.stack);
  }
  assert.ok(performance.now() - start < 2000);
}

test(`flipped words and cut texts, seed ${seed}`, () => {
  const { encoder, decoder } = makePair();
  const messages = samples().map((value) => {
    for (let i = 0; i < 30; i++) assert.ok(encoder.encode(value));
    return take(encoder);
  });
  for (let round = 0; round < rounds; round++) {
    const r = random(seed + round);
    const { words, text, attachments } = messages[r(messages.length)];
    const damaged = words.slice(0, r(3) ? words.length : 2 * r(words.length / 2));
    for (let flips = 1 + r(4); flips > 0 && damaged.length > 0; flips--) {
      damaged[r(damaged.length)] = [() => r(2 ** 30), () => -1, () => r(256), () => (r(100) << 4) | r(16), () => 0x7fffffff, () => (r(14) << 4) | 15][r(6)]();
    }
    attempt(decoder, { words: damaged, text: r(3) ? text : text.slice(0, r(text.length + 1)), attachments: r(3) ? attachments : undefined });
  }
});

test(`words at random, seed ${seed}`, () => {
  const { decoder } = makePair();
  for (let round = 0; round < rounds; round++) {
    const r = random(seed ^ round);
    const words = Int32Array.from({ length: 2 + 2 * r(40) }, () => (r(2) ? (r(20) << 4) | r(16) : r(2 ** 31)));
    words[0] = r(3);
    attempt(decoder, { words, text: 'some text', attachments: undefined });
  }
});

test('long runs of headers do not overflow the stack', () => {
  const { decoder } = makePair();
  for (const word of [(1 << 4) | 5, (1 << 4) | 4, (1 << 4) | 11, (4 << 4) | 15, (8 << 4) | 15]) {
    attempt(decoder, { words: new Int32Array(100000).fill(word).fill(0, 0, 1), text: 'x'.repeat(1000), attachments: undefined });
  }
});

test('positions outside the words are refused', () => {
  const { decoder } = makePair();
  const words = new Int32Array(16);
  for (const [pos, end] of [[0, 0], [0, 1], [-2, 4], [10, 4], [0, 18], [NaN, 4], [16, 18]]) {
    assert.throws(() => decoder.decode(words, pos, end, '', 0, undefined), { code: 'ERR_THREADPORT_CORRUPT' });
  }
});

test('the decoder is usable after a corrupt message', () => {
  const { encoder, decoder, roundTrip } = makePair();
  encoder.encode({ a: [1, { b: 'x' }] });
  const message = take(encoder);
  message.words[1] = 6;
  assert.throws(() => receive(decoder, message), { code: 'ERR_THREADPORT_CORRUPT' });
  assert.deepEqual(roundTrip({ a: [1, { b: 'x' }] }), { a: [1, { b: 'x' }] });
});
