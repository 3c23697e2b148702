'use strict';
// The sections of the report that are measured in forked processes: start (start.js), pools (pools.mjs), queues (queues.mjs), and broadcast
// (broadcast.js), idle CPU, memory, number of open ports (child.js).

const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const contenders = require('./contenders.js');
const { mean, median, summary } = require('./measure.js');

const execute = promisify(execFile);
const file = (name) => path.join(__dirname, name);

/** What a process prints as JSON in its last line (a contender may print lines of its own). In the root, where `threadport/register` names the package. */
async function run(args, env = {}) {
  const { stdout } = await execute(process.execPath, args, { cwd: contenders.root, env: { ...process.env, ...env } });
  return JSON.parse(stdout.slice(stdout.trimEnd().lastIndexOf('\n') + 1));
}

const child = (task, id, options, flags = []) => run([...flags, file('child.js'), task, id, JSON.stringify(options)]);

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

/** The young generation does not grow in the middle. */
const STEADY_HEAP = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

/** Resident bytes per idle channel over 10,000 channels. */
async function memory({ rounds }) {
  const results = [];
  for (const used of [false, true]) {
    const bytes = { stock: [], ours: [] };
    for (let round = 0; round < rounds; round++) {
      const one = await both((id) => child('memory', id, { channels: 10_000, used }, STEADY_HEAP));
      for (const name of ['stock', 'ours']) bytes[name].push(one[name].bytes);
    }
    // Most differences between runs are one step of some heap, taken or not: in the mean it counts as often as it is taken.
    const [stock, ours] = [mean(bytes.stock), mean(bytes.ours)];
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

/** Samples of both contenders in turn, the first of a round alternating; `measure` resolves to one or to a list. */
async function alternate(rounds, measure) {
  const samples = { stock: [], ours: [] };
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 ? ['ours', 'stock'] : ['stock', 'ours']) samples[who] = samples[who].concat(await measure(contenders[who]));
  }
  return samples;
}

/** Nanoseconds per post with one and with four threads that hear it. */
async function broadcast({ rounds, ms, warmUpMs }) {
  const cases = [
    ['integers', 1, 1], ['integers', 4, 1], ['json-rpc request', 1, 1], ['json-rpc request', 4, 1],
    ['carrier: SharedArrayBuffer', 1, 1 / 1.5], ['every 20th by carrier', 1, 1 / 1.5], ['round trip', 1, 1],
  ];
  const results = [];
  for (const [what, receivers, atLeast] of cases) {
    const options = { what, receivers, ms, warmUpMs, rounds: 3 };
    const samples = await alternate(rounds, (who) => child('broadcast', who.id, options, who.preload));
    const of = (who, metric) => median(samples[who].map((one) => one[metric]));
    const ratio = of('stock', 'wall') / of('ours', 'wall');
    const cpuRatio = of('stock', 'cpu') / of('ours', 'cpu');
    results.push({ what, receivers, stock: of('stock', 'wall'), ours: of('ours', 'wall'), ratio, cpuRatio, samples, atLeast, pass: ratio >= atLeast });
  }
  return results;
}

/** Milliseconds, and how many more of them than stock we may take: any number, where the row is there to be known. */
async function start({ rounds }) {
  const [script, builtin] = [file('start.js'), contenders.stock.id];
  const cases = [
    ['require', 10, rounds, ({ id }) => run([script, 'load', id])],
    ['worker', 3, rounds / 5, ({ id }) => run([script, 'worker', id, '6'])],
    ['worker, registered', 3, rounds / 5, ({ preload }) => run([...preload, script, 'worker', builtin, '6'])],
    ...[100, 1000, 10_000, 100_000].map((n) =>
      [`first ${n.toLocaleString('en')} messages`, Infinity, rounds / 3, ({ id }) => run([script, 'messages', id, n])]),
  ];
  const results = [];
  for (const [label, atMost, count, measure] of cases) {
    const samples = await alternate(count, async (who) => [].concat(await measure(who)).map((ms) => ({ ms })));
    const [stock, ours] = [summary(samples.stock, 'ms'), summary(samples.ours, 'ms')];
    const more = ours.median - stock.median;
    results.push({ label, atMost, stock, ours, more, pass: more <= atMost });
  }
  return results;
}

const libraries = [['comlink', 2], ['poolifier', 2], ['workerpool', 1], ['piscina', 1], ['tinypool', 1]];

/** Calls per second of pools, without and with threadport/register. */
async function pools({ rounds, ms }) {
  const results = [];
  for (const [library, atLeast] of libraries) {
    const env = { THREADPORT_BENCH_POOL: library };
    const once = (preload) => run([...preload, file('pools.mjs'), String(ms)], env);
    const samples = await alternate(rounds, async ({ preload }) => {
      try {
        return await once(preload);
      } catch (error) {
        // Seen once, without `register`: the process had nothing left to wait for while a call was under way.
        console.error(`again: ${library}: ${error.message}`);
        return once(preload);
      }
    });
    for (const [metric, label] of [['sequential', 'one by one'], ['flight', '100 in flight'], ['waves', 'waves of 100']]) {
      const [stock, ours] = [summary(samples.stock, metric), summary(samples.ours, metric)];
      const ratio = ours.median / stock.median;
      // 5 % is what stock differs by from itself.
      results.push({ library, label, atLeast, stock, ours, ratio, pass: ratio >= (atLeast === 1 ? 0.95 : atLeast) });
    }
  }
  return results;
}

/** Where others have the cores, nobody's trips are fast: no bar was set for that; ours is not to stand in the way. */
const BUSY = 0.67;

/** Contender, scenario; the other's contender; how many times as fast as that it has to be; the other's scenario; at most so many nanoseconds. */
const queueRows = [
  ['threadport', 'records of 64 bytes', 'postMessage', 5],
  ['threadport', 'records of 64 bytes', 'ringbuf.js', 1],
  ['threadport', 'records of 64 bytes', 'multithreading', 1],
  ['threadport, into one array', 'records of 4 KiB', 'ringbuf.js', 3],
  // Each record in an array of its own, which V8 takes a microsecond to make.
  ['threadport', 'records of 4 KiB', 'ringbuf.js', 1],
  ['threadport, into one array', 'records of 64 KiB', 'ringbuf.js', 3],
  ['threadport', 'records of 64 KiB', 'ringbuf.js', 3],
  ['threadport', 'records of 64 bytes, 4 to 4', 'threadport', 0.6, 'records of 64 bytes'],
  ['threadport', 'round trip', 'Atomics.wait', 1 / 1.3, 'round trip', 3000],
  ['threadport, blocked on a port', 'round trip', 'Atomics.wait', 1 / 1.3, 'round trip', 3000],
  ['threadport, promises', 'round trip', 'postMessage', 10],
  ['threadport, promises', 'round trip after 2 ms', 'postMessage', 1],
  ['threadport', 'round trip, busy machine', 'postMessage', BUSY],
  ['threadport, promises', 'round trip, busy machine', 'postMessage', BUSY],
  ['threadport, port', 'round trip, busy machine', 'postMessage', BUSY],
  ['threadport', 'JSON-RPC request', 'threadport, port', 0.8],
];

/**
 * Nanoseconds per message between blocking threads (queues.mjs). What two cores have to tell each other takes two to four times as long for
 * some minutes, and then not. So the two of a row follow one another, and the ratio is the median of the rounds' own.
 */
async function queues({ rounds, ms }) {
  const measure = async (name, scenario) => median(await run([file('queues.mjs'), name, scenario, String(ms), '3']));
  // The library needs what Node has since 22.
  const rows = queueRows.filter(([, , other]) => other !== 'multithreading' || 'withResolvers' in Promise);
  const results = rows.map(() => ({ ours: [], theirs: [], ratios: [] }));
  for (let round = 0; round < rounds; round++) {
    for (const [i, [name, scenario, other, , base = scenario]] of rows.entries()) {
      const sides = [['ours', name, scenario], ['theirs', other, base]];
      const took = {};
      for (const [side, ...what] of round % 2 ? sides.reverse() : sides) results[i][side].push({ ns: (took[side] = await measure(...what)) });
      results[i].ratios.push(took.theirs / took.ours);
    }
  }
  return rows.map(([name, scenario, other, atLeast, base = scenario, atMost = Infinity], i) => {
    const [ours, theirs] = [summary(results[i].ours, 'ns'), summary(results[i].theirs, 'ns')];
    const ratio = median(results[i].ratios);
    const against = base === scenario ? other : `${other}, ${base}`;
    return { name, scenario, against, ours, theirs, ratios: results[i].ratios, ratio, atLeast, atMost, pass: ratio >= atLeast && ours.median <= atMost };
  });
}

module.exports = { broadcast, flatness, idle, memory, pools, queues, start };
