'use strict';
// The notebook traffic of a language server between a parent and two workers: over node:worker_threads, then over
// threadport, in turn, with the same code. Run it with `npm run demo`.

const { phases, session } = require('./session.js');

const rounds = 3;
const stock = { module: 'node:worker_threads', runs: [] };
const ours = { module: process.env.THREADPORT_DEMO_PEER ?? 'threadport', runs: [] };

const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];
const ms = (value) => `${value.toFixed(2).padStart(6)} ms`;

function print(phase, { module, runs }) {
  const wall = median(runs.map((run) => run[phase].wall));
  const cpu = median(runs.map((run) => run[phase].cpu));
  console.log(`  ${module.padEnd(22)} time ${ms(wall)}   CPU ${ms(cpu)}`);
  return { wall, cpu };
}

function compare(title, phase) {
  console.log(`\n${title}, for each edit:`);
  const before = print(phase, stock);
  const after = print(phase, ours);
  const ratio = (key) => `${(before[key] / after[key]).toFixed(1)}x`;
  console.log(`  ${'ratio'.padEnd(22)} time ${ratio('wall').padStart(6)}      CPU ${ratio('cpu').padStart(6)}`);
}

async function main() {
  if (require(ours.module).native === false) console.log('threadport has no addon here: it passes the built-in through.\n');
  console.log('A notebook of 300 cells; each edit brings 120 diagnostics, 500 completion items,');
  console.log('10,000 semantic tokens and 20 hovers from the analysis worker, through the server worker, to the host.');
  for (let round = 0; round < rounds; round++) {
    for (const contender of [stock, ours]) contender.runs.push(await session(contender.module));
  }
  const digests = new Set([...stock.runs, ...ours.runs].map((run) => run.digest));
  if (digests.size !== 1) throw new Error('the two modules delivered different content');
  compare('Code that V8 has compiled by then', 'later');
  compare(`The first ${phases.first} edits after the start of the workers`, 'first');
  console.log(`\n${rounds} sessions each, medians. Both delivered the same ${stock.runs[0].messages} messages to the host.`);
}

main();
