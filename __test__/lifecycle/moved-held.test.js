'use strict';
// What `threadport` cannot take along: a message that Node has handed over too early, and which only the built-in can clone.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { inbox, once } = require('../support/deadline.js');
const { stopped } = require('../support/stopped.js');
const { channel } = require('../support/threads.js');

for (const hops of [1, 3]) test(`in its place comes 'messageerror', and what is behind it, after ${hops} moves`, async (t) => {
  let { port } = await stopped(t, wt, ({ port }) => {
    port.postMessage('first');
    port.postMessage(new SharedArrayBuffer(3));
    port.postMessage('third');
  });
  const { port1, port2 } = channel(t, wt);
  for (let hop = 0; hop < hops; hop++) {
    port1.postMessage({ port }, [port]);
    ({ port } = wt.receiveMessageOnPort(port2).message);
  }
  t.after(() => port.close());
  const failed = once(port, 'messageerror');
  const mail = inbox(port);
  const [error] = await failed;
  assert.equal(error.name, 'DataCloneError');
  assert.equal(error.code, 'ERR_THREADPORT_DATA_CLONE');
  assert.equal(await mail.next(), 'third');
});
