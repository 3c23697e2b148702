'use strict';
// receiveAny and receiveAnySync: ports and queues together.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { deadline, settle } = require('../support/deadline.js');
const { farThread } = require('../support/far.js');
const { nearTheEnd } = require('../support/near-the-end.js');
const { run } = require('../support/program.js');
const { channel, exited, spawn } = require('../support/threads.js');
const { unreadable } = require('../support/unreadable.js');

const { SharedQueue, receiveAny, receiveAnySync } = wt;
const MS = 10_000;

/** A worker that posts and pushes what it is told to, from a loop that never turns. */
function actor(t) {
  const orders = new SharedQueue();
  const queue = new SharedQueue();
  const { port1, port2 } = channel(t, wt);
  const other = channel(t, wt);
  const worker = spawn(t, wt, ({ wt, workerData: { orders, queue, port, other } }) => {
    const [todo, target] = [wt.SharedQueue.from(orders), wt.SharedQueue.from(queue)];
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let order; (order = todo.popSync()) !== null; ) {
      const [where, value, ms] = order;
      if (ms > 0) Atomics.wait(pause, 0, 0, ms);
      if (where === 'queue') target.pushSync(value);
      else if (where === 'port') port.postMessage(value);
      else if (where === 'other') other.postMessage(value);
      else if (where === 'carried') port.postMessage(new SharedArrayBuffer(value));
      else if (where === 'close') {
        port.close();
        other.close();
        target.close();
      }
    }
  }, { workerData: { orders: orders.buffer, queue: queue.buffer, port: port2, other: other.port2 }, transferList: [port2, other.port2] });
  return { worker, queue, port: port1, other: other.port1, tell: (...order) => orders.pushSync(order), end: () => orders.pushSync(null) };
}

const waits = {
  receiveAnySync: async (sources, options) => receiveAnySync(sources, options),
  receiveAny: (sources, options) => deadline(receiveAny(sources, options), 'a message'),
};

for (const [name, receive] of Object.entries(waits)) {
  test(`${name}: whichever has a message, each message once`, async (t) => {
    const { worker, queue, port, other, tell, end } = actor(t);
    const sources = [port, queue, other];
    for (const ms of [0, 15]) {
      for (const [where, value] of [['port', 1], ['queue', 2], ['other', 3], ['carried', 4], ['queue', 5], ['port', 6]]) {
        tell(where, value, ms);
        const { source, value: got } = await receive(sources, { timeout: MS });
        assert.equal(source, { port, queue, other, carried: port }[where]);
        assert.equal(where === 'carried' ? got.byteLength : got, value);
      }
    }
    assert.equal(await receive(sources, { timeout: 1 }), undefined);
    assert.equal(await receive(sources, { timeout: 0 }), undefined);
    end();
    assert.equal(await exited(worker), 0);
  });

  test(`${name}: ports alone, and within one thread`, async (t) => {
    const { port, other, tell, end } = actor(t);
    const local = channel(t, wt);
    tell('other', 'far', 10);
    assert.deepEqual(await receive([port, other], { timeout: MS }), { source: other, value: 'far' });
    local.port2.postMessage('near');
    assert.deepEqual(await receive([port, local.port1, other], { timeout: MS }), { source: local.port1, value: 'near' });
    end();
  });

  test(`${name}: no source that always has something keeps the others waiting`, async (t) => {
    const { port, other, queue, tell, end } = actor(t);
    for (let n = 0; n < 300; n++) for (const where of ['port', 'other', 'queue']) tell(where, n);
    const counts = new Map([[port, 0], [other, 0], [queue, 0]]);
    for (let n = 0; n < 300; n++) {
      const { source, value } = await receive([port, other, queue], { timeout: MS });
      assert.equal(value, counts.get(source));
      counts.set(source, value + 1);
    }
    for (const count of counts.values()) assert.ok(count > 30, `${[...counts.values()]}`);
    end();
  });

  test(`${name}: of ten sources, two neighbours that always have something share evenly`, async (t) => {
    const pairs = Array.from({ length: 10 }, () => channel(t, wt));
    const sources = pairs.map(({ port1 }) => port1);
    const busy = [4, 5];
    const counts = Array.from(sources, () => 0);
    for (const index of busy) pairs[index].port2.postMessage(index);
    for (let n = 0; n < 2000; n++) {
      const { source, value } = await receive(sources, { timeout: MS });
      assert.equal(source, sources[value]);
      counts[value]++;
      pairs[value].port2.postMessage(value);
    }
    for (const index of busy) assert.ok(counts[index] >= 600, `${counts}`);
  });

  test(`${name}: a source that is closed is left out; when all are, ERR_THREADPORT_CLOSED`, async (t) => {
    const { port, other, queue, tell, end } = actor(t);
    const local = new SharedQueue();
    local.close();
    tell('port', 'last');
    tell('close', 0, 10);
    end(); // As of the built-in, a close takes a turn of the loop.
    assert.deepEqual(await receive([port, local], { timeout: MS }), { source: port, value: 'last' });
    await assert.rejects(receive([port, other, queue, local], { timeout: MS }), { code: 'ERR_THREADPORT_CLOSED' });
    await assert.rejects(receive([port, other, queue], {}), { code: 'ERR_THREADPORT_CLOSED' });
    await assert.rejects(receive([local]), { code: 'ERR_THREADPORT_CLOSED' });
  });

  test(`${name}: bad arguments are refused, and nothing is received`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    port2.postMessage('kept');
    const type = { code: 'ERR_INVALID_ARG_TYPE' };
    for (const sources of [undefined, null, 1, port1, {}, new Set([port1])]) await assert.rejects(receive(sources), type);
    for (const source of [undefined, null, 1, {}, new (require('node:worker_threads').MessageChannel)().port1.close, new SharedQueue().buffer]) {
      await assert.rejects(receive([port1, source]), type);
    }
    await assert.rejects(receive([]), { code: 'ERR_INVALID_ARG_VALUE' });
    for (const options of [null, 1, { signal: {} }, { timeout: '1' }]) await assert.rejects(receive([port1], options), type);
    for (const timeout of [NaN, -1]) await assert.rejects(receive([port1], { timeout }), { code: 'ERR_OUT_OF_RANGE' });
    await assert.rejects(receive([port1], { signal: AbortSignal.abort(new Error('already')) }), { message: 'already' });
    assert.equal(port1.receiveSync(), 'kept');
  });

  test(`${name}: a value that cannot be deserialized is its error; the next one comes`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const post = await unreadable(t, wt, port2);
    await post();
    await assert.rejects(receive([port1]), /Maximum call stack/);
    assert.deepEqual(await receive([port1]), { source: port1, value: 'next' });
  });
}

test('receiveAnySync: nothing can come from this very thread', (t) => {
  const { port1 } = channel(t, wt);
  assert.throws(() => receiveAnySync([port1]), { code: 'ERR_THREADPORT_DEADLOCK' });
  assert.equal(receiveAnySync([port1], { timeout: 1 }), undefined);
});

test('receiveAny: a timeout that is longer than a timer can be is waited for in parts', async () => {
  const program = `
    const delays = [];
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (callback, ms) => {
      delays.push(ms);
      return setTimeout(callback, 1);
    };
    const { MessageChannel, receiveAny } = require('threadport');
    const { port1 } = new MessageChannel();
    (async () => {
      for (const timeout of [2 ** 31 - 1, 2 ** 31, 2 ** 33]) {
        const value = await receiveAny([port1], { timeout });
        console.log(value, delays.every((ms) => ms <= 2 ** 31 - 1), delays.splice(0).reduce((sum, ms) => sum + ms) === timeout);
      }
    })();`;
  const { code, stdout, stderr } = await run(['-e', program]);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: 'undefined true true\n'.repeat(3), stderr: '' });
});

test('receiveAny: a message comes to who waits longer than a timer can', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const pending = receiveAny([port1], { timeout: 2 ** 31 });
  setTimeout(() => port2.postMessage('late'), 30);
  assert.deepEqual(await deadline(pending, 'a message'), { source: port1, value: 'late' });
});

test('receiveAny: an aborted wait takes nothing and leaves nothing behind', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const queue = new SharedQueue();
  const controller = new AbortController();
  const pending = receiveAny([port1, queue], { signal: controller.signal, timeout: 60_000 });
  controller.abort(new Error('changed my mind'));
  await assert.rejects(pending, { message: 'changed my mind' });
  for (const event of ['message', 'messageerror', 'close']) assert.equal(port1.listenerCount(event), 0);
  port2.postMessage('kept');
  queue.tryPush('kept too');
  await new Promise(setImmediate);
  assert.equal(port1.receiveSync(), 'kept');
  assert.equal(queue.tryPop(), 'kept too');
});

test('receiveAny: of two messages that come at once one stays where it is', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const queue = new SharedQueue();
  const pending = receiveAny([port1, queue]);
  port2.postMessage('by the port');
  queue.tryPush('by the queue');
  const first = await deadline(pending, 'a message');
  const second = await deadline(receiveAny([port1, queue]), 'the other message');
  assert.deepEqual([first.value, second.value].sort(), ['by the port', 'by the queue']);
  assert.equal(await receiveAny([port1, queue], { timeout: 5 }), undefined);
});

test('two calls that wait for one queue are served in turn', async () => {
  const queue = new SharedQueue();
  const pending = [receiveAny([queue]), queue.pop(), receiveAny([queue])];
  for (const value of [1, 2, 3]) queue.tryPush(value);
  const [first, second, third] = await deadline(Promise.all(pending), 'three messages');
  assert.deepEqual([first.value, second, third.value], [1, 2, 3]);
});

test('receiveAnySync near the end of the stack: what comes is in order', async (t) => {
  const COUNT = 40;
  const farm = farThread(t, wt);
  for (let round = 0; round < 10; round++) {
    const { port1: near, port2 } = channel(t, wt);
    // By this the other end knows that somebody reads.
    void near.signal;
    const far = await farm.adopt(port2);
    far.run(({ port }, count) => {
      for (let n = 0; n < count; n++) port.postMessage(n % 2 ? Object.assign(Object.create({ of: 'a class' }), { n }) : { n });
    }, COUNT);
    await settle();
    const got = [];
    nearTheEnd(round, () => got.push(wt.receiveAnySync([near], { timeout: 0 }).value.n), 5);
    for (let found; (found = near.receiveSync(100)) !== undefined; ) got.push(found.n);
    assert.deepEqual(got, [...got].sort((a, b) => a - b));
    assert.equal(got.at(-1), COUNT - 1);
  }
});
