'use strict';
// `for await` over a queue, and what ends it.

const test = require('node:test');
const assert = require('node:assert/strict');
const { SharedQueue } = require('threadport');
const { deadline, settle } = require('../support/deadline.js');
const { run } = require('../support/program.js');

const over = { value: undefined, done: true };

test('it ends with the queue, drained', async () => {
  const q = new SharedQueue();
  const seen = [];
  const reading = (async () => {
    for await (const value of q) seen.push(value);
  })();
  q.tryPush(1);
  await settle();
  q.tryPush(2);
  q.tryPush(undefined);
  q.close();
  await deadline(reading, 'the end');
  assert.deepEqual(seen, [1, 2, undefined]);
  assert.deepEqual(await q[Symbol.asyncIterator]().next(), over);
});

test('return() and throw() end an iteration that waits; the message goes to the next', async () => {
  for (const [method, outcome] of [['return', { value: 'given', done: true }], ['throw', 'given']]) {
    const q = new SharedQueue();
    const iteration = q[Symbol.asyncIterator]();
    const waiting = [iteration.next(), iteration.next()];
    const other = q.pop();
    await settle();
    const left = iteration[method]('given').catch((error) => error);
    q.tryPush('kept');
    assert.deepEqual(await deadline(Promise.all(waiting), 'next()'), [over, over]);
    assert.deepEqual(await deadline(left, method), outcome);
    assert.equal(await deadline(other, 'the message'), 'kept');
    assert.deepEqual(await iteration.next(), over);
  }
});

test('a message that came before return() belongs to the next() before it', async () => {
  const q = new SharedQueue();
  const iteration = q[Symbol.asyncIterator]();
  const next = iteration.next();
  await settle();
  q.tryPush(1);
  await deadline(next, 'the message');
  const two = iteration.next();
  q.tryPush(2);
  const left = iteration.return();
  const values = [await deadline(two, 'next()'), await deadline(left, 'return()')];
  assert.deepEqual(values[1], over);
  // Taken, and delivered; or left, and still there.
  assert.deepEqual([values[0].value, q.tryPop()].filter((value) => value !== undefined), [2]);
});

test('break leaves the rest, and an iteration that was left holds nothing open', async () => {
  const q = new SharedQueue();
  for (let n = 0; n < 3; n++) q.tryPush(n);
  for await (const value of q) if (value === 1) break;
  assert.equal(q.tryPop(), 2);
  const text = "const q = new (require('threadport').SharedQueue)(); const it = q[Symbol.asyncIterator](); it.next(); it.return().then(() => console.log('left'));";
  const { code, lines } = await run(['-e', text]);
  assert.deepEqual([code, lines], [0, ['left']]);
});

test('a queue that is never empty lets the loop turn', async () => {
  const q = new SharedQueue();
  let turned = false;
  setImmediate(() => (turned = true));
  let n = 0;
  q.tryPush(0);
  for await (const _ of q) {
    if (turned || ++n > 100_000) break;
    q.tryPush(n);
  }
  assert.equal(turned, true);
});

test('decode() of its own message ends an iteration: it gets that message', async () => {
  let iteration;
  const codec = {
    encode: (text) => Buffer.from(text),
    decode(bytes) {
      void iteration.return();
      return Buffer.from(bytes).toString();
    },
  };
  for (const push of [async (q) => q.tryPush('a'), async (q) => { await settle(); q.tryPush('a'); }]) {
    const q = new SharedQueue({ codec });
    iteration = q[Symbol.asyncIterator]();
    const next = iteration.next();
    await push(q);
    assert.deepEqual(await deadline(next, 'the message'), { value: 'a', done: false });
    assert.deepEqual(await deadline(iteration.next(), 'the end'), over);
  }
});
