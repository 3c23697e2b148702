'use strict';
// A port that is not started, with an unread message behind which its other end has gone.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread } = require('../support/far.js');
const { once, settle, until } = require('../support/deadline.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const CLOSINGS = {
  'was closed': ({ port }) => {
    port.postMessage(1);
    port.close();
  },
  'was lost': ({ port, wt }) => {
    port.postMessage(1);
    const { port1, port2 } = new wt.MessageChannel();
    port2.close();
    port1.postMessage(port, [port]);
  },
};

const TURNS = 4;

/** Turns of the loop over there: one may carry out any number of orders. */
const takeTurns = ({ kept }, count) => {
  kept.left = count;
  const turn = () => --kept.left > 0 && setImmediate(turn);
  setImmediate(turn);
};

async function closedBehind(t, closing, prepare) {
  const { near, far } = await farThread(t, wt).channel();
  prepare(near);
  far.run(closing);
  far.run(takeTurns, TURNS);
  await until(() => far.run(({ kept }) => kept.left) === 0, 'the turns over there');
  await settle();
  return near;
}

for (const [name, closing] of Object.entries(CLOSINGS)) test(`the other end ${name}: ref() and unref() are heeded`, async (t) => {
  const near = await closedBehind(t, closing, (port) => port.ref());
  assert.equal(near.hasRef(), true);
  near.unref();
  assert.equal(near.hasRef(), false);
  const closed = once(near, 'close');
  assert.deepEqual(wt.receiveMessageOnPort(near), { message: 1 });
  near.start();
  await closed;
});

for (const [name, closing] of Object.entries(CLOSINGS)) test(`the other end ${name}: 'close' comes when more is asked for than there is`, async (t) => {
  const near = await closedBehind(t, closing, () => {});
  let closed = false;
  near.once('close', () => (closed = true));
  assert.deepEqual(wt.receiveMessageOnPort(near), { message: 1 });
  await settle();
  assert.equal(closed, false);
  const end = once(near, 'close');
  assert.equal(wt.receiveMessageOnPort(near), undefined);
  await end;
});
