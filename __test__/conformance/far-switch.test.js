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

for (const at of [0, 1, 2, 3, 4, 5, 7]) {
  test(`a handler moves its port at message ${at}, the peer having posted all kinds in the first one: all arrive, in order`, async (t) => {
    const farm = farThread(t, wt);
    const { port1: near, port2 } = new wt.MessageChannel();
    t.after(() => near.close());
    const far = await farm.adopt(port2);
    // Not read yet: this waits in the queue of the built-in.
    far.run(postMixed, 1, 0);
    const seen = [];
    const moved = await moveInHandler(t, wt, near, (value) => {
      seen.push(number(value));
      if (seen.length === 1) far.run(postMixed, KINDS * 2, 1);
      return seen.length === at + 1;
    });
    far.run(postMixed, 3, KINDS * 2 + 1);
    const rest = (await inbox(moved).take(KINDS * 2 + 4 - seen.length)).map(number);
    assert.deepEqual([...seen, ...rest], sequence(KINDS * 2 + 4));
    assert.equal(seen.length, at + 1);
  });
}
