'use strict';
// Queues that are used near the end of the stack: what cannot be done throws, and nothing is lost or stays broken.

const test = require('node:test');
const assert = require('node:assert/strict');
const { SharedQueue, receiveAny, receiveAnySync } = require('threadport');
const { nearTheEnd } = require('../support/near-the-end.js');
const { deadline } = require('../support/deadline.js');

const ROUNDS = 60;
const COUNT = 100;
const VALUES = { structured: (n) => ({ n, a: [n] }), json: (n) => ({ n, a: [n] }), bytes: (n) => new Uint8Array([n]) };

const TAKES = {
  tryPop: (q) => q.tryPop(),
  popSync: (q) => q.popSync(0),
  popMany: (q) => q.popMany(1)[0],
  receiveAnySync: (q) => receiveAnySync([q], { timeout: 0 })?.value,
};
for (const [codec, value] of Object.entries(VALUES)) for (const [name, take] of Object.entries(TAKES)) test(`${codec}: ${name} loses nothing`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const q = new SharedQueue({ codec });
    // V8 compiles what runs for the first times, and needs more of the stack for that.
    for (let n = 0; n < COUNT; n++) {
      q.tryPush(value(n));
      take(q);
    }
    for (let n = 0; n < COUNT; n++) q.tryPush(value(n));
    const got = [];
    nearTheEnd(round, () => got.push(take(q)));
    got.push(...q.popMany(Infinity));
    assert.deepEqual(got, Array.from({ length: COUNT }, (_, n) => value(n)), `round ${round}`);
  }
});

const PUSHES = { tryPush: (q, value) => q.tryPush(value), pushSync: (q, value) => q.pushSync(value, 0) };
for (const [codec, value] of Object.entries(VALUES)) for (const [name, push] of Object.entries(PUSHES)) test(`${codec}: what ${name} has taken arrives once, and the next works`, () => {
  for (let round = 0; round < ROUNDS; round++) {
    const q = new SharedQueue({ codec });
    let pushed = 0;
    nearTheEnd(round, () => {
      push(q, value(pushed));
      pushed++;
    });
    assert.equal(q.tryPush(value(pushed)), true);
    assert.deepEqual(q.popMany(Infinity), Array.from({ length: pushed + 1 }, (_, n) => value(n)), `round ${round}`);
  }
});

test('promises: what waits gets what comes', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const q = new SharedQueue({ capacity: 256 });
    const waiting = [];
    nearTheEnd(round, () => waiting.push(q.pop()));
    nearTheEnd(round, () => waiting.push(receiveAny([q]).then(({ value }) => value)));
    for (let n = 0; n < waiting.length; n++) assert.equal(q.tryPush(n), true);
    const settled = await deadline(Promise.allSettled(waiting), 'the messages');
    assert.deepEqual([...settled.filter(({ status }) => status === 'fulfilled').map(({ value }) => value), ...q.popMany(Infinity)], waiting.map((_, n) => n));
    const pushes = [];
    nearTheEnd(round, () => pushes.push(q.push({ n: pushes.length })));
    const done = await deadline(Promise.allSettled(pushes), 'the pushes');
    assert.equal(q.popMany(Infinity).length, done.filter(({ status }) => status === 'fulfilled').length);
  }
});
