'use strict';
// A port whose peer begins to use the fast way while messages still come by the slow one is moved in that very moment.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread, moveInHandler } = require('../support/far.js');
const { inbox } = require('../support/deadline.js');
const { numberOf, sequence, KINDS } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const number = (value) => numberOf(value, wt.receiveMessageOnPort);
const postMixed = ({ port, mixture }, count, from) => {
  for (let n = from; n < from + count; n++) port.postMessage(...mixture.message(n));
};

/** Before each message one fails after its place in the order was taken. */
const postAndFail = ({ port, mixture, posts }, count, from) => {
  for (let n = from; n < from + count; n++) {
    posts.STEPS['instance with a getter that throws late'](undefined, port);
    port.postMessage(...mixture.message(n));
  }
};

/** When the peer posts: while Node hands over a message, or behind that, when it goes on with what has come meanwhile. */
const MOMENTS = { 'in the first one': (body) => body(), 'after the first one': (body) => queueMicrotask(body) };

const CASES = [0, 1, 2, 3, 4, 5, 7].flatMap((at) => Object.entries(MOMENTS).flatMap(([moment, when]) => [
  { at, moment, when, kinds: 'all kinds', post: postMixed },
  { at, moment, when, kinds: 'all kinds, and failing ones between them,', post: postAndFail },
]));

for (const { at, moment, when, kinds, post } of CASES) {
  test(`a handler moves its port at message ${at}, the peer having posted ${kinds} ${moment}: all arrive, in order`, async (t) => {
    const farm = farThread(t, wt);
    const { port1: near, port2 } = new wt.MessageChannel();
    t.after(() => near.close());
    const far = await farm.adopt(port2);
    // Not read yet: this waits in the queue of the built-in.
    far.run(postMixed, 1, 0);
    const seen = [];
    const moved = await moveInHandler(t, wt, near, (value) => {
      seen.push(number(value));
      if (seen.length === 1) when(() => far.run(post, KINDS * 2, 1));
      return seen.length === at + 1;
    });
    far.run(post, 3, KINDS * 2 + 1);
    const rest = (await inbox(moved).take(KINDS * 2 + 4 - seen.length)).map(number);
    assert.deepEqual([...seen, ...rest], sequence(KINDS * 2 + 4));
    assert.equal(seen.length, at + 1);
  });
}
