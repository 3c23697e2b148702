'use strict';
// The queue in one thread: every method, every codec.

const test = require('node:test');
const assert = require('node:assert/strict');
const { SharedQueue } = require('threadport');
const { SLOWNESS, deadline, settle } = require('../support/deadline.js');
const { run } = require('../support/program.js');

const closed = { code: 'ERR_THREADPORT_CLOSED' };

test('what is pushed is popped, in order, and counted', () => {
  const q = new SharedQueue({ capacity: 4096 });
  assert.ok(q.buffer instanceof SharedArrayBuffer);
  assert.deepEqual([q.capacity, q.length, q.bytesUsed, q.closed], [4096, 0, 0, false]);
  for (const value of [1, 'two', { three: [3] }]) assert.equal(q.tryPush(value), true);
  assert.equal(q.length, 3);
  assert.ok(q.bytesUsed > 0 && q.bytesUsed <= q.capacity);
  assert.deepEqual([q.tryPop(), q.popSync(), q.popMany(5)], [1, 'two', [{ three: [3] }]]);
  assert.deepEqual([q.length, q.bytesUsed], [0, 0]);
});

test('nothing there: tryPop and popSync return `empty`, so that a queued undefined can be told apart; popMany an empty array', () => {
  const q = new SharedQueue({ capacity: 4096 });
  const none = Symbol('none');
  assert.equal(q.tryPop(), undefined);
  assert.equal(q.tryPop(none), none);
  assert.equal(q.popSync(0), undefined);
  assert.equal(q.popSync(0, none), none);
  assert.equal(q.popSync(5, none), none);
  assert.deepEqual(q.popMany(3), []);
  q.tryPush(undefined);
  assert.equal(q.tryPop(none), undefined);
  assert.equal(q.tryPop(none), none);
});

test('a full queue: tryPush and pushSync return false, and there is room again after a pop', () => {
  const q = new SharedQueue({ capacity: 256, codec: 'bytes' });
  let count = 0;
  while (q.tryPush(new Uint8Array(20))) count++;
  assert.equal(count, 8);
  assert.equal(q.pushSync(new Uint8Array(20), 0), false);
  assert.equal(q.pushSync(new Uint8Array(20), 5), false);
  q.tryPop();
  assert.equal(q.pushSync(new Uint8Array(20), 0), true);
  assert.equal(q.length, 8);
});

test('a message larger than the queue is a RangeError at once, one of its very size fits', async () => {
  const q = new SharedQueue({ capacity: 1024, codec: 'bytes' });
  const error = { name: 'RangeError', code: 'ERR_THREADPORT_TOO_LARGE' };
  assert.throws(() => q.tryPush(new Uint8Array(1017)), error);
  assert.throws(() => q.pushSync(new Uint8Array(5000)), error);
  await assert.rejects(q.push(new Uint8Array(1 << 20)), error);
  const half = 'x'.repeat(2 ** 28);
  assert.throws(() => new SharedQueue().tryPush([half, half]), error);
  assert.equal(q.tryPush(new Uint8Array(1016).fill(7)), true);
  assert.deepEqual(q.tryPop(), new Uint8Array(1016).fill(7));
});

test('structured: values come as structured clone makes them, wherever the ring stands', () => {
  const q = new SharedQueue({ capacity: 1 << 16 });
  const shared = { n: 1 };
  const values = [
    0, -0, 1.5, NaN, 2 ** 40, 10n ** 40n, '', 'x', 'hällo', '字'.repeat(300), '\ud800 lone', null, true,
    [1, 2, 3], [1.5, 2.5], [shared, shared], { a: { b: { c: [] } } }, new Map([[1, new Set([2])]]), new Date(5), /x/gi,
    new Error('e'), new Uint8Array([1, 2, 3]), new Float64Array(100), new Uint8Array(5000).fill(9), new ArrayBuffer(2048),
    { text: 'y'.repeat(9000), blob: new Uint8Array(3000).fill(1), more: [new Uint16Array(2000).fill(300)] },
  ];
  for (let round = 0; round < 20; round++) {
    for (const value of values) {
      assert.equal(q.tryPush(value), true);
      const got = q.tryPop();
      if (value instanceof Error) assert.equal(got.message, value.message);
      else assert.deepEqual(got, value);
    }
  }
  q.tryPush([shared, shared]);
  const [first, second] = q.tryPop();
  assert.equal(first, second);
});

test('long texts stay what they were, in whichever pieces the ring had them and whatever is written there later', () => {
  const characters = (first) => Array.from({ length: 199 }, (_, i) => String.fromCharCode(first + i)).join('');
  const text = (unit, length) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
  for (const codec of ['structured', 'json']) {
    const [q, next] = [0, 1].map(() => new SharedQueue({ capacity: 1 << 19, codec }));
    const kept = [];
    for (let round = 0; round < 5; round++) {
      for (const unit of [characters(40 + round), characters(0x4e00 + round)]) {
        for (const length of [(32 << 10) + 1, (64 << 10) - 1, 64 << 10, 128 << 10, 150_001]) {
          const value = text(unit, length);
          assert.equal(q.tryPush(value), true);
          const popped = q.tryPop();
          assert.ok(popped === value, `${codec}, round ${round}, ${length} units`);
          assert.equal(next.tryPush(popped), true);
          assert.ok(next.tryPop() === value, `passed on: ${codec}, round ${round}, ${length} units`);
          kept.push([popped, value]);
        }
      }
    }
    for (const { buffer } of [q, next]) new Uint8Array(buffer).fill(0x5a);
    assert.ok(kept.every(([popped, value]) => popped === value));
  }
});

test('bytes: what comes is a Uint8Array of its own; any view or buffer is taken', () => {
  const q = new SharedQueue({ codec: 'bytes', capacity: 1 << 20 });
  for (const size of [0, 1, 63, 64, 128, 129, 1024, 1025, 4096, 70_000]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => i * 7);
    for (const value of [bytes, Buffer.from(bytes), bytes.buffer, new DataView(bytes.buffer)]) q.tryPush(value);
    const got = q.popMany(4);
    for (const one of got) {
      assert.equal(Object.getPrototypeOf(one), Uint8Array.prototype);
      assert.deepEqual(one, bytes);
      assert.equal(one.buffer.byteLength, size);
    }
    got[0].fill(1);
    assert.deepEqual(got[1], bytes);
  }
  q.tryPush(new Uint16Array([1, 2]).subarray(1));
  assert.deepEqual(q.tryPop(), new Uint8Array([2, 0]));
});

test('json: values come as JSON has them', () => {
  const q = new SharedQueue({ codec: 'json' });
  for (const value of [1, 'text', '字', null, [1, { a: 'ü' }], { when: new Date(0) }]) {
    q.tryPush(value);
    assert.deepEqual(q.tryPop(), JSON.parse(JSON.stringify(value)));
  }
});

test('a codec of one\'s own: encode gives bytes, decode gets bytes', () => {
  const codec = { encode: (n) => new Uint8Array(new Float64Array([n]).buffer), decode: (bytes) => new Float64Array(bytes.buffer)[0] };
  const q = new SharedQueue({ codec });
  const other = SharedQueue.from(q.buffer, { codec });
  q.tryPush(Math.PI);
  assert.equal(other.tryPop(), Math.PI);
});

test('from() attaches to the same queue, twice in a thread', () => {
  const q = new SharedQueue({ capacity: 1024, codec: 'json' });
  const [a, b] = [SharedQueue.from(q.buffer), SharedQueue.from(q.buffer, { codec: 'json' })];
  a.tryPush(1);
  b.tryPush(2);
  assert.deepEqual([q.length, a.length, b.capacity, a.buffer === q.buffer], [2, 2, 1024, true]);
  assert.deepEqual([b.tryPop(), q.tryPop(), a.tryPop('none')], [1, 2, 'none']);
});

test('promises: pop waits for a push, push waits for room, in the order in which they came', async () => {
  const q = new SharedQueue({ capacity: 64, codec: 'bytes' });
  const pops = [q.pop(), q.pop(), q.pop()];
  for (const n of [1, 2, 3]) assert.equal(q.tryPush(new Uint8Array([n])), true);
  const got = await deadline(Promise.all(pops), 'three pops');
  assert.deepEqual(got.map(([n]) => n), [1, 2, 3]);

  const big = (n) => new Uint8Array(40).fill(n);
  await q.push(big(1));
  const pushes = [2, 3, 4].map((n) => q.push(big(n)));
  const values = [];
  for (let i = 0; i < 4; i++) values.push((await deadline(q.pop(), 'a pop'))[0]);
  await deadline(Promise.all(pushes), 'the pushes');
  assert.deepEqual(values, [1, 2, 3, 4]);
});

test('a push that waits has copied its value', async () => {
  for (const codec of ['structured', 'bytes']) {
    const q = new SharedQueue({ capacity: 8192, codec });
    await q.push(new Uint8Array(5000));
    const value = new Uint8Array(5000).fill(1);
    const pushed = q.push(value);
    value.fill(2);
    q.tryPop();
    await deadline(pushed, 'the push');
    assert.equal(q.tryPop()[4999], 1);
  }
});

test('close() lets consumers drain, ends iteration, and rejects or throws for those who wait', async () => {
  const q = new SharedQueue({ capacity: 4096 });
  const waiting = q.pop();
  q.close();
  await assert.rejects(deadline(waiting, 'the pop'), closed);
  assert.equal(q.closed, true);

  const full = new SharedQueue({ capacity: 64, codec: 'bytes' });
  full.tryPush(new Uint8Array(56));
  const push = full.push(new Uint8Array(56));
  SharedQueue.from(full.buffer).close();
  await assert.rejects(deadline(push, 'the push'), closed);
  assert.throws(() => full.tryPush(new Uint8Array(1)), closed);
  assert.throws(() => full.pushSync(new Uint8Array(1)), closed);
  await assert.rejects(full.push(new Uint8Array(1)), closed);
  assert.equal(full.length, 1);
  assert.equal(full.popSync().length, 56);
  assert.throws(() => full.popSync(), closed);
  assert.throws(() => full.popSync(0), closed);
  await assert.rejects(full.pop(), closed);
  assert.equal(full.tryPop('none'), 'none');
  assert.deepEqual(full.popMany(3), []);
  full.close();
});

test('for await takes all there is until the queue is closed', async () => {
  const q = new SharedQueue({ capacity: 4096 });
  const seen = [];
  const reading = (async () => {
    for await (const value of q) seen.push(value);
  })();
  for (let n = 0; n < 500; n++) await q.push(n);
  q.close();
  await deadline(reading, 'the loop');
  assert.deepEqual(seen, Array.from({ length: 500 }, (_, n) => n));
});

test('an AbortSignal ends the wait with its reason and leaves nothing behind', async () => {
  const q = new SharedQueue({ capacity: 64, codec: 'bytes' });
  const { getEventListeners } = require('node:events');
  const controller = new AbortController();
  const { signal } = controller;
  const gone = [q.pop({ signal }), q.pop({ signal })];
  const stays = q.pop();
  controller.abort(new Error('enough'));
  for (const one of gone) await assert.rejects(one, { message: 'enough' });
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  q.tryPush(new Uint8Array([5]));
  assert.deepEqual(await deadline(stays, 'the pop that stays'), new Uint8Array([5]));
  await assert.rejects(q.pop({ signal }), { message: 'enough' });

  q.tryPush(new Uint8Array(56));
  const pushing = new AbortController();
  const push = q.push(new Uint8Array(56).fill(1), { signal: pushing.signal });
  pushing.abort();
  await assert.rejects(push, { name: 'AbortError' });
  await assert.rejects(q.push(new Uint8Array(1), { signal: pushing.signal }), { name: 'AbortError' });
  q.tryPop();
  await settle();
  assert.equal(q.length, 0);

  const later = new AbortController();
  const popped = q.pop({ signal: later.signal });
  q.tryPush(new Uint8Array([1]));
  await deadline(popped, 'the pop');
  assert.equal(getEventListeners(later.signal, 'abort').length, 0);
});

test('pushing and popping from within getters and codecs', () => {
  const q = new SharedQueue({ capacity: 4096 });
  q.tryPush({ a: 'outer', get b() { q.tryPush(['inner', new Uint8Array(3)]); return q.tryPop(); }, c: 'end' });
  assert.deepEqual(q.popMany(9), [{ a: 'outer', b: ['inner', new Uint8Array(3)], c: 'end' }]);
});

test('a pending pop or push holds the event loop open, unless unref() was called', async () => {
  const program = (setup) => ['-e', `
    const { SharedQueue } = require('threadport');
    const q = new SharedQueue({ capacity: 64, codec: 'bytes' });
    process.on('exit', (code) => console.log('exit'));
    ${setup}`];
  const ends = ['q.unref(); q.pop();', 'q.pop(); q.unref();', 'q.tryPush(new Uint8Array(56)); q.unref().push(new Uint8Array(56));', 'q.pop({ signal: AbortSignal.abort() }).catch(() => {});'];
  for (const setup of ends) {
    const { code, lines, stderr } = await run(program(setup));
    assert.deepEqual({ code, lines, stderr }, { code: 0, lines: ['exit'], stderr: '' }, setup);
  }
  const holds = `
    const { Worker } = require('node:worker_threads');
    new Worker('const { SharedQueue } = require("threadport"); const q = SharedQueue.from(require("node:worker_threads").workerData); setTimeout(() => q.tryPush(new Uint8Array([9])), 700).unref();' +
      'setTimeout(() => {}, 800)', { eval: true, workerData: q.buffer }).unref();
    q.unref().ref();
    q.pop().then(([n]) => console.log('popped', n));`;
  const { code, lines, stderr } = await run(program(holds));
  assert.deepEqual({ code, lines, stderr }, { code: 0, lines: ['popped 9', 'exit'], stderr: '' });
});

test('a push behind one that is aborted is tried at once, not half a second later', async () => {
  const q = new SharedQueue({ capacity: 64, codec: 'bytes' });
  q.tryPush(new Uint8Array(24));
  const controller = new AbortController();
  const large = q.push(new Uint8Array(48), { signal: controller.signal });
  const small = q.push(new Uint8Array(8));
  controller.abort();
  await assert.rejects(large, { name: 'AbortError' });
  await deadline(small, 'the push behind it', 400 * SLOWNESS);
  assert.equal(q.length, 2);
});

test('what waits and is aborted leaves no waiter on the words', async () => {
  const q = new SharedQueue({ capacity: 64, codec: 'bytes' });
  q.tryPush(new Uint8Array(50));
  const full = new AbortController();
  const push = q.push(new Uint8Array(50), { signal: full.signal });
  await settle();
  full.abort();
  await assert.rejects(push, { name: 'AbortError' });
  assert.equal(Atomics.notify(q.space, 0), 0);
  q.tryPop();
  const empty = new AbortController();
  const pops = [q.pop({ signal: empty.signal }), q.pop({ signal: empty.signal })];
  await settle();
  empty.abort();
  for (const pop of pops) await assert.rejects(pop, { name: 'AbortError' });
  assert.equal(Atomics.notify(q.items, 0), 0);
  const again = q.pop();
  q.tryPush(new Uint8Array([7]));
  assert.deepEqual(await deadline(again, 'the pop'), new Uint8Array([7]));
});
