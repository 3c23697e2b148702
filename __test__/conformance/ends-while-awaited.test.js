'use strict';
// A worker posts its last message and ends while this thread, between two turns of its loop, waits for one that came before.

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('../support/threads.js');
const { inbox, once } = require('../support/deadline.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const ROUND_TRIPS = 8;
const STEP_MS = 5_000;
/** Far longer than a thread takes to end. If it takes longer still, the test proves nothing and passes. */
const END_MS = 300;

/** Lets a worker take the step `step` of its program, and waits until it has. */
function take(steps, step) {
  Atomics.store(steps, 0, step);
  Atomics.notify(steps, 0);
  Atomics.wait(steps, 0, step, STEP_MS);
  assert.equal(Atomics.load(steps, 0), -step);
}

/** Answers until 0 comes; what it posts then, step by step, `lines` says. */
const program = ({ parentPort, workerData: { steps, lines, ends } }) => {
  const post = { shared: () => new SharedArrayBuffer(1) };
  parentPort.on('message', (left) => {
    if (left > 0) return parentPort.postMessage('and on');
    parentPort.postMessage('ready');
    for (const [index, line] of lines.entries()) {
      while (Atomics.load(steps, 0) !== index + 1) Atomics.wait(steps, 0, -index, 100);
      for (const text of line) parentPort.postMessage(post[text]?.() ?? text);
      Atomics.store(steps, 0, -index - 1);
      Atomics.notify(steps, 0);
    }
    return ends && process.exit();
  });
};

async function start(t, data) {
  const steps = new Int32Array(new SharedArrayBuffer(4));
  const worker = spawn(t, wt, program, { workerData: { ...data, steps } });
  const mail = inbox(worker);
  for (let left = ROUND_TRIPS; left >= 0; left--) {
    worker.postMessage(left);
    await mail.next();
  }
  return { worker, steps, mail };
}

test("what a worker posts before it ends comes before 'exit', though one of before is still under way", async (t) => {
  const ending = await start(t, { lines: [['awake'], ['shared', 'a'], ['b']], ends: true });
  const other = await start(t, { lines: [['x', 'x', 'x', 'x', 'x', 'x']] });
  let turned = false;
  ending.worker.on('message', (value) => {
    if (value !== 'awake') return;
    // None of the next turn's messages may have come in this turn.
    setImmediate(() => {
      take(ending.steps, 2);
      take(other.steps, 1);
      turned = true;
    });
  });
  let others = 0;
  other.worker.on('message', () => {
    // Behind the fourth message a thread that has taken long over three turns its loop.
    if (++others !== 3) return;
    take(ending.steps, 3);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, END_MS);
  });
  const exited = once(ending.worker, 'exit');
  take(ending.steps, 1);
  await exited;
  assert.ok(turned);
  const [awake, shared, ...rest] = ending.mail.queue;
  assert.equal(awake, 'awake');
  assert.ok(shared instanceof SharedArrayBuffer);
  assert.deepEqual(rest, ['a', 'b']);
});
