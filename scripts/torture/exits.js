'use strict';
// Exits: threads end in all ways and at random moments, several processes at once. Each process must end as with the built-in.

const assert = require('node:assert/strict');
const { CASES, playBoth } = require('../../__test__/support/exits.js');
const { argument, fail } = require('./support.js');

const AT_ONCE = 4;

async function main() {
  const { random, size } = argument();
  let exits = 0;
  const line = async () => {
    for (let n = 0; n < 12 * size; n++) {
      const one = { ...random.pick(CASES), messages: 1 + random.below(300), delay: random.chance(0.5) ? random.below(3) : random.below(100) };
      const [ours, stock] = await playBoth(one);
      assert.deepEqual(ours, stock, JSON.stringify(one));
      exits++;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
  console.log(JSON.stringify({ exits }));
}

main().catch(fail);
