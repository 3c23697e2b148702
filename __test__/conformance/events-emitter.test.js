'use strict';
// The EventEmitter face of a port: on, once, off, emit and the rest.

const test = require('node:test');
const assert = require('node:assert/strict');
const events = require('node:events');
const { channel } = require('../support/threads.js');
const { deadline, inbox, once, settle } = require('../support/deadline.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

for (const [add, remove] of [['on', 'off'], ['addListener', 'removeListener']]) {
  test(`${add}('message') hands the value over as the only argument, with the port as this`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const called = new Promise((resolve) => {
      port2[add]('message', function listener(...args) {
        resolve({ args, self: this });
      });
    });
    port1.postMessage({ n: 1 });
    const { args, self } = await deadline(called, 'the listener');
    assert.deepEqual(args, [{ n: 1 }]);
    assert.equal(self, port2);
  });

  test(`${remove}() takes the listener away and leaves the others`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const log = [];
    const removed = () => log.push('removed');
    port2[add]('message', removed);
    port2[add]('message', (value) => log.push(value));
    const again = inbox(port2);
    port2[remove]('message', removed);
    port1.postMessage(1);
    await again.next();
    assert.deepEqual(log, [1]);
  });
}

test('off() of a listener that was never added changes nothing', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const mail = inbox(port2);
  assert.equal(port2.off('message', () => {}), port2);
  assert.equal(port2.listenerCount('message'), 1);
  port1.postMessage('still');
  assert.equal(await mail.next(), 'still');
});

test('once() is called once, stops the port, and leaves what follows queued', async (t) => {
  const { port1, port2 } = channel(t, wt);
  for (const value of [1, 2, 3]) port1.postMessage(value);
  assert.deepEqual(await once(port2, 'message'), [1]);
  await settle();
  assert.equal(port2.listenerCount('message'), 0);
  assert.equal(port2.hasRef(), false);
  assert.deepEqual(await once(port2, 'message'), [2]);
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 3 });
});

test('once() beside on() fires for the first message only', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  port2.once('message', (value) => log.push(`once ${value}`));
  const mail = inbox(port2);
  port1.postMessage(1);
  port1.postMessage(2);
  assert.deepEqual(await mail.take(2), [1, 2]);
  assert.deepEqual(log, ['once 1']);
});

test('the same function added twice, by on or by once, is one listener', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const listener = (value) => log.push(value);
  port2.on('message', listener);
  port2.on('message', listener);
  port2.once('message', listener);
  assert.equal(port2.listenerCount('message'), 1);
  const mail = inbox(port2);
  port1.postMessage('a');
  port1.postMessage('b');
  await mail.take(2);
  assert.deepEqual(log, ['a', 'b']);
});

test('off() inside a handler stops the port: the rest stays queued for receiveMessageOnPort and the next listener', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const done = new Promise((resolve) => {
    port2.on('message', function listener(value) {
      log.push(value);
      if (value !== 1) return;
      port2.off('message', listener);
      resolve();
    });
  });
  for (let value = 0; value < 5; value++) port1.postMessage(value);
  await deadline(done, 'message 1');
  await settle();
  assert.deepEqual(log, [0, 1]);
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 2 });
  assert.deepEqual(await inbox(port2).take(2), [3, 4]);
});

test("removeAllListeners('message') empties the list but leaves the port started and referenced", async (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.on('message', assert.fail);
  port2.addEventListener('message', assert.fail);
  assert.equal(port2.removeAllListeners('message'), port2);
  assert.equal(port2.listenerCount('message'), 0);
  assert.equal(port2.hasRef(), true);
  port1.postMessage('dropped');
  await settle();
  assert.equal(wt.receiveMessageOnPort(port2), undefined);
  const mail = inbox(port2);
  port1.postMessage('kept');
  assert.equal(await mail.next(), 'kept');
});

test('removeAllListeners() without a name empties every list, and a later on() still starts the port', async (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.on('custom', () => {});
  port2.on('close', assert.fail);
  port2.removeAllListeners();
  assert.deepEqual(port2.eventNames(), []);
  const mail = inbox(port2);
  assert.equal(port2.hasRef(), true);
  port1.postMessage('started');
  assert.equal(await mail.next(), 'started');
  port2.removeAllListeners();
});

test('emit() of a custom event reaches on() with the value and addEventListener() with it as detail', (t) => {
  const { port2 } = channel(t, wt);
  const log = [];
  port2.on('custom', (...args) => log.push(['on', ...args]));
  port2.addEventListener('custom', (event) => log.push(['event', event.constructor.name, event.type, event.detail]));
  assert.equal(port2.emit('custom', 1, 2), true);
  assert.equal(port2.emit('custom'), true);
  assert.equal(port2.emit('nobody', 1), false);
  assert.deepEqual(log, [
    ['on', 1],
    ['event', 'CustomEvent', 'custom', 1],
    ['on', undefined],
    ['event', 'CustomEvent', 'custom', null],
  ]);
});

test("emit('message') delivers at once, as a MessageEvent for the other face, and leaves the queue alone", async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  port1.postMessage('queued');
  port2.on('message', (value) => log.push(value));
  port2.addEventListener('message', (event) => log.push([event.constructor.name, event.data]));
  assert.equal(port2.emit('message', 'synthetic'), true);
  assert.deepEqual(log, ['synthetic', ['MessageEvent', 'synthetic']]);
  await inbox(port2).next();
  assert.deepEqual(log.slice(2), ['queued', ['MessageEvent', 'queued']]);
});

test('emit() wants a string as its type', (t) => {
  const { port1 } = channel(t, wt);
  for (const bad of [undefined, null, 1, Symbol('type'), {}]) {
    assert.throws(() => port1.emit(bad, 1), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
});

test('on() refuses a primitive listener, and ignores null and undefined with a warning', async (t) => {
  const { port1 } = channel(t, wt);
  for (const bad of [1, 'listener', true]) {
    assert.throws(() => port1.on('custom', bad), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  }
  for (const ignored of [null, undefined]) {
    const warned = once(process, 'warning');
    assert.equal(port1.on('custom', ignored), port1);
    const [warning] = await warned;
    assert.equal(warning.name, 'AddEventListenerArgumentTypeWarning');
  }
  assert.equal(port1.listenerCount('custom'), 0);
});

test('on() takes an object with handleEvent', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const called = new Promise((resolve) => {
    const listener = {
      handleEvent(...args) {
        resolve({ args, self: this === listener });
      },
    };
    port2.on('message', listener);
  });
  port1.postMessage('object');
  assert.deepEqual(await deadline(called, 'handleEvent'), { args: ['object'], self: true });
});

test('listenerCount() and eventNames() count both faces and onmessage', (t) => {
  const { port1 } = channel(t, wt);
  assert.equal(port1.listenerCount('message'), 0);
  port1.on('message', () => {});
  port1.addEventListener('message', () => {});
  port1.onmessage = () => {};
  port1.on('custom', () => {});
  assert.equal(port1.listenerCount('message'), 3);
  assert.equal(port1.listenerCount('nothing'), 0);
  assert.equal(port1.listenerCount(), 0);
  assert.deepEqual(port1.eventNames().filter((name) => !name.endsWith('Listener')), ['message', 'custom']);
});

test('setMaxListeners() and getMaxListeners() work, and the eleventh listener warns', async (t) => {
  const { port1 } = channel(t, wt);
  assert.equal(port1.getMaxListeners(), 10);
  const warned = once(process, 'warning');
  for (let n = 0; n < 11; n++) port1.on('message', () => {});
  const [warning] = await warned;
  assert.equal(warning.name, 'MaxListenersExceededWarning');
  assert.match(warning.message, /11 message listeners added to \[?MessagePort/);
  assert.equal(warning.target, port1);
  port1.setMaxListeners(20);
  assert.equal(port1.getMaxListeners(), 20);
  assert.throws(() => port1.setMaxListeners(-1), { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' });
});

test('a listener added during dispatch is not called for that message, one removed ahead is not called', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const ahead = () => log.push('ahead');
  const late = (value) => log.push(`late ${value}`);
  port2.on('message', (value) => {
    log.push(`first ${value}`);
    port2.off('message', ahead);
    if (value === 2) return;
    port2.on('message', late);
    port2.off('message', late);
  });
  port2.on('message', ahead);
  const mail = inbox(port2);
  port1.postMessage(1);
  port1.postMessage(2);
  await mail.take(2);
  assert.deepEqual(log, ['first 1', 'first 2']);
});

test('events.once() and events.on() of node:events work on a port and give values', async (t) => {
  const { port1, port2 } = channel(t, wt);
  for (const value of [1, 2, 3]) port1.postMessage(value);
  assert.deepEqual(await deadline(events.once(port2, 'message'), 'events.once'), [1]);
  const received = [];
  const reading = (async () => {
    for await (const [value] of events.on(port2, 'message')) {
      received.push(value);
      if (received.length === 2) break;
    }
  })();
  await deadline(reading, 'events.on');
  assert.deepEqual(received, [2, 3]);
  assert.equal(port2.listenerCount('message'), 0);
  assert.equal(port2.hasRef(), false);
});

test("start() without a listener drops what arrives, as a started port of the built-in does", async (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.start();
  assert.equal(port2.hasRef(), false);
  port1.postMessage('to nobody');
  const elsewhere = channel(t, wt);
  elsewhere.port1.postMessage('fence');
  await once(elsewhere.port2, 'message');
  await settle();
  assert.equal(wt.receiveMessageOnPort(port2), undefined);
  const mail = inbox(port2);
  port1.postMessage('to the listener');
  assert.equal(await mail.next(), 'to the listener');
});

test('on() for a symbol throws, listenerCount() of a symbol is 0', (t) => {
  const { port1 } = channel(t, wt);
  assert.throws(() => port1.on(Symbol('type'), () => {}), TypeError);
  assert.equal(port1.listenerCount(Symbol('type')), 0);
});

test("a 'close' listener gets the Event object on both faces", async (t) => {
  const { port1, port2 } = channel(t, wt);
  const seen = new Promise((resolve) => {
    const got = [];
    port2.on('close', (...args) => got.push(args));
    port2.addEventListener('close', (event) => resolve([...got, event]));
  });
  port1.close();
  const [args, event] = await deadline(seen, "'close'");
  assert.equal(args.length, 1);
  assert.equal(args[0], event);
  assert.ok(event instanceof Event);
  assert.equal(event.type, 'close');
  assert.equal(event.target, port2);
});
