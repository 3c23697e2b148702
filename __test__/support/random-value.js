'use strict';
// Random values of every clonable kind, from a seeded generator: nested, shared and cyclic.

const TEXTS = ['', 'a', 'key', 'é', '字', '\ud800', 'text with spaces', 'x'.repeat(300), '字'.repeat(200)];
const NUMBERS = [0, -0, 1, -1, 2 ** 31, -(2 ** 31), 0.5, NaN, Infinity, 2 ** 53, 1e-300, 255, 65_536];

const scalar = (random) => random.pick([
  () => random.pick(NUMBERS),
  () => random.below(1000) - 500,
  () => random.next() * 1e6,
  () => random.pick(TEXTS),
  () => `k${random.below(50)}`,
  () => random.pick([true, false, null, undefined]),
  () => BigInt(random.below(1e9)) ** BigInt(random.below(6)) * (random.chance(0.5) ? 1n : -1n),
])();

const key = (random) => random.pick([`k${random.below(20)}`, String(random.below(5)), random.pick(TEXTS), `prop${random.below(1000)}`]);

/** Builders of containers; `child()` makes a part, `late(part)` is told of objects that may still be put anywhere. */
const CONTAINERS = [
  (random, child) => Object.fromEntries(Array.from({ length: random.below(8) }, () => [key(random), child()])),
  (random, child) => Array.from({ length: random.below(10) }, child),
  (random) => Array.from({ length: random.below(60) }, () => random.below(1e6)),
  (random) => Array.from({ length: random.below(40) }, () => random.next()),
  (random, child) => {
    const holes = [];
    for (let n = random.below(6); n > 0; n--) holes[random.below(12)] = child();
    return holes;
  },
  (random, child) => new Map(Array.from({ length: random.below(5) }, () => [child(), child()])),
  (random, child) => new Set(Array.from({ length: random.below(5) }, child)),
  (_random, child) => Object.assign(Object.create({ inherited: 1 }), { own: child() }),
  (_random, child) => Object.assign(Array.from({ length: 2 }, child), { extra: child() }),
  (random, child) => Object.assign(new RangeError(random.pick(TEXTS), { cause: child() }), { stack: 'fixed' }),
];
const LEAVES = [
  (random) => new Date(random.below(1e12)),
  (random) => new RegExp(`a${random.below(9)}`, random.pick(['', 'g', 'i', 'su'])),
  (random) => new Number(random.pick(NUMBERS)),
  (random) => new String(random.pick(TEXTS)),
  (random) => Uint8Array.from({ length: random.below(200) }, () => random.below(256)),
  (random) => Float64Array.from({ length: random.below(30) }, () => random.next()),
  (random) => new Uint16Array(new ArrayBuffer(32), random.below(4) * 2, random.below(8)),
  (random) => new DataView(new ArrayBuffer(16), random.below(8)),
  (random) => BigInt64Array.of(BigInt(random.below(1e9))),
  (random) => new ArrayBuffer(random.below(50)),
  () => ({ get computed() { return 'getter'; } }),
  () => new SharedArrayBuffer(4),
];

/** A random value; parts of it may appear in several places, also inside themselves. */
function randomValue(random, depth = 4) {
  const made = [];
  const build = (left) => {
    if (made.length > 0 && random.chance(0.1)) return random.pick(made);
    if (left === 0 || random.chance(0.35)) return scalar(random);
    const value = random.chance(0.25) ? random.pick(LEAVES)(random) : random.pick(CONTAINERS)(random, () => build(left - 1));
    made.push(value);
    if (random.chance(0.1) && !ArrayBuffer.isView(value) && Object.getPrototypeOf(value) === Object.prototype) {
      Object.defineProperty(value, 'link', { value: random.pick(made), enumerable: true, configurable: true, writable: true });
    }
    return value;
  };
  return build(depth);
}

module.exports = { randomValue };
