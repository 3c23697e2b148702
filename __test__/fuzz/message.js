'use strict';
// What the fuzzer posts: a value of any kind, a transfer list of any shape, and what the two contain.

const { createSecretKey } = require('node:crypto');
const { generator } = require('../support/random.js');
const { randomValue } = require('../support/random-value.js');

const TABLES = ['binary', 'builtins', 'objects', 'primitives', 'refused'].map((name) => require(`../support/values/${name}.js`));
const flat = (table) => Object.values(table).flatMap((entry) => (typeof entry === 'function' ? [entry] : Object.values(entry)));

/** Ways to say which objects move. */
const LISTS = [
  (list) => list,
  (list) => list,
  (list) => ({ transfer: list }),
  (list) => new Set(list),
  (list) => (function* each() { yield* list; })(),
  (list) => ({ [Symbol.iterator]: () => list[Symbol.iterator]() }),
  (list) => [...list, ...list.slice(0, 1)],
  (list) => (function* each() { yield* list; throw new RangeError('from the list'); })(),
  (list) => [...list, 1],
  (list) => [...list, new SharedArrayBuffer(1)],
  (list) => ({ get transfer() { return list; } }),
];

const EXOTIC = [
  () => new SharedArrayBuffer(4),
  (random) => createSecretKey(Buffer.from(`key ${random.below(9)}`)),
  (random) => new Blob([`blob ${random.below(9)}`]),
  () => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
  () => new (require('node:net').BlockList)(),
];

const PLAIN = [
  (random) => random.below(100),
  (random) => ({ id: random.below(100), method: `m${random.below(5)}`, params: [random.below(9), 'text'] }),
  (random) => [random.next(), `${random.below(100)}`, null],
];

const BODIES = [
  ...PLAIN,
  (random) => randomValue(random),
  (random) => randomValue(random),
  (random) => random.pick(flat(random.pick(TABLES)))(),
  (random) => [randomValue(random, 2), random.pick(EXOTIC)(random), randomValue(random, 2)],
  (random) => random.pick(EXOTIC)(random),
];

/**
 * An own getter that does something in the middle of the clone: once, since ours may ask a second time. So it stands only
 * where it is known whether the codec is asked first.
 */
function trap(action, result) {
  let isDone = false;
  return Object.defineProperty({}, 'trap', {
    enumerable: true,
    get() {
      if (!isDone) action();
      isDone = true;
      return result;
    },
  });
}

const bufferOf = (random, size) => new Uint8Array(size).fill(random.below(256)).buffer;

/** Buffers of which a getter behind them changes or detaches one: what was read stays as it was. */
function spoilt(random) {
  const buffers = Array.from({ length: 1 + random.below(3) }, () => bufferOf(random, random.pick([9, 2047, 2048, 5000, 70_000])));
  const parts = buffers.map((buffer) => random.pick([buffer, new Uint8Array(buffer), [new DataView(buffer, 1)]]));
  const target = random.pick(buffers);
  const spoil = random.chance(0.5) ? () => new Uint8Array(target).fill(1) : () => structuredClone(target, { transfer: [target] });
  return random.chance(0.5) ? { parts, trap: trap(spoil, 1) } : [...parts, trap(spoil, 2), 'end'];
}

function wrap(random, body, moving, buffers, { act }) {
  const message = { labels: moving.map(({ label }) => label), body, ports: moving.map(({ port }) => port), buffers };
  if (random.chance(0.3)) message.views = buffers.map((buffer) => new Uint8Array(buffer, buffer.byteLength >> 1));
  if (random.chance(0.3)) message.again = random.chance(0.5) ? message.ports : new Set(message.ports);
  if (random.chance(0.1)) message.missing = random.pick([message.ports, undefined]);
  if (random.chance(0.15) && moving.length + buffers.length > 0) message.getter = trap(() => act(['post', 'post', 'post', 'receive', 'listen', 'close']), random.pick([1, moving[0]?.port, buffers[0]]));
  return message;
}

/**
 * Message of `seed`: `{ value, list, moving, buffers, isPlain }`; `list` is undefined for a call without one. `choose(random)` gives
 * ports to move as `{ label, port }`; `act(kinds)` is what a getter does. A plain message is certainly one for the codec.
 */
function message(seed, { choose, act }) {
  const random = generator(seed);
  const make = random.pick(BODIES);
  const body = make(random);
  const trapped = () => [random.below(100), trap(() => act(['post', 'post', 'receive', 'listen']), 2), 'end'];
  if (random.chance(0.08)) return { value: trapped(), moving: [], buffers: [], isPlain: true };
  if (random.chance(0.04)) return { value: spoilt(random), moving: [], buffers: [], isPlain: true };
  if (random.chance(0.7)) return { value: body, moving: [], buffers: [], isPlain: PLAIN.includes(make) };
  const moving = random.chance(0.7) ? choose(random) : [];
  const buffers = Array.from({ length: random.below(3) }, () => Uint8Array.from({ length: random.below(30) }, () => random.below(256)).buffer);
  const value = wrap(random, body, moving, buffers, { act });
  const listed = [...moving.map(({ port }) => port), ...buffers];
  if (random.chance(0.1)) listed.splice(random.below(listed.length + 1), random.below(2));
  return { value, list: random.pick(LISTS)(listed), moving, buffers, isPlain: false };
}

module.exports = { message };
