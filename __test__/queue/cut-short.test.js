'use strict';
// Programs that are cut short while they use a queue.

const test = require('node:test');
const assert = require('node:assert/strict');
const { SharedQueue, receiveAny } = require('threadport');
const { cutShort, forever } = require('../support/cut-short.js');
const { deadline } = require('../support/deadline.js');

test('a push is cut short in a getter: nothing was pushed, and the queue takes what comes after', async () => {
  const queue = new SharedQueue();
  const endless = { get never() { return forever(); } };
  for (let cut = 0; cut < 20; cut++) {
    cutShort(() => queue.tryPush(endless));
    assert.equal(queue.tryPush({ cut }), true);
    assert.deepEqual(queue.tryPop(), { cut });
  }
  cutShort(() => void queue.push(endless));
  assert.equal(queue.length, 0);
  await deadline(queue.push('after'), 'the push');
  assert.equal(await deadline(queue.pop(), 'the pop'), 'after');
});

test('a reader is cut short while it serves another one that waits: that message is lost, all get the next ones', async () => {
  const codec = {
    encode: (text) => Buffer.from(text),
    decode: (bytes) => (Buffer.from(bytes).toString() === 'endless' ? forever() : Buffer.from(bytes).toString()),
  };
  const queue = new SharedQueue({ codec });
  const waiting = [queue.pop(), queue.pop()];
  queue.tryPush('endless');
  cutShort(() => void receiveAny([queue]));
  queue.tryPush('a');
  queue.tryPush('b');
  queue.tryPush('c');
  assert.deepEqual(await deadline(Promise.all(waiting), 'those who wait'), ['a', 'b']);
  assert.equal((await deadline(receiveAny([queue]), 'the last one')).value, 'c');
});
