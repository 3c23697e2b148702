'use strict';
// ref, unref, hasRef and start: what a port does to the loop of its thread is judged in lifecycle/, here what it says.

const test = require('node:test');
const assert = require('node:assert/strict');
const { channel, spawn, exited } = require('../support/threads.js');
const { inbox, once, settle } = require('../support/deadline.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

test('a fresh port has no reference', (t) => {
  const { port1, port2 } = channel(t, wt);
  assert.equal(port1.hasRef(), false);
  assert.equal(port2.hasRef(), false);
});

for (const [name, add, remove] of [
  ['on', (port, f) => port.on('message', f), (port, f) => port.off('message', f)],
  ['once', (port, f) => port.once('message', f), (port, f) => port.off('message', f)],
  ['addListener', (port, f) => port.addListener('message', f), (port, f) => port.removeListener('message', f)],
  ['addEventListener', (port, f) => port.addEventListener('message', f), (port, f) => port.removeEventListener('message', f)],
  ['onmessage', (port, f) => { port.onmessage = f; }, (port) => { port.onmessage = null; }],
]) {
  test(`${name} references the port, taking the last listener away ends it`, (t) => {
    const { port1 } = channel(t, wt);
    const [one, two] = [() => {}, () => {}];
    add(port1, one);
    assert.equal(port1.hasRef(), true);
    port1.on('message', two);
    remove(port1, one);
    assert.equal(port1.hasRef(), true);
    port1.off('message', two);
    assert.equal(port1.hasRef(), false);
    port1.on('message', two);
    assert.equal(port1.hasRef(), true);
  });
}

test('listeners of other events do not reference the port', (t) => {
  const { port1 } = channel(t, wt);
  port1.on('close', () => {});
  port1.on('messageerror', () => {});
  port1.onmessageerror = () => {};
  port1.on('custom', () => {});
  assert.equal(port1.hasRef(), false);
});

test('ref() and unref() are not counted, and work without a listener', (t) => {
  const { port1 } = channel(t, wt);
  port1.ref();
  port1.ref();
  assert.equal(port1.hasRef(), true);
  port1.unref();
  assert.equal(port1.hasRef(), false);
  port1.unref();
  port1.ref();
  assert.equal(port1.hasRef(), true);
});

test('a second listener does not undo unref(), the first one after none does', (t) => {
  const { port1 } = channel(t, wt);
  const listener = () => {};
  port1.on('message', listener);
  port1.unref();
  port1.on('message', () => {});
  port1.onmessage = () => {};
  assert.equal(port1.hasRef(), false);
  port1.removeAllListeners('message');
  assert.equal(port1.hasRef(), false);
  port1.on('message', listener);
  assert.equal(port1.hasRef(), true);
});

test('start() does not reference the port', (t) => {
  const { port1 } = channel(t, wt);
  port1.start();
  port1.start();
  assert.equal(port1.hasRef(), false);
});

test('start() twice, then a listener: each message comes once', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const mail = inbox(port2);
  port2.start();
  port2.start();
  port1.postMessage(1);
  port1.postMessage(2);
  assert.deepEqual(await mail.take(2), [1, 2]);
  await settle();
  assert.equal(mail.queue.length, 0);
});

test('an unreferenced port delivers as long as something else keeps the loop alive', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const mail = inbox(port2);
  port2.unref();
  port1.postMessage('delivered');
  assert.equal(await mail.next(), 'delivered');
});

test('close() ends the reference', async (t) => {
  const { port1 } = channel(t, wt);
  port1.on('message', () => {});
  const closed = once(port1, 'close');
  port1.close();
  await closed;
  assert.equal(port1.hasRef(), false);
  port1.ref();
  assert.equal(port1.hasRef(), false);
});

test('a port that was transferred away has no reference after its close event and takes none', async (t) => {
  const { port1 } = channel(t, wt);
  const road = channel(t, wt);
  port1.on('message', () => {});
  const closed = once(port1, 'close');
  road.port1.postMessage(port1, [port1]);
  await closed;
  assert.equal(port1.hasRef(), false);
  port1.ref();
  assert.equal(port1.hasRef(), false);
  port1.unref();
  port1.start();
});

test('a received port starts without reference and without listeners', (t) => {
  const { port1 } = channel(t, wt);
  const road = channel(t, wt);
  port1.on('message', () => {});
  port1.ref();
  road.port1.postMessage(port1, [port1]);
  const { message: moved } = wt.receiveMessageOnPort(road.port2);
  assert.equal(moved.hasRef(), false);
  assert.equal(moved.listenerCount('message'), 0);
  moved.close();
});

test('parentPort: no reference until it has a listener, and the worker ends when the listener is gone', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => {
    const states = [parentPort.hasRef()];
    const listener = () => {
      parentPort.off('message', listener);
      states.push(parentPort.hasRef());
      parentPort.postMessage(states);
    };
    parentPort.on('message', listener);
    states.push(parentPort.hasRef());
  });
  const mail = inbox(worker);
  const code = exited(worker);
  worker.postMessage('go');
  assert.deepEqual(await mail.next(), [false, true, false]);
  assert.equal(await code, 0);
});

test('parentPort.unref() lets the worker end although it listens', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => {
    parentPort.on('message', () => {});
    parentPort.unref();
    parentPort.postMessage(parentPort.hasRef());
  });
  const mail = inbox(worker);
  assert.equal(await exited(worker), 0);
  assert.equal(await mail.next(), false);
});
