'use strict';
// The first programs of the fuzzer; `npm run fuzz` goes on from any seed for as long as it is told.

const test = require('node:test');
const { modulePath } = require('../support/threads.js');
const { Pair, shrink } = require('./pair.js');
const { program } = require('./program.js');

const PROGRAMS = 500;

test(`${PROGRAMS} random programs do on the module what they do on the built-in`, { timeout: 110_000 }, async (t) => {
  const pair = new Pair(modulePath);
  t.after(() => pair.stop());
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const lines = await pair.compare(program(seed));
    if (lines === undefined) continue;
    const { ops } = await shrink(pair, program(seed));
    throw new Error([`seed ${seed}`, ...lines, ...ops.map((op) => JSON.stringify(op))].join('\n'));
  }
});
