'use strict';
// What the programs of `npm run torture` share.

const fs = require('node:fs');
const { generator } = require('../../__test__/support/random.js');

/** argv: the seed, and by what to multiply the length of the round. */
const argument = () => ({ random: generator(Number(process.argv[2])), size: Number(process.argv[3] ?? 1) });

/** Fails the round. */
function fail(what) {
  fs.writeSync(2, `${what instanceof Error ? what.stack : what}\n`);
  process.exit(1);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`after ${ms} ms still waiting for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const count = (folder) => (process.platform === 'linux' ? fs.readdirSync(folder).length : 0);

/** Of the process, after garbage collection. */
async function resources() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await pause(20);
  }
  return { files: count('/proc/self/fd'), threads: count('/proc/self/task'), rss: process.memoryUsage.rss() };
}

module.exports = { argument, fail, pause, resources, within };
