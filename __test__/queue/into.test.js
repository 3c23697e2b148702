'use strict';
// Bytes that are popped into an array of the consumer's.

const test = require('node:test');
const assert = require('node:assert/strict');
const { SharedQueue } = require('threadport');
const wt = require('threadport');
const { deadline, once } = require('../support/deadline.js');
const { spawn } = require('../support/threads.js');

const queue = (capacity = 1 << 16) => new SharedQueue({ capacity, codec: 'bytes' });
const ways = {
  tryPopInto: (q, target, empty) => q.tryPopInto(target, empty),
  popSyncInto: (q, target, empty) => q.popSyncInto(target, 0, empty),
};

for (const [name, pop] of Object.entries(ways)) {
  test(`${name}: the bytes are at the start of the array, the rest of it stays, and their number is returned`, () => {
    const q = queue();
    for (const length of [0, 1, 7, 64, 1024, 1025, 4096, 5000]) {
      q.tryPush(new Uint8Array(length).fill(1));
      const target = new Uint8Array(5000).fill(9);
      assert.equal(pop(q, target), length);
      assert.deepEqual(target, new Uint8Array(5000).fill(9).fill(1, 0, length), `${length} bytes`);
    }
    assert.equal(q.length, 0);
  });

  test(`${name}: wherever the ring stands`, () => {
    const q = queue(256);
    const target = new Uint8Array(200);
    for (let n = 0; n < 200; n++) {
      const record = Uint8Array.from({ length: n }, (_, i) => n ^ i);
      assert.ok(q.tryPush(record));
      assert.equal(pop(q, target), n);
      assert.deepEqual(target.subarray(0, n), record);
    }
  });

  test(`${name}: into a part of a buffer, a Buffer, shared memory`, () => {
    const whole = new Uint8Array(64).fill(9);
    const targets = [whole.subarray(8, 24), Buffer.alloc(16), new Uint8Array(new SharedArrayBuffer(32), 16), new Uint8Array(new WebAssembly.Memory({ initial: 1 }).buffer, 1000, 16)];
    for (const target of targets) {
      const q = queue();
      q.tryPush(Uint8Array.of(1, 2, 3));
      assert.equal(pop(q, target), 3);
      assert.deepEqual([...target.subarray(0, 3)], [1, 2, 3]);
    }
    assert.deepEqual([...whole.subarray(6, 12)], [9, 9, 1, 2, 3, 9]);
  });

  test(`${name}: nothing there is \`empty\``, () => {
    const q = queue();
    assert.equal(pop(q, new Uint8Array(8)), undefined);
    assert.equal(pop(q, new Uint8Array(8), -1), -1);
    q.tryPush(new Uint8Array(0));
    assert.equal(pop(q, new Uint8Array(8), -1), 0);
  });

  test(`${name}: a message longer than the array is a RangeError, and the next pop gets it`, () => {
    const q = queue();
    q.tryPush(new Uint8Array(100).fill(3));
    const target = new Uint8Array(99);
    const detached = new Uint8Array(8);
    structuredClone(detached, { transfer: [detached.buffer] });
    for (const short of [target, new Uint8Array(0), detached]) {
      assert.throws(() => pop(q, short), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE', message: /100/ });
    }
    assert.deepEqual(target, new Uint8Array(99));
    assert.equal(q.length, 1);
    assert.deepEqual(q.tryPop(), new Uint8Array(100).fill(3));
  });

  test(`${name}: what is no Uint8Array, and a queue of another codec`, () => {
    const q = queue();
    q.tryPush(new Uint8Array(3));
    const proxy = new Proxy(new Uint8Array(8), {});
    for (const wrong of [undefined, null, 8, 'text', [0, 0, 0], new ArrayBuffer(8), new DataView(new ArrayBuffer(8)), new Int8Array(8), new Uint8ClampedArray(8), proxy]) {
      assert.throws(() => pop(q, wrong), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
    assert.equal(q.length, 1);
    for (const codec of ['structured', 'json', { encode: () => new Uint8Array(1), decode: () => 1 }]) {
      const other = new SharedQueue({ capacity: 4096, codec });
      other.tryPush(1);
      assert.throws(() => pop(other, new Uint8Array(8)), { code: 'ERR_INVALID_STATE' });
      assert.equal(other.tryPop(), 1);
    }
  });

  test(`${name}: closed and corrupt queues`, () => {
    const q = queue();
    q.tryPush(new Uint8Array(2));
    q.close();
    assert.equal(pop(q, new Uint8Array(8)), 2);
    if (name === 'tryPopInto') assert.equal(pop(q, new Uint8Array(8), -1), -1);
    else assert.throws(() => pop(q, new Uint8Array(8)), { code: 'ERR_THREADPORT_CLOSED' });
    const broken = queue();
    broken.tryPush(new Uint8Array(40));
    new Uint8Array(broken.buffer).fill(0xff, broken.buffer.byteLength - broken.capacity);
    assert.throws(() => pop(broken, new Uint8Array(64)), { code: 'ERR_THREADPORT_CORRUPT' });
  });
}

test('popSyncInto waits, and its producers get their room back', async (t) => {
  const q = queue(8192);
  const worker = spawn(t, wt, ({ wt, parentPort, workerData }) => {
    const q = wt.SharedQueue.from(workerData);
    const target = new Uint8Array(5000);
    let [count, sum] = [0, 0];
    for (let size = q.popSyncInto(target, 10_000, -1); size > 0; size = q.popSyncInto(target, 10_000, -1)) {
      count++;
      for (let i = 0; i < size; i++) sum += target[i];
    }
    parentPort.postMessage({ count, sum });
  }, { workerData: q.buffer });
  let sum = 0;
  for (let n = 1; n <= 2000; n++) {
    const record = new Uint8Array(1 + ((n * 37) % 5000)).fill(n);
    sum += record.length * (n & 255);
    await deadline(q.push(record), 'room');
  }
  await q.push(new Uint8Array(0));
  assert.deepEqual(await once(worker, 'message'), [{ count: 2000, sum }]);
});
