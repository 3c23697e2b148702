'use strict';
// tryReceive, receiveSync and the signal of a port: threads that wait for messages without their event loops.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { deadline, inbox, once } = require('../support/deadline.js');
const { channel, exited, spawn } = require('../support/threads.js');
const { unreadable } = require('../support/unreadable.js');

const MS = 10_000;

/** A worker that has the other end of a channel. */
function far(t, body, data) {
  const { port1, port2 } = channel(t, wt);
  const worker = spawn(t, wt, body, { workerData: { port: port2, data }, transferList: [port2] });
  return { port: port1, worker };
}

const echo = ({ workerData: { port } }) => {
  for (;;) {
    const message = port.receiveSync();
    if (message === 'end') break;
    port.postMessage(message);
  }
  port.close();
};

test('a blocked thread gets what a blocked thread has sent, in order, whichever way it went', async (t) => {
  const { port, worker } = far(t, echo);
  let turns = 0;
  const timer = setImmediate(() => turns++);
  const values = [1, 'text', { a: [1, 2] }, new SharedArrayBuffer(8), null, undefined, 'x'.repeat(100_000), new Uint8Array(300_000), new Error('e'), 2];
  for (const value of values) port.postMessage(value);
  const received = values.map(() => port.receiveSync(MS, 'none'));
  assert.deepEqual(received, values);
  for (let n = 0; n < 2000; n++) {
    port.postMessage(n % 97 === 0 ? new SharedArrayBuffer(n) : n);
    const value = port.receiveSync(MS, 'none');
    assert.equal(n % 97 === 0 ? value.byteLength : value, n);
  }
  assert.equal(turns, 0);
  clearImmediate(timer);
  port.postMessage('end');
  assert.equal(await exited(worker), 0);
});

test('ports in messages: both ends of a channel, and buffers that are transferred', async (t) => {
  const { port } = far(t, ({ wt, workerData: { port } }) => {
    const { inner, bytes } = port.receiveSync();
    inner.postMessage(bytes, [bytes.buffer]);
    const own = new wt.MessageChannel();
    port.postMessage({ inner: own.port2 }, [own.port2]);
    own.port1.postMessage(own.port1.receiveSync());
    inner.close();
    own.port1.close();
    port.close();
  });
  const { port1, port2 } = channel(t, wt);
  const bytes = new Uint8Array([1, 2, 3]);
  port.postMessage({ inner: port2, bytes }, [port2, bytes.buffer]);
  assert.equal(bytes.length, 0);
  assert.deepEqual(port1.receiveSync(MS), new Uint8Array([1, 2, 3]));
  const { inner } = port.receiveSync(MS);
  inner.postMessage('there and back');
  assert.equal(inner.receiveSync(MS), 'there and back');
});

test('what was posted before anybody received is there', (t) => {
  const { port } = far(t, ({ workerData: { port } }) => {
    for (let n = 0; n < 100; n++) port.postMessage(n);
    port.postMessage('last');
    port.receiveSync();
  });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  for (let n = 0; n < 100; n++) assert.equal(port.receiveSync(MS), n);
  assert.equal(port.tryReceive('none') === 'last' || port.receiveSync(MS) === 'last', true);
  port.postMessage('go');
});

test('parentPort: a worker that never turns its event loop works for its parent', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => {
    for (let task; (task = parentPort.receiveSync()) !== null; ) parentPort.postMessage(task * task);
  });
  const { take } = inbox(worker);
  for (let n = 0; n < 1000; n++) worker.postMessage(n);
  worker.postMessage(null);
  assert.deepEqual(await take(1000), Array.from({ length: 1000 }, (_, n) => n * n));
  assert.equal(await exited(worker), 0);
});

test('within one thread: what is there comes, and waiting for ever is refused', (t) => {
  const { port1, port2 } = channel(t, wt);
  assert.equal(port1.tryReceive(), undefined);
  assert.equal(port1.tryReceive('none'), 'none');
  port2.postMessage(undefined);
  port2.postMessage(2);
  assert.equal(port1.tryReceive('none'), undefined);
  assert.equal(port1.receiveSync(), 2);
  assert.throws(() => port1.receiveSync(), { name: 'Error', code: 'ERR_THREADPORT_DEADLOCK' });
  assert.equal(port1.receiveSync(1), undefined);
  port2.postMessage(3);
  assert.equal(port1.receiveSync(0, 'none'), 3);
  assert.equal(port1.receiveSync(0, 'none'), 'none');
});

test('a timeout that makes no sense is refused before anything is received', (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.postMessage(1);
  for (const [timeout, code] of [[NaN, 'ERR_OUT_OF_RANGE'], [-1, 'ERR_OUT_OF_RANGE'], [-Infinity, 'ERR_OUT_OF_RANGE'], ['1', 'ERR_INVALID_ARG_TYPE'], [null, 'ERR_INVALID_ARG_TYPE']]) {
    assert.throws(() => port1.receiveSync(timeout), { code });
  }
  assert.equal(port1.receiveSync(), 1);
});

test('the methods are those of ports', () => {
  const { prototype } = wt.MessagePort;
  const signal = (self) => Reflect.get(prototype, 'signal', self);
  for (const self of [{}, null, 1, prototype]) {
    for (const method of [prototype.tryReceive, prototype.receiveSync, prototype[Symbol.asyncIterator]]) {
      assert.throws(() => Reflect.apply(method, self, []), { name: 'TypeError', code: 'ERR_INVALID_THIS' });
    }
    if (typeof self === 'object' && self !== null) assert.throws(() => signal(self), { code: 'ERR_INVALID_THIS' });
  }
});

test('the other end closes: what it had posted comes, then ERR_THREADPORT_CLOSED', (t) => {
  const { port } = far(t, ({ workerData: { port } }) => {
    port.receiveSync();
    for (let n = 0; n < 10; n++) port.postMessage(n % 3 ? n : new SharedArrayBuffer(n));
    port.close();
  });
  port.postMessage('go');
  for (let n = 0; n < 10; n++) {
    const value = port.receiveSync(MS);
    assert.equal(n % 3 ? value : value.byteLength, n);
  }
  assert.throws(() => port.receiveSync(), { code: 'ERR_THREADPORT_CLOSED' });
  assert.throws(() => port.receiveSync(0), { code: 'ERR_THREADPORT_CLOSED' });
  assert.equal(port.tryReceive('none'), 'none');
});

test('a port that was closed here, or whose other end was, gives what it holds and then throws at once', (t) => {
  for (const which of ['port1', 'port2']) {
    const pair = channel(t, wt);
    pair.port2.postMessage('kept');
    pair[which].close();
    assert.equal(pair.port1.receiveSync(), 'kept');
    assert.throws(() => pair.port1.receiveSync(), { code: 'ERR_THREADPORT_CLOSED' });
  }
});

test('the thread of the other end is terminated while this one is blocked: ERR_THREADPORT_CLOSED', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const reader = spawn(t, wt, ({ parentPort, workerData: port }) => {
    parentPort.postMessage('ready');
    try {
      parentPort.postMessage(port.receiveSync());
    } catch (error) {
      parentPort.postMessage(error.code);
    }
  }, { workerData: port1, transferList: [port1] });
  const victim = spawn(t, wt, ({ parentPort }) => {
    parentPort.once('message', () => parentPort.postMessage('has it'));
    setInterval(() => {}, 1000);
  });
  const { next } = inbox(reader);
  assert.equal(await next(), 'ready');
  victim.postMessage(port2, [port2]);
  await once(victim, 'message');
  await victim.terminate();
  assert.equal(await next(), 'ERR_THREADPORT_CLOSED');
});

test('terminate() interrupts a thread that is blocked for ever', async (t) => {
  for (const body of [
    ({ parentPort }) => parentPort.postMessage('ready') && parentPort.receiveSync(),
    ({ wt, parentPort }) => parentPort.postMessage('ready') && wt.receiveAnySync([parentPort, new wt.SharedQueue()]),
    ({ parentPort }) => parentPort.postMessage('ready') && Atomics.wait(parentPort.signal, 0, Atomics.load(parentPort.signal, 0)),
  ]) {
    const worker = spawn(t, wt, body);
    await once(worker, 'message');
    assert.equal(await deadline(worker.terminate(), 'terminate()'), 1);
  }
});

test('in a handler of the same port it takes the messages behind', async (t) => {
  const { port } = far(t, ({ workerData: { port } }) => {
    port.receiveSync();
    for (let n = 0; n < 5; n++) port.postMessage(n);
    port.receiveSync();
    for (let n = 5; n < 8; n++) port.postMessage(n);
    port.receiveSync();
  });
  const seen = [];
  const whole = new Promise((resolve) => {
    port.on('message', (value) => {
      seen.push(value);
      if (value === 0) {
        for (let n = 1; n < 5; n++) seen.push(port.receiveSync(MS));
        port.postMessage('more');
        seen.push(port.receiveSync(MS));
      }
      if (seen.length === 8) resolve();
    });
  });
  port.postMessage('go');
  await deadline(whole, 'eight messages');
  assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7]);
  port.postMessage('end');
});

test('a value that cannot be deserialized is thrown, and the next one comes', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const post = await unreadable(t, wt, port2);
  await post();
  assert.throws(() => port1.receiveSync(MS), /Maximum call stack/);
  assert.equal(port1.receiveSync(MS), 'next');
});

test('the signal changes with each arrival, received or not, and when the port is closed', async (t) => {
  const { port } = far(t, echo);
  const { signal } = port;
  assert.ok(signal instanceof Int32Array);
  assert.equal(signal.length, 1);
  assert.equal(port.signal, signal);
  for (const value of [1, 'two', new SharedArrayBuffer(3), { four: 4 }]) {
    const seen = Atomics.load(signal, 0);
    port.postMessage(value);
    assert.notEqual(Atomics.wait(signal, 0, seen, MS), 'timed-out');
    assert.notEqual(Atomics.load(signal, 0), seen);
  }
  for (let n = 0; n < 4; n++) assert.notEqual(port.receiveSync(MS, 'none'), 'none');
  const seen = Atomics.load(signal, 0);
  port.postMessage('end');
  assert.notEqual(Atomics.wait(signal, 0, seen, MS), 'timed-out');
  assert.throws(() => port.receiveSync(MS), { code: 'ERR_THREADPORT_CLOSED' });
});

test('read the signal, try, and wait on the value that was read: two threads play ping-pong with nothing else', (t) => {
  const { port } = far(t, ({ workerData: { port } }) => {
    const { signal } = port;
    for (let open = true; open; ) {
      const seen = Atomics.load(signal, 0);
      const message = port.tryReceive('none');
      if (message === 'none') Atomics.wait(signal, 0, seen);
      else if (message === 'end') open = false;
      else port.postMessage(message + 1);
    }
    port.close();
  });
  const { signal } = port;
  for (let n = 0; n < 3000; n++) {
    port.postMessage(n);
    let message;
    do {
      const seen = Atomics.load(signal, 0);
      message = port.tryReceive('none');
      if (message === 'none') assert.notEqual(Atomics.wait(signal, 0, seen, MS), 'timed-out');
    } while (message === 'none');
    assert.equal(message, n + 1);
  }
  port.postMessage('end');
});

test('Atomics.waitAsync on the signal, between threads and within one', async (t) => {
  const { port } = far(t, echo);
  const local = channel(t, wt);
  for (const [reader, post] of [[port, (value) => port.postMessage(value)], [local.port1, (value) => local.port2.postMessage(value)]]) {
    for (const value of [1, new SharedArrayBuffer(2), 3]) {
      const seen = Atomics.load(reader.signal, 0);
      const { async, value: changed } = Atomics.waitAsync(reader.signal, 0, seen);
      assert.equal(async, true);
      post(value);
      assert.equal(await deadline(changed, 'a change of the signal'), 'ok');
      assert.deepEqual(reader.receiveSync(MS), value);
    }
  }
  port.postMessage('end');
});

test('another thread may wait on the signal', async (t) => {
  const { port } = far(t, echo);
  const watcher = spawn(t, wt, ({ parentPort, workerData: { signal, seen } }) => {
    parentPort.postMessage('ready');
    parentPort.postMessage(Atomics.wait(signal, 0, seen, 10_000));
  }, { workerData: { signal: port.signal, seen: Atomics.load(port.signal, 0) } });
  const { next } = inbox(watcher);
  assert.equal(await next(), 'ready');
  port.postMessage('hello');
  assert.notEqual(await next(), 'timed-out');
  assert.equal(port.receiveSync(MS), 'hello');
  port.postMessage('end');
});

test('a port that has moved has a signal in its new thread, and its old one changes a last time', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const { signal } = port2;
  const seen = Atomics.load(signal, 0);
  const worker = spawn(t, wt, ({ parentPort }) => {
    const port = parentPort.receiveSync();
    const { signal } = port;
    for (let n = 0; n < 3; ) {
      const seen = Atomics.load(signal, 0);
      const message = port.tryReceive('none');
      if (message === 'none') Atomics.wait(signal, 0, seen);
      else parentPort.postMessage([message, ++n]);
    }
  });
  const { take } = inbox(worker);
  port1.postMessage('a');
  worker.postMessage(port2, [port2]);
  for (const message of ['b', 'c']) port1.postMessage(message);
  assert.deepEqual(await take(3), [['a', 1], ['b', 2], ['c', 3]]);
  assert.notEqual(Atomics.load(signal, 0), seen);
});

test('the signal of a closed port is there and does not change any more', async (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.close();
  await once(port2, 'close');
  const before = Atomics.load(port2.signal, 0);
  assert.equal(Atomics.wait(port2.signal, 0, before, 1), 'timed-out');
});

test('twenty threads are blocked at once; each is woken by its own message', async (t) => {
  const ports = Array.from({ length: 20 }, () => far(t, echo).port);
  for (let round = 0; round < 5; round++) {
    for (const [n, port] of ports.entries()) port.postMessage(n);
    for (const [n, port] of ports.entries()) assert.equal(port.receiveSync(MS, 'none'), n);
  }
  for (const port of ports) port.postMessage('end');
});

test('many in a row that only the built-in takes, with others between them', async (t) => {
  const { port } = far(t, ({ workerData: { port: from } }) => {
    for (let runs = from.receiveSync(); runs !== 'end'; runs = from.receiveSync()) {
      let n = 0;
      runs.forEach((count, index) => {
        for (let i = 0; i < count; i++, n++) from.postMessage(index % 2 === 0 ? Object.assign(Object.create({ of: 'a class' }), { n }) : { n });
      });
    }
  });
  for (let round = 0; round < 10; round++) {
    port.postMessage([100, 1, 200, 3, 70]);
    for (let n = 0; n < 374; n++) assert.deepEqual(port.receiveSync(MS), { n });
    assert.equal(port.tryReceive('none'), 'none');
  }
  port.postMessage('end');
});
