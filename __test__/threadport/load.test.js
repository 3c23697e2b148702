'use strict';
// A worker takes V8's code for the package from the thread that started it.

const test = require('node:test');
const { run, fixture } = require('../support/program.js');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const v8 = require('node:v8');
const { Worker } = require('threadport');

const text = `
  const { native, parentPort, Worker, workerData: { depth, text } } = require('threadport');
  if (depth === 0) parentPort.postMessage([native]);
  else {
    const inner = new Worker(text, { eval: true, workerData: { depth: depth - 1, text } });
    inner.once('message', (list) => parentPort.postMessage([native, ...list]));
  }`;

/** What workers answer that start each other, `depth` within the first. */
async function answers(depth) {
  const worker = new Worker(text, { eval: true, workerData: { depth, text } });
  const [[message]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  return message;
}

test('workers load the package after each other and within each other', async () => {
  assert.deepEqual(await answers(0), [true]);
  assert.deepEqual(await answers(2), [true, true, true]);
});

test('and where V8 refuses the code, since its flags have changed', async () => {
  await answers(0);
  v8.setFlagsFromString('--no-use-osr');
  assert.deepEqual(await answers(1), [true, true]);
});

test('who starts after another has ended takes along the code of what has run by then', async () => {
  const { code, lines, stderr } = await run([fixture('kept-code.js')]);
  assert.deepEqual({ code, lines, stderr }, { code: 0, lines: ['true true'], stderr: '' });
});

test('uses nothing that is to be deprecated', async () => {
  const program = `
    const { Worker } = require('threadport');
    const worker = new Worker("const { parentPort } = require('threadport'); parentPort.on('message', (n) => parentPort.postMessage(n));", { eval: true });
    worker.on('message', (n) => n < 10 ? worker.postMessage(n + 1) : (console.log(n), process.exit()));
    worker.postMessage(0);`;
  const { code, lines, stderr } = await run(['-e', program], { node: ['--pending-deprecation', '--throw-deprecation'] });
  assert.deepEqual({ code, lines, stderr }, { code: 0, lines: ['10'], stderr: '' });
});
