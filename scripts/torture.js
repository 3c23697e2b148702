'use strict';
// `npm run torture -- --minutes M --seed N --only NAME`: programs that try to lose, tear, leak or wedge something. Each round is a
// process of its own with a seed of its own; one that crashes, hangs or finds a fault ends everything with 1 and says how to play it
// again (`--seed N --only NAME --rounds 1`). Figures of all rounds are summed up at the end.

const { spawn } = require('node:child_process');
const path = require('node:path');
const { parseArgs } = require('node:util');

/** What a round is allowed to take, in seconds; each stays well below on an idle machine. */
const programs = { storm: 120, oracle: 180, flood: 120, exits: 180 };

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    rounds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    size: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});

function play(name, seed) {
  return new Promise((resolve) => {
    const args = ['--expose-gc', path.join(__dirname, 'torture', `${name}.js`), String(seed), options.size];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (data) => (stdout += data));
    child.stderr.on('data', (data) => (stderr += data));
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, programs[name] * 1000);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const fault = isLate ? `still ran after ${programs[name]} s` : code !== 0 || signal !== null ? `ended with ${signal ?? code}` : undefined;
      resolve({ fault, stdout, stderr });
    });
  });
}

/** Sums numbers; of those named `most…` it keeps the largest. */
function add(total, figures) {
  for (const [name, value] of Object.entries(figures)) {
    total[name] = name.startsWith('most') ? Math.max(total[name] ?? 0, value) : (total[name] ?? 0) + value;
  }
}

async function main() {
  const names = Object.keys(programs).filter((name) => options.only === undefined || name === options.only);
  if (names.length === 0) throw new Error(`no program named ${options.only}; there are ${Object.keys(programs).join(', ')}`);
  const first = Number(options.seed);
  const end = Date.now() + Number(options.minutes) * 60_000;
  const totals = Object.fromEntries(names.map((name) => [name, { rounds: 0 }]));
  console.log(`torture: from seed ${first}`);
  for (let round = 0; round < Number(options.rounds) && (round === 0 || Date.now() < end); round++) {
    for (const name of names) {
      const { fault, stdout, stderr } = await play(name, first + round);
      if (fault !== undefined) {
        console.log(`${name}, seed ${first + round}: ${fault}\n${stdout.slice(-4000)}\n${stderr.slice(-4000)}`);
        process.exitCode = 1;
        return;
      }
      add(totals[name], { rounds: 1, ...JSON.parse(stdout.trim().split('\n').at(-1)) });
    }
  }
  for (const name of names) console.log(`${name}: ${Object.entries(totals[name]).map(([key, value]) => `${key} ${value.toLocaleString('en')}`).join(', ')}`);
}

main();
