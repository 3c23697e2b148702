'use strict';
// The notebook traffic of a language server between a parent and two workers: over node:worker_threads, then over
// threadport, in turn, with the same code. Run it with `npm run demo`.

const { session } = require('./session.js');

const rounds = 5;
const stock = { module: 'node:worker_threads', runs: [] };
const ours = { module: process.env.THREADPORT_DEMO_PEER ?? 'threadport', runs: [] };

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];
const ms = (value) => `${value.toFixed(0).padStart(6)} ms`;

function print({ module, runs }) {
  const wall = median(runs.map((run) => run.wall));
  const cpu = median(runs.map((run) => run.cpu));
  console.log(`${module.padEnd(22)} time ${ms(wall)}   CPU ${ms(cpu)}`);
  return { wall, cpu };
}

async function main() {
  if (require(ours.module).native === false) console.log('threadport has no addon here: it passes the built-in through.\n');
  console.log('A notebook of 300 cells, 100 edits; each edit brings 120 diagnostics, 500 completion items,');
  console.log('10,000 semantic tokens and 20 hovers from the analysis worker, through the server worker, to the host.\n');
  for (let round = 0; round < rounds; round++) {
    for (const contender of [stock, ours]) contender.runs.push(await session(contender.module));
  }
  const digests = new Set([...stock.runs, ...ours.runs].map((run) => run.digest));
  if (digests.size !== 1) throw new Error('the two modules delivered different content');
  const before = print(stock);
  const after = print(ours);
  const ratio = (key) => (before[key] / after[key]).toFixed(1);
  console.log(`\nratio, ${stock.module} / ${ours.module}: time ${ratio('wall')}x, CPU ${ratio('cpu')}x (medians of ${rounds} rounds)`);
  console.log(`Both delivered the same ${stock.runs[0].messages} messages to the host.`);
}

main();
