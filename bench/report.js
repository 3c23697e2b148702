'use strict';
// The result as text: one Markdown document, which is also what is printed.

const { execFileSync } = require('node:child_process');
const os = require('node:os');

const git = (...args) => execFileSync('git', args, { cwd: __dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

function commit() {
  try {
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? ' with changes' : '');
  } catch {
    return 'not committed';
  }
}

/** What a reader needs in order to judge the figures; no names or paths of the machine. */
function machine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: `${os.cpus().length} x ${os.cpus()[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    commit: commit(),
    loadAtStart: os.loadavg()[0].toFixed(2),
  };
}

function duration(ns) {
  if (ns >= 1e6) return `${(ns / 1e6).toFixed(2)} ms`;
  if (ns >= 1e4) return `${(ns / 1e3).toFixed(1)} µs`;
  if (ns >= 1e3) return `${(ns / 1e3).toFixed(2)} µs`;
  return `${ns.toFixed(0)} ns`;
}

const spread = ({ median, min, max }) => `${duration(median)} (${duration(min)} to ${duration(max)})`;
const ratio = (x) => `${x.toFixed(x < 10 ? 2 : 1)}x`;
const verdict = (pass) => (pass ? 'pass' : '**FAIL**');

/** A Markdown table with padded columns, so that it reads as plain text too. */
function table(head, lines) {
  const all = [head, ...lines].map((line) => line.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column].length)));
  const format = (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [format(all[0]), rule, ...all.slice(1).map(format)].join('\n');
}

const sections = {
  traffic(rows, names) {
    const head = ['scenario', 'metric', names.stock, names.ours, 'ratio', 'CPU ratio', 'at least', 'aim', ''];
    const lines = rows.map((one) => [
      one.scenario, one.metric, spread(one.stock), spread(one.ours), ratio(one.ratio), ratio(one.cpuRatio),
      ratio(one.atLeast), ratio(one.aim), verdict(one.pass),
    ]);
    const note = 'Time per message or trip: median (min to max) of the rounds. CPU is that of the whole process per message or trip.';
    return `${note}\n\n${table(head, lines)}`;
  },
  idle(results, names) {
    const lines = results.map((one) => [one.label, one.stock.toFixed(4), one.ours.toFixed(4), verdict(one.pass)]);
    return `CPU seconds in ${results[0].seconds} s of silence.\n\n${table(['case', names.stock, names.ours, ''], lines)}`;
  },
  memory(results, names) {
    const lines = results.map((one) => [one.label, one.stock.toFixed(0), one.ours.toFixed(0), verdict(one.pass)]);
    return `Resident bytes per idle channel, over 10,000 channels: the mean of some runs with a young generation of fixed size.\n\n${table(['channel', names.stock, names.ours, ''], lines)}`;
  },
  broadcast(results, names) {
    const head = ['posts', 'receivers', names.stock, names.ours, 'ratio', 'CPU ratio', 'at least', ''];
    const lines = results.map((one) => [
      one.what, one.receivers, duration(one.stock), duration(one.ours), ratio(one.ratio), ratio(one.cpuRatio), ratio(one.atLeast), verdict(one.pass),
    ]);
    return `Time per post of a BroadcastChannel, or per trip, until all receivers have it.\n\n${table(head, lines)}`;
  },
  flatness(results, names) {
    const head = ['open ports', `one way, ${names.stock}`, names.ours, `round trip, ${names.stock}`, names.ours, ''];
    const lines = results.map(({ ports, stock, ours, pass }) => [
      ports, duration(stock.oneWay), duration(ours.oneWay), duration(stock.roundTrip), duration(ours.roundTrip), verdict(pass),
    ]);
    return `Integers on one port while the others are open and idle.\n\n${table(head, lines)}`;
  },
  queues(results) {
    const head = ['queue', 'scenario', 'time', 'at most', 'against', 'its time', 'ratio', 'at least', ''];
    const most = (ns) => (ns === Infinity ? '' : duration(ns));
    const lines = results.map((one) => [
      one.name, one.scenario, spread(one.ours), most(one.atMost), one.against, spread(one.theirs), ratio(one.ratio), ratio(one.atLeast), verdict(one.pass),
    ]);
    return `Time per message or trip, median (min to max), between blocking threads. Ratio: median of the rounds', whose two sides follow one another.\n\n${table(head, lines)}`;
  },
  start(results, names) {
    const ms = ({ median, min, max }) => `${median.toFixed(1)} (${min.toFixed(1)} to ${max.toFixed(1)})`;
    const head = ['case', names.stock, names.ours, 'more', 'at most', ''];
    const judged = ({ atMost, pass }) => (atMost === Infinity ? ['', ''] : [atMost, verdict(pass)]);
    const lines = results.map((one) => [one.label, ms(one.stock), ms(one.ours), one.more.toFixed(1), ...judged(one)]);
    const note = 'Milliseconds, median (min to max): to load the module; from `new Worker` to the first message of a worker that loads it; for the first messages of a process.';
    return `${note}\n\n${table(head, lines)}`;
  },
  pools(results, names) {
    const calls = ({ median, min, max }) => `${median.toFixed(0)} (${min.toFixed(0)} to ${max.toFixed(0)})`;
    const head = ['library', 'calls', names.stock, `${names.ours}/register`, 'ratio', 'at least', ''];
    const lines = results.map((one) => [
      one.library, one.label, calls(one.stock), calls(one.ours), ratio(one.ratio), ratio(one.atLeast), verdict(one.pass),
    ]);
    return `Calls per second of one thread: a small object there, 20 KiB of objects back. In waves all answers are kept until the last of 100 has come.\n\n${table(head, lines)}`;
  },
};

const titles = { traffic: 'Traffic', broadcast: 'BroadcastChannel', queues: 'Queues', start: 'Start', pools: 'Pools', idle: 'Idle CPU', memory: 'Memory', flatness: 'Number of open ports' };

function markdown({ about, names, rounds, results }) {
  const facts = Object.entries(about).map(([key, value]) => `- ${key}: ${value}`).join('\n');
  const head = `# threadport against node:worker_threads\n\n${facts}\n- rounds: ${rounds}, contenders alternating in one process`;
  const body = Object.keys(titles).filter((key) => results[key]?.length);
  return `${[head, ...body.map((key) => `## ${titles[key]}\n\n${sections[key](results[key], names)}`)].join('\n\n')}\n`;
}

module.exports = { machine, markdown };
