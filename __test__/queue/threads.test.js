'use strict';
// The queue between threads: blocking, with promises, by the two words alone, and while threads are ended.

const test = require('node:test');
const assert = require('node:assert/strict');
const v8 = require('node:v8');
const vm = require('node:vm');
const { Worker } = require('node:worker_threads');
const { SharedQueue } = require('threadport');
const { copyOfPackage } = require('../support/copy.js');
const { deadline, once, until } = require('../support/deadline.js');
const { modulePath } = require('../support/threads.js');

v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');

/** A stock worker that runs `body({ queues, data, SharedQueue, parentPort })`; `queues` are attached over there. */
function spawn(t, body, queues, data, options = {}) {
  const worker = new Worker(`
    const { parentPort, workerData: { buffers, data, modulePath } } = require('node:worker_threads');
    const { SharedQueue } = require(modulePath);
    const codec = ${options.codec ?? 'undefined'};
    const queues = buffers.map((buffer) => SharedQueue.from(buffer, { codec }));
    (${body})({ queues, data, SharedQueue, parentPort });
  `, { eval: true, workerData: { buffers: queues.map((q) => q.buffer), data, modulePath } });
  const ended = new Promise((resolve, reject) => worker.once('error', reject).once('exit', resolve));
  ended.catch(() => {});
  t.after(() => worker.terminate());
  return { worker, ended, exited: () => deadline(ended, "the worker's exit", 30_000) };
}

test('a worker without an event loop pulls work that main pushes, and pushes back', async (t) => {
  const [work, results] = [new SharedQueue({ capacity: 4096 }), new SharedQueue({ capacity: 4096 })];
  const { exited } = spawn(t, ({ queues: [work, results] }) => {
    for (let n; (n = work.popSync()) !== null; ) results.pushSync({ n, square: n * n });
  }, [work, results]);
  const seen = [];
  const reading = (async () => {
    while (seen.length < 2000) seen.push(await results.pop());
  })();
  for (let n = 0; n < 2000; n++) await work.push(n);
  await work.push(null);
  await deadline(reading, 'the results', 30_000);
  assert.deepEqual(seen, Array.from({ length: 2000 }, (_, n) => ({ n, square: n * n })));
  assert.equal(await exited(), 0);
});

test('main blocks until a worker answers', async (t) => {
  const [there, back] = [new SharedQueue({ capacity: 1024 }), new SharedQueue({ capacity: 1024 })];
  const { exited } = spawn(t, ({ queues: [there, back] }) => {
    for (let n = 0; n < 300; n++) back.pushSync(there.popSync() + 1);
  }, [there, back]);
  for (let n = 0; n < 300; n++) {
    there.pushSync(n);
    assert.equal(back.popSync(10_000), n + 1);
  }
  assert.equal(await exited(), 0);
});

for (const [name, codec, make, size] of [
  ['structured', 'structured', 'n => ({ id, n, text: "x".repeat(n % 50) })', 'v => v.text.length === v.n % 50'],
  ['bytes', 'bytes', 'n => new Uint8Array(Int32Array.from({ length: 2 + n % 400 }, (_, i) => (i === 0 ? id : n)).buffer)', 'v => true'],
]) {
  test(`${name}: four producers and four consumers, blocking and with promises: each message once, in the order of its producer`, async (t) => {
    const EACH = 3000;
    const q = new SharedQueue({ capacity: 8192, codec });
    const sum = new SharedQueue({ capacity: 1 << 16 });
    const producer = `async ({ queues: [q], data: { id, each } }) => {
      const make = ${make};
      for (let n = 0; n < each; n++) {
        if (id % 2) q.pushSync(make(n));
        else await q.push(make(n));
      }
    }`;
    const consumer = `async ({ queues: [q], data: { id } , SharedQueue }) => {
      const { workerData } = require('node:worker_threads');
      const sum = SharedQueue.from(workerData.data.sum);
      const read = ${name === 'bytes' ? '(v) => { const w = new Int32Array(v.buffer); if (w.subarray(2).some((x) => x !== w[1]) || w.length !== 2 + w[1] % 400) throw new Error("torn"); return { id: w[0], n: w[1] }; }' : `(v) => { if (!(${size})(v)) throw new Error("torn"); return v; }`};
      const last = new Map();
      const seen = [];
      const take = (value) => {
        const { id, n } = read(value);
        if (n <= (last.get(id) ?? -1)) throw new Error('out of order');
        last.set(id, n);
        seen.push(id * 1e6 + n);
      };
      if (id === 0) for await (const value of q) take(value);
      else if (id === 1) { try { for (;;) take(await q.pop()); } catch (error) { if (error.code !== 'ERR_THREADPORT_CLOSED') throw error; } }
      else { try { for (;;) { take(q.popSync()); q.popMany(3).forEach(take); } } catch (error) { if (error.code !== 'ERR_THREADPORT_CLOSED') throw error; } }
      for (let i = 0; i < seen.length; i += 500) await sum.push(seen.slice(i, i + 500));
    }`;
    const consumers = [0, 1, 2, 3].map((id) => spawn(t, consumer, [q], { id, sum: sum.buffer }));
    const producers = [0, 1, 2, 3].map((id) => spawn(t, producer, [q], { id, each: EACH }));
    const all = [];
    const reading = (async () => {
      while (all.length < 4 * EACH) all.push(...(await sum.pop()));
    })();
    for (const { exited } of producers) assert.equal(await exited(), 0);
    q.close();
    await deadline(Promise.race([reading, ...consumers.map(({ ended }) => ended.then(() => reading))]), 'all messages', 30_000);
    for (const { exited } of consumers) assert.equal(await exited(), 0);
    all.sort((a, b) => a - b);
    assert.deepEqual(all, [0, 1, 2, 3].flatMap((id) => Array.from({ length: EACH }, (_, n) => id * 1e6 + n)));
    assert.equal(q.bytesUsed, 0);
  });
}

test('the two words without the library: read the word, try, wait on the value that was read', async (t) => {
  const q = new SharedQueue({ capacity: 4096 });
  // A hand-written worker has nothing but the word. What it tries is its own affair: here, a counter of messages that the
  // library has taken on its behalf.
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(`
    const { parentPort, workerData: { items, taken } } = require('node:worker_threads');
    for (let done = 0; done < 100; ) {
      const seen = Atomics.load(items, 0);
      const now = Atomics.load(taken, 0);
      if (now > done) { done = now; parentPort.postMessage(done); continue; }
      Atomics.wait(items, 0, seen);
    }
  `, { eval: true, workerData: { items: q.items, taken } });
  t.after(() => worker.terminate());
  const exited = once(worker, 'exit', 30_000);
  let told = 0;
  worker.on('message', (n) => (told = n));
  for (let n = 1; n <= 100; n++) {
    Atomics.add(taken, 0, 1);
    q.tryPush(n);
    if (n % 10 === 0) await until(() => told >= n, `message ${n}`);
  }
  await exited;
  assert.equal(told, 100);
});

test('the two words with waitAsync: `items` after a push, `space` after a pop', async () => {
  const q = new SharedQueue({ capacity: 64, codec: 'bytes' });
  const { items, space } = q;
  assert.deepEqual([items.length, space.length, items.buffer === q.buffer], [1, 1, true]);
  const change = (word, act) => {
    const result = Atomics.waitAsync(word, 0, Atomics.load(word, 0));
    act();
    return deadline(Promise.race([result.value, new Promise((_, reject) => setTimeout(reject, 5000, new Error('not woken')).unref())]), 'the word', 6000);
  };
  const alive = setInterval(() => {}, 1000);
  for (let n = 0; n < 5; n++) {
    assert.equal(await change(items, () => q.tryPush(new Uint8Array(8))), 'ok');
    assert.equal(await change(space, () => q.tryPop()), 'ok');
  }
  assert.equal(await change(items, () => q.close()), 'ok');
  clearInterval(alive);
});

test('read the word, try, wait on the value that was read: a loop of Atomics.waitAsync takes all that a worker pushes, and pushes all that it takes', async (t) => {
  const [there, back] = [new SharedQueue({ capacity: 256 }), new SharedQueue({ capacity: 256 })];
  spawn(t, '({ queues: [there, back] }) => { for (let n = 0; n < 500; n++) back.pushSync(there.popSync()); }', [there, back]);
  const alive = setInterval(() => {}, 1000);
  t.after(() => clearInterval(alive));
  /** The rule, as docs/memory-model.md has it. */
  const when = async (word, attempt) => {
    for (;;) {
      const seen = Atomics.load(word, 0);
      const result = attempt();
      if (result !== false) return result;
      const { async, value } = Atomics.waitAsync(word, 0, seen, 20_000);
      if (async) assert.equal(await value, 'ok', 'woken, not timed out');
    }
  };
  const push = async () => {
    for (let n = 0; n < 500; n++) await when(there.space, () => there.tryPush(n));
  };
  const pop = async () => {
    for (let n = 0; n < 500; n++) assert.equal(await when(back.items, () => back.tryPop(false)), n);
  };
  await deadline(Promise.all([push(), pop()]), 'the loops', 60_000);
});

test('close() wakes all who wait: blocked workers, blocked producers, promises', async (t) => {
  const [empty, full] = [new SharedQueue({ capacity: 64, codec: 'bytes' }), new SharedQueue({ capacity: 64, codec: 'bytes' })];
  full.tryPush(new Uint8Array(56));
  const blocked = `({ queues: [empty, full], data, parentPort }) => {
    parentPort.postMessage('ready');
    try { data === 'pop' ? empty.popSync() : full.pushSync(new Uint8Array(56)); } catch (error) { parentPort.postMessage(error.code); }
  }`;
  const workers = ['pop', 'pop', 'push', 'push'].map((what) => spawn(t, blocked, [empty, full], what));
  const answers = workers.map(({ worker }) => new Promise((resolve) => worker.on('message', (m) => m !== 'ready' && resolve(m))));
  await Promise.all(workers.map(({ worker }) => once(worker, 'message')));
  const waiting = assert.rejects(empty.pop(), { code: 'ERR_THREADPORT_CLOSED' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  empty.close();
  full.close();
  assert.deepEqual(await deadline(Promise.all(answers), 'the blocked workers'), Array(4).fill('ERR_THREADPORT_CLOSED'));
  await deadline(waiting, 'the pop');
});

test('terminate() ends a blocked pop and a blocked push at once', async (t) => {
  const q = new SharedQueue({ capacity: 64, codec: 'bytes' });
  const full = new SharedQueue({ capacity: 64, codec: 'bytes' });
  full.tryPush(new Uint8Array(56));
  for (const body of ['({ queues: [q], parentPort }) => { parentPort.postMessage(1); q.popSync(); }', '({ queues: [, full], parentPort }) => { parentPort.postMessage(1); full.pushSync(new Uint8Array(56)); }']) {
    const { worker, exited } = spawn(t, body, [q, full]);
    await once(worker, 'message');
    await deadline(worker.terminate(), 'terminate()');
    await exited();
  }
  q.tryPush(new Uint8Array([1]));
  assert.deepEqual(q.tryPop(), new Uint8Array([1]));
});

/** Ends workers in the middle of traffic and looks whether the others go on, with whole messages. */
test('workers that are terminated under traffic wedge nobody and tear nothing', async (t) => {
  const q = new SharedQueue({ capacity: 4096 });
  const counted = new Int32Array(new SharedArrayBuffer(8));
  const body = `async ({ queues: [q], data: { what, counted, id } }) => {
    const text = (n) => 'abc'.repeat(n % 100);
    if (what === 'push') for (let n = 0; ; n++) {
      const value = { id, n, text: text(n), blob: n % 7 === 0 ? new Uint8Array(2100).fill(n) : null };
      if (n % 3) q.pushSync(value); else await q.push(value);
    }
    for (let n = 0; ; n++) {
      const value = n % 3 ? q.popSync() : await q.pop();
      if (value.text !== text(value.n) || (value.blob && value.blob[2099] !== (value.n & 255))) Atomics.store(counted, 1, 1);
      Atomics.add(counted, 0, 1);
    }
  }`;
  const all = [];
  const start = (what, id) => {
    const one = spawn(t, body, [q], { what, counted, id });
    all.push(one.ended);
    return one;
  };
  const stay = [start('push', 0), start('pop', 1)];
  for (let round = 0; round < 30; round++) {
    const mortal = [start('push', round), start('pop', round)];
    const before = Atomics.load(counted, 0);
    await until(() => Atomics.load(counted, 0) > before + 50, 'traffic', 20_000);
    await new Promise((resolve) => setTimeout(resolve, round % 7));
    for (const { worker } of mortal) await deadline(worker.terminate(), 'terminate()');
    const after = Atomics.load(counted, 0);
    await until(() => Atomics.load(counted, 0) > after + 50, 'traffic after terminate()', 20_000);
  }
  for (const { worker } of stay) await deadline(worker.terminate(), 'terminate()');
  await Promise.all(all);
  assert.equal(Atomics.load(counted, 1), 0, 'a torn message');
  q.popMany(Infinity);
  assert.deepEqual([q.length, q.bytesUsed], [0, 0]);
  q.tryPush('usable');
  assert.equal(q.tryPop(), 'usable');
});

test('attachments that nobody keeps are collected, and the memory with them', async () => {
  const before = process.memoryUsage().arrayBuffers;
  for (let n = 0; n < 100; n++) {
    const q = new SharedQueue({ capacity: 1 << 20 });
    q.tryPush(n);
    assert.equal(SharedQueue.from(q.buffer).tryPop(), n);
  }
  const isFree = () => {
    gc();
    return process.memoryUsage().arrayBuffers < before + (10 << 20);
  };
  await until(isFree, 'the memory to be collected');
});

test('another copy of the package: queues of bytes are shared, structured ones are refused', (t) => {
  const other = require(copyOfPackage(t)).SharedQueue;
  const bytes = new SharedQueue({ codec: 'bytes' });
  other.from(bytes.buffer).tryPush(new Uint8Array([1, 2]));
  assert.deepEqual(bytes.tryPop(), new Uint8Array([1, 2]));
  assert.throws(() => other.from(new SharedQueue().buffer), { code: 'ERR_INVALID_ARG_VALUE', message: /another/ });
});

test('popMany(Infinity) ends while others go on pushing: it takes what was there', async (t) => {
  const capacity = 1 << 12;
  const q = new SharedQueue({ capacity, codec: 'bytes' });
  for (let i = 0; i < 2; i++) {
    spawn(t, ({ queues: [there] }) => {
      const bytes = new Uint8Array(8);
      for (;;) there.pushSync(bytes);
    }, [q]);
  }
  await until(() => q.bytesUsed === capacity, 'a full queue');
  for (let i = 0; i < 50; i++) {
    const { length } = q.popMany(Infinity);
    // As one was taken another may have come.
    assert.ok(length <= capacity / 16 + 1, `${length} messages`);
    q.popSync(5000);
  }
});
