'use strict';
// What runs between two messages, in which async context, and what a throwing handler does.

const test = require('node:test');
const assert = require('node:assert/strict');
const { AsyncLocalStorage, createHook, executionAsyncResource } = require('node:async_hooks');
const stock = require('node:worker_threads');
const { channel, spawn } = require('../support/threads.js');
const { deadline, inbox, once, until } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const plain = (n) => n;
const mixed = (n) => (n % 2 ? { n, shared: new SharedArrayBuffer(1) } : n);

for (const [kind, make] of [['fast', plain], ['fast and carried', mixed]]) {
  for (const face of ['on', 'onmessage', 'addEventListener']) {
    test(`nextTick and microtasks drain between two ${kind} messages (${face})`, async (t) => {
      const { port1, port2 } = channel(t, wt);
      const log = [];
      const handler = (value) => {
        const n = value.n ?? value;
        log.push(`message ${n}`);
        process.nextTick(() => {
          log.push(`tick ${n}`);
          Promise.resolve().then(() => log.push(`micro of tick ${n}`));
        });
        queueMicrotask(() => {
          log.push(`micro ${n}`);
          process.nextTick(() => log.push(`tick of micro ${n}`));
        });
      };
      if (face === 'on') port2.on('message', handler);
      else if (face === 'onmessage') port2.onmessage = ({ data }) => handler(data);
      else port2.addEventListener('message', ({ data }) => handler(data));
      port2.on('message', (value) => log.push(`second listener ${value.n ?? value}`));
      for (let n = 0; n < 5; n++) port1.postMessage(make(n));
      await until(() => log.includes('tick of micro 4'), 'the last tick');
      assert.deepEqual(log, sequence(5).flatMap((n) => [
        `message ${n}`, `second listener ${n}`, `tick ${n}`, `micro ${n}`, `micro of tick ${n}`, `tick of micro ${n}`,
      ]));
    });
  }
}

test('a chain of a hundred promises in a handler ends before the next message', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  port2.on('message', async (n) => {
    for (let step = 0; step < 100; step++) await null;
    log.push(`after ${n}`);
  });
  port2.on('message', (n) => log.push(`before ${n}`));
  for (let n = 0; n < 3; n++) port1.postMessage(n);
  await until(() => log.length === 6, 'three messages');
  assert.deepEqual(log, ['before 0', 'after 0', 'before 1', 'after 1', 'before 2', 'after 2']);
});

test('microtasks drain between messages from another thread too', async (t) => {
  const { port1, port2 } = channel(t, wt);
  spawn(t, wt, ({ workerData: port }) => {
    for (let n = 0; n < 500; n++) port.postMessage(n);
  }, { workerData: port2, transferList: [port2] });
  let pending = 0;
  let most = 0;
  let count = 0;
  port1.on('message', () => {
    count++;
    pending++;
    most = Math.max(most, pending);
    queueMicrotask(() => pending--);
  });
  await until(() => count === 500, '500 messages');
  assert.equal(most, 1);
});

/** Runs `body` in a worker that logs its uncaught exceptions, and gives the log that it posts. */
async function logOf(t, module, body) {
  const worker = spawn(t, module, body, { module: module === stock ? 'node:worker_threads' : undefined });
  const [log] = await once(worker, 'message');
  return log;
}

const THROWING_FACES = {
  on: (add) => add.on,
  onmessage: (add) => add.onmessage,
  addEventListener: (add) => add.addEventListener,
};

for (const face of Object.keys(THROWING_FACES)) {
  test(`an exception in a handler is an uncaughtException, other listeners and the next message still come (${face})`, async (t) => {
    const body = `({ wt, parentPort }) => {
      const { port1, port2 } = new wt.MessageChannel();
      const log = [];
      process.on('uncaughtException', (error, origin) => log.push([error.message, origin]));
      const thrower = (value) => {
        value = value.data ?? value;
        log.push('message ' + value);
        if (value === 'end') parentPort.postMessage(log);
        if (value < 2) throw new Error('from ' + value);
      };
      const add = {
        on: () => port2.on('message', thrower),
        onmessage: () => { port2.onmessage = thrower; },
        addEventListener: () => port2.addEventListener('message', thrower),
      };
      add['${face}']();
      port2.on('message', (value) => log.push('second ' + value));
      for (const value of [0, 1, 2]) port1.postMessage(value);
      port1.postMessage('end');
      setImmediate(() => port1.close());
    }`;
    const log = await logOf(t, wt, body);
    assert.deepEqual(log, [
      'message 0', 'second 0', ['from 0', 'uncaughtException'],
      'message 1', 'second 1', ['from 1', 'uncaughtException'],
      'message 2', 'second 2', 'message end',
    ]);
    assert.deepEqual(log, await logOf(t, stock, body));
  });
}

for (const failing of [
  ['an async handler that rejects', "async (n) => { await null; if (n < 2) throw new Error('rejected ' + n); }"],
  ['a handler that returns a rejected promise', "(n) => n < 2 ? Promise.reject(new Error('rejected ' + n)) : null"],
  ['a handler that throws undefined', '(n) => { if (n < 2) throw undefined; }'],
  ['a handler that throws in nextTick', "(n) => process.nextTick(() => { if (n < 2) throw new Error('tick ' + n); })"],
  ['a handler that throws in a microtask', "(n) => queueMicrotask(() => { if (n < 2) throw new Error('micro ' + n); })"],
  ['a handler that leaves a rejection unhandled', "(n) => { if (n < 2) Promise.reject(new Error('unhandled ' + n)); }"],
]) {
  test(`${failing[0]} has the outcome of the built-in, and the next message comes`, async (t) => {
    const body = `({ wt, parentPort }) => {
      const { port1, port2 } = new wt.MessageChannel();
      const log = [];
      process.on('uncaughtException', (error, origin) => log.push([String(error && error.message), origin]));
      port2.on('message', (n) => log.push('message ' + n));
      port2.on('message', ${failing[1]});
      port2.on('message', (n) => n === 3 && setImmediate(() => { port1.close(); parentPort.postMessage(log); }));
      for (let n = 0; n < 4; n++) port1.postMessage(n);
    }`;
    const log = await logOf(t, wt, body);
    assert.deepEqual(log.filter((entry) => typeof entry === 'string'), sequence(4).map((n) => `message ${n}`));
    assert.deepEqual(log, await logOf(t, stock, body));
  });
}

test('an exception in a handler of parentPort: the worker goes on when it handles uncaughtException', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => {
    process.on('uncaughtException', ({ message }) => parentPort.postMessage(`caught ${message}`));
    parentPort.on('message', (value) => {
      if (value === 'throw') throw new Error('thrown');
      parentPort.postMessage(value);
    });
  });
  const mail = inbox(worker);
  for (const value of ['a', 'throw', 'b']) worker.postMessage(value);
  assert.deepEqual(await mail.take(3), ['a', 'caught thrown', 'b']);
});

test('handlers run in the async context in which the port was created', async (t) => {
  const storage = new AsyncLocalStorage();
  const pair = storage.run('created', () => channel(t, wt));
  const seen = [];
  storage.run('listened', () => {
    pair.port2.on('message', () => seen.push(storage.getStore(), executionAsyncResource() === pair.port2));
    pair.port2.addEventListener('message', () => seen.push(storage.getStore()));
  });
  storage.run('posted', () => pair.port1.postMessage(1));
  await until(() => seen.length === 3, 'the message');
  assert.deepEqual(seen, ['created', true, 'created']);
  const closed = new Promise((resolve) => pair.port1.on('close', () => resolve(storage.getStore())));
  storage.run('closed', () => pair.port2.close());
  assert.equal(await deadline(closed, "'close'"), 'created');
});

test('two ports with messages in one turn each keep their own async context', async (t) => {
  const storage = new AsyncLocalStorage();
  const pairs = sequence(5).map((n) => storage.run(n, () => channel(t, wt)));
  const seen = [];
  for (const { port2 } of pairs) port2.on('message', (n) => seen.push([n, storage.getStore()]));
  for (let round = 0; round < 3; round++) pairs.forEach(({ port1 }, n) => port1.postMessage(n));
  await until(() => seen.length === 15, '15 messages');
  for (const [n, store] of seen) assert.equal(store, n);
});

test('the listeners of a port keep its async context after one of them has thrown', async (t) => {
  const worker = spawn(t, wt, `({ parentPort, wt }) => {
    const { AsyncLocalStorage } = require('node:async_hooks');
    const storage = new AsyncLocalStorage();
    process.on('uncaughtException', () => {});
    const { port1, port2 } = storage.run('store', () => new wt.MessageChannel());
    port1.on('message', (n) => {
      port1.postMessage([n, storage.getStore()]);
      if (n % 3 === 0) throw new Error('from a listener');
    });
    parentPort.postMessage(port2, [port2]);
  }`);
  const [port] = await once(worker, 'message');
  const mail = inbox(port);
  port.postMessage(0);
  await mail.next();
  for (let n = 1; n <= 20; n++) port.postMessage(n);
  assert.deepEqual(await mail.take(20), sequence(20).map((n) => [n + 1, 'store']));
  port.close();
});

test('a received port has the async context in which it was received', async (t) => {
  const storage = new AsyncLocalStorage();
  const road = storage.run('road', () => channel(t, wt));
  const [byHand, byEvent] = ['one', 'two'].map((name) => storage.run(name, () => channel(t, wt)));
  road.port1.postMessage(byHand.port2, [byHand.port2]);
  const moved = storage.run('received', () => wt.receiveMessageOnPort(road.port2).message);
  const contexts = new Promise((resolve) => moved.on('message', () => resolve(storage.getStore())));
  byHand.port1.postMessage(1);
  assert.equal(await deadline(contexts, 'the message'), 'received');
  const second = new Promise((resolve) => {
    road.port2.on('message', (port) => port.on('message', () => resolve(storage.getStore())));
  });
  road.port1.postMessage(byEvent.port2, [byEvent.port2]);
  byEvent.port1.postMessage(1);
  assert.equal(await deadline(second, 'the message'), undefined);
});

test('enterWith in a handler has the effect on the next message that it has in the built-in', async (t) => {
  const storesOf = async (module) => {
    const storage = new AsyncLocalStorage();
    const { port1, port2 } = storage.run('created', () => channel(t, module));
    const stores = [];
    port2.on('message', (n) => {
      stores.push(storage.getStore());
      storage.enterWith(`entered in ${n}`);
    });
    for (let n = 0; n < 4; n++) port1.postMessage(n);
    await until(() => stores.length === 4, 'four messages');
    return stores;
  };
  assert.deepEqual(await storesOf(wt), await storesOf(stock));
});

test('a channel makes two MESSAGEPORT resources, and a referenced port is an active resource', (t) => {
  const types = [];
  const hook = createHook({ init: (_id, type) => types.push(type) }).enable();
  const { port1 } = channel(t, wt);
  hook.disable();
  assert.deepEqual(types.filter((type) => type === 'MESSAGEPORT'), ['MESSAGEPORT', 'MESSAGEPORT']);
  const active = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const before = active();
  port1.on('message', () => {});
  assert.equal(active(), before + 1);
  port1.unref();
  assert.equal(active(), before);
});

test('async_hooks sees before and after around every message of a port, with the port as resource', async (t) => {
  const countsFor = async (module) => {
    const { port1, port2 } = channel(t, module);
    let ids = new Set();
    const counts = { before: 0, after: 0 };
    const hook = createHook({
      before: (id) => ids.has(id) && counts.before++,
      after: (id) => ids.has(id) && counts.after++,
    });
    const mail = inbox(port2);
    port1.postMessage('first');
    const firstId = new Promise((resolve) => {
      port2.once('message', () => resolve(require('node:async_hooks').executionAsyncId()));
    });
    ids = new Set([await deadline(firstId, 'the first message')]);
    await mail.next();
    hook.enable();
    for (let n = 0; n < 5; n++) port1.postMessage(n);
    await mail.take(5);
    await new Promise((resolve) => setImmediate(resolve));
    hook.disable();
    return counts;
  };
  assert.deepEqual(await countsFor(wt), await countsFor(stock));
});

for (const [name, fail] of Object.entries({
  'a listener': "throw new Error('on purpose')",
  'a nextTick of a listener': "process.nextTick(() => { throw new Error('on purpose'); })",
  'a microtask of a listener': "queueMicrotask(() => { throw new Error('on purpose'); })",
})) {
  test(`what a listener has left to do comes before the next message, where ${name} throws`, async (t) => {
    const worker = spawn(t, wt, `({ parentPort }) => {
      const log = [];
      process.on('uncaughtException', () => log.push('uncaught'));
      parentPort.on('message', (n) => {
        if (n === 'warm') return parentPort.postMessage(n);
        log.push('message ' + n);
        Promise.resolve().then(() => log.push('promise ' + n)).then(() => n === 5 && setImmediate(() => parentPort.postMessage(log)));
        process.nextTick(() => log.push('tick ' + n));
        ${fail};
      });
    }`);
    for (let n = 0; n < 20; n++) {
      const back = once(worker, 'message');
      worker.postMessage('warm');
      await back;
    }
    const done = once(worker, 'message');
    for (const n of sequence(5, 1)) worker.postMessage(n);
    const [log] = await done;
    assert.deepEqual(log.filter((line) => line !== 'uncaught'), sequence(5, 1).flatMap((n) => [`message ${n}`, `tick ${n}`, `promise ${n}`]));
    assert.equal(log.length, 20);
  });
}
