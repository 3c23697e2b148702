'use strict';
// Random numbers that can be had again: the seed is printed, and THREADPORT_TEST_SEED sets it.

/** mulberry32: small, fast and good enough to choose test cases. */
function generator(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    seed,
    next,
    below: (limit) => Math.floor(next() * limit),
    pick: (list) => list[Math.floor(next() * list.length)],
    chance: (probability) => next() < probability,
  };
}

/** A generator for the test `t`, with a fresh seed that is printed with the test. */
function seeded(t) {
  const seed = Number(process.env.THREADPORT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`seed ${seed} (run again with THREADPORT_TEST_SEED=${seed})`);
  return generator(seed);
}

module.exports = { generator, seeded };
