'use strict';
// Timing and statistics.

const v8 = require('node:v8');
const vm = require('node:vm');

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;

/** Wall and CPU nanoseconds per message (CPU of the whole process, all threads) of one run of `count` messages. */
async function sample(play, count) {
  gc(); // garbage of the other contender must not be charged to this one
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  const own = await play(count);
  const wall = Number(process.hrtime.bigint() - start);
  const { user, system } = process.cpuUsage(cpu);
  return { wall: own ?? wall / count, cpu: ((user + system) * 1000) / count };
}

/** A message count that takes about `ms`. */
async function calibrate(play, ms) {
  const { unit = 1 } = play;
  for (let count = unit; ; ) {
    const start = process.hrtime.bigint();
    await play(count);
    const took = Number(process.hrtime.bigint() - start) / 1e6;
    if (took >= ms) return count;
    count = unit * Math.ceil((count / unit) * Math.min(10, (1.2 * ms) / Math.max(took, 0.01)));
  }
}

/** Plays runs of `count` messages for at least `ms`. */
async function repeat(play, count, ms) {
  for (const end = performance.now() + ms; performance.now() < end; ) await play(count);
}

/** Median and spread of one metric over samples. */
function summary(samples, metric) {
  const numbers = samples.map((one) => one[metric]);
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) };
}

module.exports = { calibrate, gc, mean, median, repeat, sample, summary };
