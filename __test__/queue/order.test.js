'use strict';
// Pushes of one thread stay in order, and nothing is lost to an abort or to an error on the way.

const test = require('node:test');
const assert = require('node:assert/strict');
const { SharedQueue } = require('threadport');
const { deadline, settle } = require('../support/deadline.js');

const record = (n) => new Uint8Array(40).fill(n);
/** A queue that has room for one record. */
const small = () => new SharedQueue({ capacity: 64, codec: 'bytes' });

test('tryPush does not overtake a push that waits: it fails until that is done', async () => {
  const q = small();
  q.tryPush(record(1));
  const pending = q.push(record(2));
  assert.equal(q.tryPop()[0], 1);
  assert.equal(q.tryPush(record(3)), false, 'the room is taken by what was pushed before');
  await deadline(pending, 'the push');
  assert.equal(q.tryPop()[0], 2);
  assert.equal(q.tryPush(record(3)), true);
  assert.equal(q.tryPop()[0], 3);
});

test('pushSync does not overtake pushes that wait: they come first', async () => {
  const q = new SharedQueue({ capacity: 256, codec: 'bytes' });
  let n = 0;
  while (q.tryPush(record(n))) n++;
  const pending = [q.push(record(n++)), q.push(record(n++))];
  assert.equal(q.pushSync(record(99), 5), false);
  for (let i = 0; i < 3; i++) assert.equal(q.tryPop()[0], i);
  assert.equal(q.pushSync(record(n++), 1000), true);
  await deadline(Promise.all(pending), 'the pushes');
  const rest = [];
  for (let value = q.tryPop(); value !== undefined; value = q.tryPop()) rest.push(value[0]);
  assert.deepEqual(rest, Array.from({ length: n - 3 }, (_, i) => i + 3));
});

for (const [name, valueOf, codec] of [
  ['a getter', (abort) => ({ get a() { return abort(); } }), 'structured'],
  ['encode()', () => 1, 'custom'],
]) {
  test(`a signal that ${name} aborts: nothing is pushed, with room and without`, async () => {
    for (const isFull of [false, true]) {
      const controller = new AbortController();
      const abort = () => controller.abort();
      const encode = (value) => {
        if (value === 1) abort();
        return new Uint8Array(200);
      };
      const q = new SharedQueue({ capacity: 256, codec: codec === 'custom' ? { encode, decode: (bytes) => bytes } : codec });
      let held = 0;
      while (isFull && q.tryPush('x'.repeat(100))) held++;
      await assert.rejects(deadline(q.push(valueOf(abort), { signal: controller.signal }), 'the push'), { name: 'AbortError' });
      assert.equal(q.length, held);
      assert.equal(q.popMany(100).length, held);
      await settle();
      assert.equal(q.length, 0);
    }
  });
}

test('a decode() that aborts its own pop is too late: the message is there', async () => {
  const controller = new AbortController();
  const decode = ([n]) => {
    controller.abort();
    return n;
  };
  const q = new SharedQueue({ codec: { encode: (n) => Uint8Array.of(n), decode } });
  const pending = q.pop({ signal: controller.signal });
  q.tryPush(7);
  assert.equal(await deadline(pending, 'the pop'), 7);
});

test('popMany gives what came before a message that cannot be decoded; the error comes with the next pop', async () => {
  const decode = ([n]) => {
    if (n % 3 === 0) throw new RangeError(`no ${n}`);
    return n;
  };
  const q = new SharedQueue({ codec: { encode: (n) => Uint8Array.of(n), decode } });
  for (let n = 1; n <= 8; n++) q.tryPush(n);
  assert.deepEqual(q.popMany(10), [1, 2]);
  assert.throws(() => q.popMany(10), { message: 'no 3' });
  assert.deepEqual(q.popMany(10), [4, 5]);
  await assert.rejects(q.pop(), { message: 'no 6' });
  assert.deepEqual(q.popMany(10), [7, 8]);
  q.tryPush(9);
  assert.throws(() => q.popMany(10), { message: 'no 9' });
  assert.deepEqual(q.popMany(10), []);
});
