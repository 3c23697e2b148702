'use strict';
// Closing: what is still delivered, who hears of it and when, and what a closed port does.

const test = require('node:test');
const assert = require('node:assert/strict');
const { channel, spawn, exited } = require('../support/threads.js');
const { deadline, inbox, once, settle } = require('../support/deadline.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** Logs the messages and the 'close' of both ends of a channel. */
function logged({ port1, port2 }, log = []) {
  port1.on('close', () => log.push('close 1'));
  port2.on('close', () => log.push('close 2'));
  return log;
}

const closings = ({ port1, port2 }) => Promise.all([once(port1, 'close'), once(port2, 'close')]);

test('messages posted before close() arrive, those after do not, then both ends get close once', async (t) => {
  const pair = channel(t, wt);
  const log = logged(pair);
  pair.port2.on('message', (value) => log.push(value));
  const closed = closings(pair);
  for (const value of [1, { two: 2 }, 3]) pair.port1.postMessage(value);
  pair.port1.close();
  pair.port1.postMessage('too late');
  await closed;
  await settle();
  assert.deepEqual(log.filter((entry) => entry !== 'close 1'), [1, { two: 2 }, 3, 'close 2']);
  assert.deepEqual(log.filter((entry) => entry === 'close 1'), ['close 1']);
});

for (const [kind, value] of [['fast', { a: 1 }], ['carried', { a: new SharedArrayBuffer(1) }]]) {
  test(`a ${kind} message just before close() reaches a peer in another thread`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const worker = spawn(t, wt, ({ parentPort, workerData: port }) => {
      port.on('message', (value) => parentPort.postMessage(Object.keys(value)));
      port.on('close', () => parentPort.postMessage('closed'));
    }, { workerData: port2, transferList: [port2] });
    const mail = inbox(worker);
    port1.postMessage(value);
    port1.close();
    assert.deepEqual(await mail.take(2), [['a'], 'closed']);
  });
}

test("'close' is asynchronous on both ends", async (t) => {
  const pair = channel(t, wt);
  const log = logged(pair);
  const closed = closings(pair);
  pair.port1.close(() => log.push('callback'));
  log.push('sync');
  await Promise.resolve();
  process.nextTick(() => log.push('tick'));
  await closed;
  assert.deepEqual(log.slice(0, 2), ['sync', 'tick']);
});

test('close(callback) calls it once, as a close listener; a second one before the close is called too', async (t) => {
  const { port1 } = channel(t, wt);
  const log = [];
  port1.on('close', () => log.push('listener'));
  const closed = once(port1, 'close');
  port1.close(() => log.push('first'));
  port1.close(() => log.push('second'));
  await closed;
  await settle();
  port1.close(() => log.push('after the close'));
  await settle();
  assert.deepEqual(log, ['listener', 'first', 'second']);
});

test('close() inside a handler still delivers what was already queued, then closes', async (t) => {
  const pair = channel(t, wt);
  const log = logged(pair);
  const closed = closings(pair);
  pair.port2.on('message', (value) => {
    log.push(value);
    if (value === 1) pair.port2.close();
  });
  for (let value = 0; value < 5; value++) pair.port1.postMessage(value);
  await closed;
  assert.deepEqual(log.slice(0, 6), [0, 1, 2, 3, 4, 'close 2']);
});

test('the peer closed inside a handler: what was already queued is delivered', async (t) => {
  const pair = channel(t, wt);
  const log = logged(pair);
  const closed = closings(pair);
  pair.port2.on('message', (value) => {
    log.push(value);
    if (value === 1) pair.port1.close();
  });
  for (let value = 0; value < 5; value++) pair.port1.postMessage(value);
  await closed;
  assert.deepEqual(log.filter((entry) => entry !== 'close 1'), [0, 1, 2, 3, 4, 'close 2']);
});

test('close() outside a handler drops what the port had not yet received', async (t) => {
  const pair = channel(t, wt);
  const log = logged(pair);
  const closed = closings(pair);
  pair.port2.on('message', (value) => log.push(value));
  for (let value = 0; value < 3; value++) pair.port1.postMessage(value);
  pair.port2.close();
  await closed;
  assert.deepEqual(log.sort(), ['close 1', 'close 2']);
});

test('a port that was never started keeps its queue over the close of its peer, and closes after it was read', async (t) => {
  const pair = channel(t, wt);
  const log = logged(pair);
  for (const value of [1, 2, 3]) pair.port1.postMessage(value);
  const closed = once(pair.port1, 'close');
  pair.port1.close();
  await closed;
  await settle();
  assert.deepEqual(log, ['close 1']);
  assert.deepEqual(wt.receiveMessageOnPort(pair.port2), { message: 1 });
  const both = once(pair.port2, 'close');
  pair.port2.on('message', (value) => log.push(value));
  await both;
  assert.deepEqual(log, ['close 1', 2, 3, 'close 2']);
});

test("an idle port that was never started gets 'close' when its peer closes", async (t) => {
  const pair = channel(t, wt);
  const closed = once(pair.port2, 'close');
  pair.port1.close();
  await closed;
  await settle();
  assert.equal(wt.receiveMessageOnPort(pair.port2), undefined);
});

test('receiveMessageOnPort still reads in the turn of the close, at both ends, and nothing later', async (t) => {
  const pair = channel(t, wt);
  pair.port1.postMessage('to 2');
  pair.port2.postMessage('to 1');
  const closed = closings(pair);
  pair.port1.close();
  assert.deepEqual(wt.receiveMessageOnPort(pair.port2), { message: 'to 2' });
  assert.deepEqual(wt.receiveMessageOnPort(pair.port1), { message: 'to 1' });
  await closed;
  await settle();
  assert.equal(wt.receiveMessageOnPort(pair.port1), undefined);
  assert.equal(wt.receiveMessageOnPort(pair.port2), undefined);
});

test('methods of a closed port do nothing and do not throw', async (t) => {
  const pair = channel(t, wt);
  const closed = closings(pair);
  pair.port1.close();
  await closed;
  await settle();
  for (const port of [pair.port1, pair.port2]) {
    assert.equal(port.postMessage('nowhere'), undefined);
    assert.equal(port.start(), undefined);
    assert.equal(port.ref(), undefined);
    assert.equal(port.unref(), undefined);
    assert.equal(port.close(), undefined);
    assert.equal(port.on('message', assert.fail), port);
    assert.equal(port.off('message', assert.fail), port);
    port.onmessage = assert.fail;
    assert.equal(port.hasRef(), false);
    assert.equal(port.emit('custom', 1), false);
  }
});

test('posting to a port whose peer has just closed returns quietly and detaches the transfer list', (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.close();
  const buffer = new ArrayBuffer(8);
  assert.doesNotThrow(() => port1.postMessage(buffer, [buffer]));
  assert.equal(buffer.byteLength, 0);
});

test('a closed port still refuses what cannot be cloned or transferred', async (t) => {
  const { port1 } = channel(t, wt);
  const closed = once(port1, 'close');
  port1.close();
  const refusals = () => {
    assert.throws(() => port1.postMessage(() => {}), { name: 'DataCloneError' });
    assert.throws(() => port1.postMessage(1, 1), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => port1.postMessage(), { code: 'ERR_MISSING_ARGS' });
  };
  refusals();
  await closed;
  refusals();
});

test('a port cannot be transferred after close()', async (t) => {
  const { port1 } = channel(t, wt);
  const road = channel(t, wt);
  const expected = { name: 'DataCloneError', code: 25, message: 'MessagePort in transfer list is already detached' };
  const closed = once(port1, 'close');
  port1.close();
  assert.throws(() => road.port1.postMessage(port1, [port1]), expected);
  await closed;
  assert.throws(() => road.port1.postMessage(port1, [port1]), expected);
});

test("a worker that ends closes the ports it held: the other ends get 'close' after the last message", async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  port1.on('message', (value) => log.push(value));
  const closed = once(port1, 'close');
  const worker = spawn(t, wt, ({ workerData: port }) => {
    for (let n = 0; n < 100; n++) port.postMessage(n);
  }, { workerData: port2, transferList: [port2] });
  await exited(worker);
  await closed;
  assert.deepEqual(log, Array.from({ length: 100 }, (_, n) => n));
});

test("a worker that is terminated closes the ports it held", async (t) => {
  const { port1, port2 } = channel(t, wt);
  const worker = spawn(t, wt, ({ workerData: port, parentPort }) => {
    port.on('message', () => {});
    parentPort.postMessage('holding');
  }, { workerData: port2, transferList: [port2] });
  await once(worker, 'message');
  port1.on('message', () => {});
  const closed = once(port1, 'close');
  await deadline(worker.terminate(), 'terminate()');
  await closed;
});

test('closing one end in a worker closes the other in main', async (t) => {
  const { port1, port2 } = channel(t, wt);
  spawn(t, wt, ({ workerData: port }) => {
    port.once('message', () => port.close());
  }, { workerData: port2, transferList: [port2] });
  port1.on('message', assert.fail);
  const closed = once(port1, 'close');
  port1.postMessage('close, please');
  await closed;
});

test('both ends closed at once from two threads close once each', async (t) => {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const pairs = Array.from({ length: 50 }, () => channel(t, wt));
  const ports = pairs.map(({ port2 }) => port2);
  const worker = spawn(t, wt, ({ workerData: { ports, gate }, parentPort }) => {
    const closes = ports.map(() => 0);
    let open = ports.length;
    ports.forEach((port, index) => {
      port.on('message', () => {});
      port.on('close', () => {
        closes[index]++;
        if (--open === 0) setImmediate(() => parentPort.postMessage(closes));
      });
    });
    parentPort.postMessage('ready');
    Atomics.wait(gate, 0, 0, 5000);
    ports.forEach((port) => port.close());
  }, { workerData: { ports, gate }, transferList: ports });
  const mail = inbox(worker);
  assert.equal(await mail.next(), 'ready');
  const closes = pairs.map(() => 0);
  const closed = pairs.map(({ port1 }, index) => {
    port1.on('message', () => {});
    port1.on('close', () => closes[index]++);
    return once(port1, 'close');
  });
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  pairs.forEach(({ port1 }) => port1.close());
  await Promise.all(closed);
  const once50 = new Array(50).fill(1);
  assert.deepEqual(await mail.next(), once50);
  await settle();
  assert.deepEqual(closes, once50);
});

for (const [kind, answer] of [['fast', { a: 1 }], ['carried', { shared: new SharedArrayBuffer(1) }]]) {
  test(`a port that stops listening with the last message, a ${kind} one, still hears that its peer in a worker closes`, async (t) => {
    const worker = spawn(t, wt, ({ wt, parentPort }) => {
      parentPort.on('message', ({ port, answer }) => {
        wt.receiveMessageOnPort(port);
        port.postMessage(answer);
        port.close();
      });
    });
    for (let round = 0; round < 20; round++) {
      const { port1, port2 } = channel(t, wt);
      const closed = once(port1, 'close');
      const answered = once(port1, 'message');
      port1.postMessage('used');
      worker.postMessage({ port: port2, answer }, [port2]);
      assert.deepEqual(await answered, [answer]);
      await closed;
    }
  });
}

test('a port that stops listening before the last message keeps it, and is not closed before it is read', async (t) => {
  const worker = spawn(t, wt, ({ wt, parentPort }) => {
    parentPort.on('message', (port) => {
      wt.receiveMessageOnPort(port);
      for (const value of [{ first: 1 }, { second: 2 }]) port.postMessage(value);
      port.close();
      parentPort.postMessage('closed');
    });
  });
  const { port1, port2 } = channel(t, wt);
  let isClosed = false;
  port1.on('close', () => {
    isClosed = true;
  });
  const told = once(worker, 'message');
  port1.once('message', () => {});
  port1.postMessage('used');
  worker.postMessage(port2, [port2]);
  await told;
  await settle();
  assert.equal(isClosed, false);
  const closed = once(port1, 'close');
  assert.deepEqual(wt.receiveMessageOnPort(port1), { message: { second: 2 } });
  port1.start();
  await closed;
});
