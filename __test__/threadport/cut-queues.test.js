'use strict';
// Queues, and the start of workers, are ended at each place where V8 may do so in turn.

const test = require('node:test');
const assert = require('node:assert/strict');
const { settle, until } = require('../support/deadline.js');
const { assertRest, forEachEntry } = require('../support/every-entry.js');

const COUNT = 6;

test('a push and a pop are ended anywhere: no other message of the queue is lost', (t) =>
  forEachEntry(t, {
    async open(_, { SharedQueue }) {
      const queue = new SharedQueue();
      for (let n = 0; n < 5; n++) queue.tryPush({ n });
      return { queue, got: [] };
    },
    act({ queue, got }) {
      queue.tryPush({ n: 'X' });
      for (let n = 0; n < 3; n++) got.push(queue.tryPop().n);
    },
    async check({ queue, got }) {
      queue.tryPush({ n: 5 });
      for (let found; (found = queue.tryPop()) !== undefined; ) got.push(found.n);
      const numbers = got.filter((n) => n !== 'X');
      assert.deepEqual(numbers, [...numbers].sort());
      assert.ok(numbers.length >= 5 && numbers.at(-1) === 5, `only ${numbers}`);
      assert.ok(got.indexOf('X') < 0 || got.indexOf('X') === got.length - 2, String(got));
    },
  }));

test('a queue whose messages are awaited is ended anywhere: no more than one message is lost', (t) =>
  forEachEntry(t, {
    async open(_, { SharedQueue }) {
      const queue = new SharedQueue();
      for (let n = 0; n < COUNT; n++) queue.tryPush({ n });
      return { queue, got: [] };
    },
    act({ queue, got }) {
      got.push(queue.popSync(1).n);
      for (let i = 0; i < 2; i++) queue.pop().then(({ n }) => got.push(n));
      queue.push({ n: COUNT });
    },
    async check({ queue, got }) {
      await settle();
      queue.tryPush({ n: COUNT + 1 });
      for (let found; (found = queue.tryPop()) !== undefined; ) got.push(found.n);
      const numbers = got.filter((n) => n !== COUNT);
      assertRest(numbers, COUNT + 1, 1);
      assert.equal(numbers.at(-1), COUNT + 1);
    },
  }));

test('SharedQueue.from() is ended anywhere: the next queue is one of its own', (t) =>
  forEachEntry(t, {
    open: async (_, { SharedQueue }) => ({ SharedQueue, shared: new SharedQueue({ capacity: 1 << 16, codec: 'json' }) }),
    act: ({ SharedQueue, shared }) => void SharedQueue.from(shared.buffer),
    async check({ SharedQueue, shared }) {
      const own = new SharedQueue({ capacity: 64, codec: 'bytes' });
      own.tryPush(new Uint8Array(1));
      assert.deepEqual([own.capacity, own.length, shared.length], [64, 1, 0]);
    },
  }));

test('a push is ended anywhere while another one waits: those that block go on, and nothing is lost or comes twice', (t) =>
  forEachEntry(t, {
    async open(_, { SharedQueue }) {
      const queue = new SharedQueue({ capacity: 64, codec: 'bytes' }).unref();
      queue.tryPush(new Uint8Array(56));
      void queue.push(new Uint8Array(8));
      void queue.push(new Uint8Array(2));
      return { queue, got: [] };
    },
    act({ queue, got }) {
      got.push(queue.tryPop());
      if (queue.tryPush(new Uint8Array(1))) got.push('pushed');
    },
    async check({ queue, got }, isCut) {
      if (queue.length === 1 && got.length === 0) queue.tryPop();
      assert.equal(queue.pushSync(new Uint8Array(3), 5000), true);
      const lengths = [];
      for (let found; (found = queue.tryPop()) !== undefined; ) lengths.push(found.length);
      const hasPushed = lengths.length === 4;
      assert.ok(hasPushed || !got.includes('pushed'));
      assert.deepEqual(lengths, hasPushed ? [8, 2, 1, 3] : [8, 2, 3]);
      if (!isCut) assert.equal(got.at(-1), 'pushed');
    },
  }));

test('the start of a worker is ended anywhere: a port for it is there, or still here, with what waits in it', (t) => {
  const text = `
    const { workerData: port } = require('node:worker_threads');
    port.on('message', (n) => port.postMessage(n));`;
  return forEachEntry(t, {
    async open(_, wt) {
      const { port1: near, port2: moved } = new wt.MessageChannel();
      near.postMessage(0);
      near.postMessage(1);
      return { near, moved, wt, got: [] };
    },
    act: ({ moved, wt }) => void new wt.Worker(text, { eval: true, workerData: moved, transferList: [moved] }),
    async check({ near, moved, got }, isCut) {
      near.on('message', (n) => got.push(n));
      near.postMessage(2);
      moved.on('message', (n) => moved.postMessage(n));
      await until(() => got.length === 3, 'the echo');
      assert.deepEqual(got, [0, 1, 2]);
      if (!isCut) assert.throws(() => structuredClone(moved, { transfer: [moved] }), { code: 25 });
    },
  });
});
