'use strict';
// The sections of the report that are measured in forked processes (child.js): idle CPU, memory, number of open ports.

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const contenders = require('./contenders.js');
const { median } = require('./measure.js');

const execute = promisify(execFile);

async function child(task, id, options, flags = []) {
  const { stdout } = await execute(process.execPath, [...flags, path.join(__dirname, 'child.js'), task, id, JSON.stringify(options)]);
  return JSON.parse(stdout);
}

const both = async (measure) => ({ stock: await measure(contenders.stock.id), ours: await measure(contenders.ours.id) });

/** CPU seconds of silence. Nobody does anything, so the four processes run side by side. */
async function idle({ seconds }) {
  const cases = [
    ['1,000 open idle ports', 'idlePorts'],
    ['after traffic ended', 'afterTraffic'],
  ];
  return Promise.all(
    cases.map(async ([label, task]) => {
      const options = { ports: 1000, seconds };
      const [stock, ours] = await Promise.all([contenders.stock, contenders.ours].map(({ id }) => child(task, id, options)));
      // 10 ms in 5 s (0.2 % of a core) is what a run of the built-in alone varies by.
      return { label, seconds, stock: stock.cpu, ours: ours.cpu, pass: ours.cpu <= stock.cpu + 0.01 };
    }),
  );
}

/** Resident bytes per idle channel over 10,000 channels. */
async function memory({ rounds }) {
  const results = [];
  for (const used of [false, true]) {
    const bytes = { stock: [], ours: [] };
    for (let round = 0; round < rounds; round++) {
      const one = await both((id) => child('memory', id, { channels: 10_000, used }));
      for (const name of ['stock', 'ours']) bytes[name].push(one[name].bytes);
    }
    const [stock, ours] = [median(bytes.stock), median(bytes.ours)];
    // 5 % for the page-wise growth of the heaps.
    results.push({ label: used ? 'used once, then idle' : 'never used', stock, ours, samples: bytes, pass: ours <= stock * 1.05 });
  }
  return results;
}

/** Nanoseconds per message with traffic on one of N open ports; `pass` says that N costs less than 30 % more than one. */
async function flatness({ rounds, ms, portCounts }) {
  const results = [];
  for (const ports of portCounts) {
    const { stock, ours } = await both((id) => child('flat', id, { ports, rounds, ms }));
    const first = results[0]?.ours ?? ours;
    const pass = ours.oneWay <= 1.3 * first.oneWay && ours.roundTrip <= 1.3 * first.roundTrip;
    results.push({ ports, stock, ours, pass });
  }
  return results;
}

/** Nanoseconds per post with one and with four threads that hear it. */
async function broadcast({ rounds, ms }) {
  const covered = ['--require', path.join(__dirname, 'covered.js')];
  const cases = [
    ['integers', 1, 1], ['integers', 4, 1], ['json-rpc request', 1, 1], ['json-rpc request', 4, 1],
    ['carrier: SharedArrayBuffer', 1, 1 / 1.5], ['every 20th by carrier', 1, 1 / 1.5], ['round trip', 1, 1],
  ];
  const results = [];
  for (const [what, receivers, atLeast] of cases) {
    const options = { what, receivers, ms, rounds: 3 };
    const samples = { stock: [], ours: [] };
    for (let round = 0; round < rounds; round++) {
      samples.stock.push(await child('broadcast', contenders.stock.id, options));
      samples.ours.push(await child('broadcast', contenders.ours.id, options, covered));
    }
    const of = (who, metric) => median(samples[who].map((one) => one[metric]));
    const ratio = of('stock', 'wall') / of('ours', 'wall');
    const cpuRatio = of('stock', 'cpu') / of('ours', 'cpu');
    results.push({ what, receivers, stock: of('stock', 'wall'), ours: of('ours', 'wall'), ratio, cpuRatio, samples, atLeast, pass: ratio >= atLeast });
  }
  return results;
}

module.exports = { broadcast, flatness, idle, memory };
