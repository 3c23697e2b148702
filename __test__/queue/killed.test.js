'use strict';
// Consumers and producers that are terminated: what is lost, and what others find.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { once } = require('../support/deadline.js');
const { spawn } = require('../support/threads.js');

const { SharedQueue } = wt;

const KILLS = 40;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A thread that has begun to run `body`. */
async function start(t, body, workerData) {
  const worker = spawn(t, wt, body, { workerData });
  await once(worker, 'message');
  return worker;
}

test('consumers that are terminated lose one message each at most; none comes twice', async (t) => {
  const q = new SharedQueue({ capacity: 1 << 14 });
  const counts = new Int32Array(new SharedArrayBuffer(4 * 400_000));
  const consume = ({ parentPort, workerData: { q, counts } }) => {
    parentPort.postMessage('ready');
    for (;;) Atomics.add(counts, q.popSync(), 1);
  };
  let sent = 0;
  let kills = 0;
  const feed = () => {
    while (sent < counts.length && q.tryPush(sent)) sent++;
  };
  for (; kills < KILLS; kills++) {
    const worker = await start(t, consume, { q, counts });
    for (const end = performance.now() + 5; performance.now() < end; ) feed();
    await worker.terminate();
  }
  for (let value = q.tryPop(-1); value !== -1; value = q.tryPop(-1)) Atomics.add(counts, value, 1);
  const seen = counts.subarray(0, sent);
  assert.ok(sent > 100 * KILLS, `much was sent: ${sent}`);
  assert.deepEqual(Array.from(seen.entries()).filter(([, n]) => n > 1), [], 'twice');
  const lost = seen.reduce((sum, n) => sum + (n === 0 ? 1 : 0), 0);
  assert.ok(lost <= kills, `${lost} of ${sent} lost by ${kills} threads`);
});

test('producers that are terminated leave whole messages, in order, and room for others', async (t) => {
  const q = new SharedQueue({ capacity: 1 << 14 });
  const produce = ({ parentPort, workerData: { q, who } }) => {
    parentPort.postMessage('ready');
    for (let n = 0; ; n++) q.pushSync({ who, n, text: String(n).repeat(1 + (n % 40)) });
  };
  const next = new Map();
  let received = 0;
  const drain = () => {
    for (let m = q.tryPop(); m !== undefined; m = q.tryPop()) {
      assert.equal(m.n, next.get(m.who) ?? 0, `the next one of producer ${m.who}`);
      assert.equal(m.text, String(m.n).repeat(1 + (m.n % 40)));
      next.set(m.who, m.n + 1);
      received++;
    }
  };
  for (let kills = 0; kills < KILLS; kills++) {
    const worker = await start(t, produce, { q, who: kills });
    for (const end = performance.now() + 5; performance.now() < end; ) drain();
    await pause(1); // it fills the queue, and blocks
    await worker.terminate();
  }
  drain();
  assert.ok(received > 100 * KILLS, `much was received: ${received}`);
  assert.equal(q.length, 0);
  assert.equal(q.tryPush('others go on'), true);
  assert.equal(q.tryPop(), 'others go on');
});
