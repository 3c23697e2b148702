'use strict';
// Which combinations of listener, start(), ref() or unref() and a message that waits keep a thread: as with the built-in.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { fixture, run } = require('../support/program.js');
const { exited, modulePath } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');
const PROGRAM = fixture('loop-life.js');

const SETUPS = [false, true].flatMap((listener) => [false, true].flatMap((start) => ['', 'ref', 'unref'].flatMap((ref) =>
  [false, true].map((pending) => ({ listener, start, ref, pending })))));

/** [beforeExit events, messages, still there at last, hasRef()] of a thread of its own, whose peer is here. */
async function inWorker({ Worker, MessageChannel }, module, setup) {
  const { port1: peer, port2: port } = new MessageChannel();
  if (setup.pending) peer.postMessage('pending');
  const cells = new Int32Array(new SharedArrayBuffer(16));
  const worker = new Worker(PROGRAM, { workerData: { from: module, setup, cells, port }, transferList: [port] });
  await exited(worker);
  peer.close();
  return [...cells];
}

const inMain = async (module, setup) => (await run([PROGRAM, module, JSON.stringify(setup)])).lines;

const name = ({ listener, start, ref, pending }) =>
  [listener && 'a listener', start && 'start()', ref && `${ref}()`, pending && 'a message'].filter(Boolean).join(', ') || 'nothing';

test('a worker with a port to its parent lives as long as with the built-in', async () => {
  for (const setup of SETUPS) {
    const [ours, theirs] = await Promise.all([inWorker(wt, modulePath, setup), inWorker(stock, 'node:worker_threads', setup)]);
    assert.deepEqual(ours, theirs, name(setup));
  }
});

test('a process with a channel lives as long as with the built-in', async () => {
  for (const setup of SETUPS) {
    const [ours, theirs] = await Promise.all([inMain(modulePath, setup), inMain('node:worker_threads', setup)]);
    assert.deepEqual(ours, theirs, name(setup));
    assert.equal(ours.length, 1);
  }
});

test('a port whose other end has posted and gone, all in one handler of another port: its messages come before the process ends', async () => {
  const { lines } = await run([fixture('unread-at-end.js'), modulePath]);
  assert.deepEqual(lines, ['first', 'second']);
});

const numbers = ['0', '1', '2', '3', '4', '5', '6', '7'];
const PENDING = {
  carried: ['first', 'shared', 'last'],
  slow: numbers,
  others: numbers.flatMap((n) => [n, n]),
  worker: ['first', 'shared', 'last'],
};
for (const [what, expected] of Object.entries(PENDING)) test(`unref() while messages are there, ${what}: they come before the process ends`, async () => {
  const { lines } = await run([fixture('unref-pending.js'), modulePath, what]);
  // Of two ports the messages may take turns.
  assert.deepEqual(what === 'others' ? lines.sort() : lines, expected);
});
