'use strict';
// Refuses the first block that a thread asks for, then the second, and so on, one or some or all from there, while it posts messages of all
// kinds; then the same in the other direction, and for a new channel each time or for one that goes on. Each message whose post did
// not throw comes, once, in order and whole, and no other.

const assert = require('node:assert/strict');
const path = require('node:path');
const { MessageChannel, Worker } = require('threadport');
const { check, failAllocations, message, post } = require('./messages.js');

const COUNT = 60;
const FAILURES = [1, 3, 10, 100_000];

const figures = { rounds: 0, messages: 0, refused: 0, 'allocation failures': 0 };

/** The next message that says what came or went. */
function answer(port, come) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), 20_000);
    port.on('message', function listener(value) {
      if (typeof value.number === 'number') {
        check(value);
        come.push(value.number);
        return;
      }
      clearTimeout(timer);
      port.off('message', listener);
      resolve(value);
    });
  });
}

/** What the channel has seen before blocks are refused. */
const STATES = {
  'not read yet': () => undefined,
  'read by its native lane': async ({ port }) => {
    const answered = answer(port, []);
    port.postMessage({});
    await answered;
  },
  'read, behind messages of the built-in port': async ({ hold }) => {
    while (Atomics.load(hold, 0) !== 2) await new Promise(setImmediate);
  },
};

async function start(state) {
  const { port1: port, port2 } = new MessageChannel();
  const hold = new Int32Array(new SharedArrayBuffer(4));
  const isHeld = state === 'read, behind messages of the built-in port';
  if (isHeld) hold[0] = 1;
  const ends = { port, hold, early: [] };
  ends.worker = new Worker(path.join(__dirname, 'worker.js'), { workerData: { port: port2, hold }, transferList: [port2] });
  if (isHeld) for (let number = 0; number < 5; number++) if (post(port, message(number))) ends.early.push(number);
  await STATES[state](ends);
  return ends;
}

function sum(sent, failed) {
  figures.rounds++;
  figures.messages += sent.length;
  figures.refused += COUNT - sent.length;
  figures['allocation failures'] += failed;
}

function release(hold) {
  Atomics.store(hold, 0, 3);
  Atomics.notify(hold, 0);
}

/** Posts with refused blocks; how many were refused. */
async function forth({ port, hold, early }, before, failures) {
  const sent = early.splice(0);
  failAllocations(before, failures);
  for (let number = 0; number < COUNT; number++) {
    if (post(port, message(number))) sent.push(number);
    if (number % 20 === 19) await new Promise(setImmediate);
  }
  const failed = failures - failAllocations(0, 0);
  release(hold);
  const answered = answer(port, []);
  port.postMessage({});
  assert.equal(`${(await answered).come}`, `${sent}`);
  sum(sent, failed);
  return failed;
}

async function back({ port, hold }, before, failures) {
  release(hold);
  const come = [];
  const answered = answer(port, come);
  port.postMessage({ back: COUNT, before, failures });
  const { sent, left } = await answered;
  assert.equal(`${come}`, `${sent}`);
  sum(sent, failures - left);
  return failures - left;
}

async function play(direction, failures, state, isKept) {
  let ends;
  for (let before = 0, failed = 1; failed > 0; before++) {
    ends ??= await start(state);
    try {
      failed = await direction(ends, before, failures);
    } catch (error) {
      error.message = `${direction.name}, ${failures} blocks refused after ${before}, ${state}: ${error.message}`;
      throw error;
    }
    if (isKept) continue;
    await ends.worker.terminate();
    ends = undefined;
  }
  await ends?.worker.terminate();
}

async function main() {
  for (const failures of FAILURES) {
    for (const state of Object.keys(STATES)) await play(forth, failures, state, false);
    await play(forth, failures, 'read by its native lane', true);
    await play(back, failures, 'read by its native lane', false);
    await play(back, failures, 'read by its native lane', true);
  }
  console.log(`faults: ${Object.entries(figures).map(([name, value]) => `${name} ${value.toLocaleString('en')}`).join(', ')}`);
}

main().catch((error) => {
  console.error(error.stack.slice(0, 3000));
  process.exit(1);
});
