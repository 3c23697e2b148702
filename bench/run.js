'use strict';
// npm run bench -- [--only text[,text]] [--rounds n] [--quick] [--save]
//
// --only keeps the scenarios and sections (broadcast, queues, start, pools, idle, memory, flatness) whose name contains one of the texts. A complete run
// is written to results/; a partial or quick one only with --save.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const contenders = require('./contenders.js');
const forked = require('./forked.js');
const { Link, prepare, verify } = require('./link.js');
const { calibrate, repeat, sample, summary } = require('./measure.js');
const { install } = require('../scripts/install.js');
const { machine, markdown } = require('./report.js');
const { rows, scenarios } = require('./scenarios.js');

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
  },
});
const rounds = Number(options.rounds ?? (options.quick ? 3 : 7));
const roundMs = options.quick ? 40 : 150;
const warmUpMs = options.quick ? 200 : 1000; // compiling one contender's JavaScript must not slow the other's rounds
const wanted = options.only?.split(',');
const keep = (name) => !wanted || wanted.some((text) => name.includes(text));
const progress = (text) => process.stderr.write(`${text}\n`);

/** Rounds of both contenders in turn, the first of a round alternating; resolves to their samples. */
async function play(name, links) {
  const players = {};
  for (const who of ['stock', 'ours']) {
    await verify(links[who], name);
    const run = await prepare(links[who], name);
    const count = scenarios[name].count ?? (await calibrate(run, roundMs));
    await repeat(run, count, warmUpMs * (scenarios[name].warmUp ?? 1));
    players[who] = { run, count, samples: [] };
  }
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 ? ['ours', 'stock'] : ['stock', 'ours']) {
      const { run, count, samples } = players[who];
      samples.push(await sample(run, count));
    }
  }
  return { stock: players.stock.samples, ours: players.ours.samples };
}

function judge(row, samples) {
  const [stock, ours] = [summary(samples.stock, row.metric), summary(samples.ours, row.metric)];
  const cpu = { stock: summary(samples.stock, 'cpu').median, ours: summary(samples.ours, 'cpu').median };
  const ratio = stock.median / ours.median;
  return { ...row, stock, ours, cpu, ratio, cpuRatio: cpu.stock / cpu.ours, pass: ratio >= row.atLeast, samples };
}

async function traffic() {
  const played = {};
  const links = {};
  const names = Object.keys(scenarios).filter(keep);
  if (names.length === 0) return [];
  for (const who of ['stock', 'ours']) links[who] = await Link.open(contenders[who]);
  for (const name of names) {
    progress(name);
    played[name] = await play(name, links);
  }
  for (const who of ['stock', 'ours']) await links[who].close();
  return rows.filter(({ scenario }) => scenario in played).map((row) => judge(row, played[row.scenario]));
}

async function section(name, options) {
  if (!keep(name)) return [];
  progress(name);
  return forked[name](options);
}

function save(report, text) {
  const base = path.join(__dirname, 'results', `${report.about.date}-node${process.versions.node}`);
  fs.mkdirSync(path.dirname(base), { recursive: true });
  fs.writeFileSync(`${base}.json`, `${JSON.stringify(report, null, 1)}\n`);
  fs.writeFileSync(`${base}.md`, text);
  progress(`written: bench/results/${path.basename(base)}.{json,md}`);
}

async function main() {
  if (keep('pools')) install('__test__/programs');
  if (keep('queues')) install('bench');
  const about = machine();
  const names = { stock: contenders.stock.name, ours: contenders.ours.name };
  const portCounts = options.quick ? [1, 100, 10_000] : [1, 10, 100, 1000, 10_000];
  const results = {
    traffic: await traffic(),
    broadcast: await section('broadcast', { rounds: options.quick ? 1 : 3, ms: roundMs, warmUpMs: 2 * warmUpMs }),
    queues: await section('queues', { rounds: options.quick ? 1 : 5, ms: 2 * roundMs }),
    start: await section('start', { rounds: options.quick ? 10 : 30 }),
    pools: await section('pools', { rounds: options.quick ? 1 : 3, ms: options.quick ? 150 : 400 }),
    idle: await section('idle', { seconds: options.quick ? 2 : 5 }),
    memory: await section('memory', { rounds: options.quick ? 1 : 5 }),
    flatness: await section('flatness', { rounds: options.quick ? 3 : 7, ms: roundMs, portCounts }),
  };
  const report = { about: { ...about, loadAtEnd: os.loadavg()[0].toFixed(2) }, names, rounds, results };
  const text = markdown(report);
  console.log(text);
  if (options.save || (!wanted && !options.quick)) save(report, text);
  const failed = Object.values(results).flat().filter(({ pass }) => !pass).length;
  progress(failed ? `${failed} below target` : 'all targets met');
}

main();
