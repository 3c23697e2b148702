'use strict';
// Pushes of one thread stay in order, and nothing is lost to an abort or to an error on the way.

const test = require('node:test');
const assert = require('node:assert/strict');
const { receiveAny, receiveAnySync, SharedQueue } = require('threadport');
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

test('receiveAny waits for its turn behind those who wait already', async () => {
  const q = new SharedQueue();
  const pops = [q.pop(), q.pop()];
  for (let n = 0; n < 4; n++) q.tryPush(n);
  assert.deepEqual(await deadline(receiveAny([q], { timeout: 0 }), 'receiveAny'), { source: q, value: 2 });
  assert.deepEqual(await deadline(Promise.all(pops), 'the pops'), [0, 1]);
  const first = q.pop();
  assert.equal(await deadline(first, 'the pop'), 3);
  const waiting = q.pop();
  const any = receiveAny([q]);
  q.tryPush(4);
  q.tryPush(5);
  assert.deepEqual(await deadline(Promise.all([waiting, any]), 'both'), [4, { source: q, value: 5 }]);
});

test('a receiveAny in a loop does not starve a pop', async () => {
  const q = new SharedQueue();
  let popped = false;
  q.pop().then(() => (popped = true));
  for (let n = 0; n < 100 && !popped; n++) {
    q.tryPush(n);
    await deadline(receiveAny([q], { timeout: 5 }), 'receiveAny');
  }
  assert.equal(popped, true);
});

test('methods of a signal that the program has replaced are not called: nothing is lost to them', async () => {
  for (const codec of ['structured', 'bytes']) {
    const [a, b] = [new SharedQueue({ codec }), new SharedQueue({ codec })];
    const { signal } = new AbortController();
    for (const method of ['addEventListener', 'removeEventListener']) {
      signal[method] = () => {
        b.tryPop();
        throw new Error(`${method} was called`);
      };
    }
    const value = Uint8Array.of(1, 2, 3);
    b.tryPush(Uint8Array.of(9));
    const pop = a.pop({ signal });
    const any = receiveAny([a], { signal });
    a.tryPush(value);
    a.tryPush(value);
    assert.deepEqual(await deadline(pop, 'the pop'), value);
    assert.deepEqual((await deadline(any, 'receiveAny')).value, value);
    assert.equal(b.length, 1);
  }
});

test('an error of decode() that says that a queue is closed is not taken for the end of this one', async () => {
  const other = new SharedQueue();
  other.close();
  const decode = ([n]) => (n === 1 ? other.popSync(0) : n);
  const q = new SharedQueue({ codec: { encode: (n) => Uint8Array.of(n), decode } });
  const closed = { code: 'ERR_THREADPORT_CLOSED', message: 'The queue is closed' };
  q.tryPush(1);
  await assert.rejects(deadline(receiveAny([q], { timeout: 1000 }), 'receiveAny'), closed);
  const waiting = receiveAny([q]);
  q.tryPush(1);
  await assert.rejects(deadline(waiting, 'receiveAny that waits'), closed);
  q.tryPush(1);
  q.tryPush(2);
  assert.throws(() => receiveAnySync([q], { timeout: 0 }), closed);
  assert.equal(q.tryPop(), 2);
  q.tryPush(1);
  q.tryPush(2);
  q.close();
  const iteration = q[Symbol.asyncIterator]();
  await assert.rejects(deadline(iteration.next(), 'the iteration'), closed);
  assert.equal(q.tryPop(), 2);
  await assert.rejects(deadline(receiveAny([q]), 'receiveAny'), { message: 'All sources are closed' });
});
