'use strict';
// `npm run fuzz -- --minutes M --seed N`: random programs on the built-in and on the module side by side. Each has a seed of
// its own, which is printed when the two differ; `--seed N --only` plays that one again. Ends with 1 at the first
// difference, after shrinking it. A program with which the built-in crashes, or differs from
// itself, is discarded.

const { parseArgs } = require('node:util');
const { Pair, shrink } = require('../__test__/fuzz/pair.js');
const { program } = require('../__test__/fuzz/program.js');

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    only: { type: 'boolean', default: false },
    show: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
  },
});

async function report(pair, seed, lines) {
  console.log(`seed ${seed} differs:\n${lines.join('\n')}`);
  const whole = program(seed);
  if (!(await pair.compareAfresh(whole))) {
    console.log('not when it is played alone');
    return;
  }
  const small = await shrink(pair, whole);
  const difference = await pair.compareAfresh(small);
  console.log(`shrunk to ${small.ops.length} operations${small.storm ? ' (storm)' : ''}:`);
  for (const op of small.ops) console.log(`  ${JSON.stringify(op)}`);
  console.log(difference?.join('\n') ?? 'which do not always differ');
  if (options.show) {
    for (const [name, player] of Object.entries({ 'built-in': pair.stock, ours: pair.ours })) {
      console.log(name, (await player.play({ ...small, show: true })).all?.map((line) => `\n  ${line}`).join(''));
    }
  }
}

async function main() {
  const first = Number(options.seed);
  const begin = Date.now();
  const end = begin + Number(options.minutes) * 60_000;
  const pair = new Pair();
  let played = 0;
  let differences = 0;
  let discarded = 0;
  console.log(`fuzz: from seed ${first}`);
  for (let seed = first; Date.now() < end; seed++) {
    const before = pair.discarded;
    const lines = await pair.compare(program(seed));
    played++;
    discarded += pair.discarded - before;
    if (lines !== undefined) {
      differences++;
      await report(pair, seed, lines);
      if (!options['keep-going']) break;
    }
    if (options.only) break;
  }
  pair.stop();
  const minutes = ((Date.now() - begin) / 60_000).toFixed(1);
  console.log(`fuzz: ${played} programs in ${minutes} minutes, ${differences} differences, ${discarded} discarded`);
  process.exitCode = differences > 0 ? 1 : 0;
}

main();
