'use strict';
// Shared memory between messages and threads, and the figures that the loop keeps of itself.

const test = require('node:test');
const assert = require('node:assert/strict');
const { performance } = require('node:perf_hooks');
const { farThread } = require('../support/far.js');
const { inbox } = require('../support/deadline.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

test('one SharedArrayBuffer in two messages: two objects over one memory', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const shared = new SharedArrayBuffer(4);
  near.postMessage({ shared, again: shared });
  near.postMessage([shared]);
  const seen = far.run(({ port, wt }) => {
    const { shared, again } = wt.receiveMessageOnPort(port).message;
    const [other] = wt.receiveMessageOnPort(port).message;
    new Int32Array(shared)[0] = 7;
    return [shared === again, shared === other, new Int32Array(other)[0]];
  });
  assert.deepEqual(seen, [true, false, 7]);
  assert.equal(new Int32Array(shared)[0], 7);
});

test('a growable SharedArrayBuffer that grows here has grown there', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const shared = new SharedArrayBuffer(4, { maxByteLength: 16 });
  near.postMessage(shared);
  far.run(({ port, wt, kept }) => {
    kept.shared = wt.receiveMessageOnPort(port).message;
  });
  shared.grow(12);
  assert.deepEqual(far.run(({ kept }) => [kept.shared.byteLength, kept.shared.growable, kept.shared.maxByteLength]), [12, true, 16]);
});

test('a resizable ArrayBuffer in the transfer list stays resizable, and is detached here', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const buffer = new ArrayBuffer(4, { maxByteLength: 16 });
  near.postMessage(buffer, [buffer]);
  assert.deepEqual([buffer.byteLength, buffer.maxByteLength], [0, 0]);
  const seen = far.run(({ port, wt }) => {
    const { message } = wt.receiveMessageOnPort(port);
    message.resize(10);
    return [message.byteLength, message.resizable, message.maxByteLength];
  });
  assert.deepEqual(seen, [10, true, 16]);
});

test('performance.eventLoopUtilization() counts handlers as active time, and waiting for messages as idle', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const mail = inbox(near);
  const before = performance.eventLoopUtilization();
  far.run(({ port }) => void setTimeout(() => port.postMessage('late'), 50));
  await mail.next();
  const { idle, active, utilization } = performance.eventLoopUtilization(before);
  assert.ok(idle > 0 && active > 0 && utilization > 0 && utilization < 1, `${idle} ${active} ${utilization}`);
});
