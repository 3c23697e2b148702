'use strict';
// What `threadport` cannot take along: a message that Node has handed over too early, and which only the built-in can clone.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { inbox, once } = require('../support/deadline.js');
const { stopped } = require('../support/stopped.js');
const { channel } = require('../support/threads.js');

test("in its place comes 'messageerror', and what is behind it", async (t) => {
  const { port } = await stopped(t, wt, ({ port }) => {
    port.postMessage('first');
    port.postMessage(new SharedArrayBuffer(3));
    port.postMessage('third');
  });
  const { port1, port2 } = channel(t, wt);
  port1.postMessage({ port }, [port]);
  const moved = wt.receiveMessageOnPort(port2).message.port;
  t.after(() => moved.close());
  const failed = once(moved, 'messageerror');
  const mail = inbox(moved);
  const [error] = await failed;
  assert.equal(error.name, 'DataCloneError');
  assert.equal(error.code, 'ERR_THREADPORT_DATA_CLONE');
  assert.equal(await mail.next(), 'third');
});
