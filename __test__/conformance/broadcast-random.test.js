'use strict';
// Channels of three threads open, close, post and receive at random: nobody misses a message, gets one twice or out of order.

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('../support/threads.js');
const { inbox } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');
const { seeded } = require('../support/random.js');
const { Broadcaster } = require('../support/broadcaster.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const THREADS = 3;
const STEPS = 1500;

/** Starts a thread that plays its part when it is told; `ask` sends an order and resolves with the answer. */
async function start(t, seed, index) {
  const worker = spawn(t, wt, ({ wt, parentPort, workerData: { file, seed, index }, require }) => {
    const { Broadcaster } = require(file);
    const broadcaster = new Broadcaster(wt, seed, index);
    parentPort.on('message', async ([method, args]) => parentPort.postMessage(await broadcaster[method](...args)));
    parentPort.postMessage('ready');
  }, { workerData: { file: require.resolve('../support/broadcaster.js'), seed, index } });
  const mail = inbox(worker);
  await mail.next();
  return (method, ...args) => {
    worker.postMessage([method, args]);
    return mail.next(`the answer of thread ${index}`, 30_000);
  };
}

/** What one member has heard of another is a run of its messages without a gap. */
function check(heard, sender, mustBeWhole) {
  const numbers = heard.filter(([from]) => from === sender.id).map(([, n]) => n);
  const isWhole = numbers.at(-1) === 'last';
  if (isWhole) numbers.pop();
  assert.ok(isWhole || !mustBeWhole, `${sender.id}: the last message`);
  const first = isWhole ? sender.posted - numbers.length : (numbers[0] ?? 0);
  assert.deepEqual(numbers, sequence(numbers.length, first), `${sender.id}: what was heard of it`);
}

for (const round of sequence(3)) {
  test(`random channels in ${THREADS} threads and main, round ${round}`, async (t) => {
    const random = seeded(t);
    const names = ['one', 'two'].map((name) => `${name} ${random.seed}`);
    const main = new Broadcaster(wt, random.below(2 ** 31), THREADS);
    const asks = [];
    for (const index of sequence(THREADS)) asks.push(await start(t, random.below(2 ** 31), index));
    asks.push(async (method, ...args) => main[method](...args));
    const open = (await Promise.all(asks.map((ask) => ask('run', names, STEPS)))).flat();
    const logs = (await Promise.all(asks.map((ask) => ask('finish', open)))).flat();
    const stayed = new Set(open.map(([, id]) => id));
    for (const { id, name, heard } of logs) {
      for (const sender of logs) {
        if (sender.id === id || sender.name !== name) assert.ok(!heard.some(([from]) => from === sender.id), 'not for it');
        else check(heard, sender, stayed.has(id) && stayed.has(sender.id));
      }
    }
  });
}
