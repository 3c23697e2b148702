'use strict';
// The EventTarget face of a port: addEventListener, dispatchEvent, onmessage and the MessageEvent they see.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { channel } = require('../support/threads.js');
const { deadline, inbox, once, settle } = require('../support/deadline.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** The next event that `port` hands to an EventTarget listener. */
function nextEvent(port, type = 'message') {
  return deadline(new Promise((resolve) => port.addEventListener(type, resolve, { once: true })), `'${type}' event`);
}

/** What can be compared between the events of two modules. */
function shape(event, port) {
  const { type, bubbles, cancelable, composed, defaultPrevented, isTrusted, origin, lastEventId, source } = event;
  return {
    type, bubbles, cancelable, composed, defaultPrevented, isTrusted, origin, lastEventId, source,
    data: event.data,
    name: event.constructor.name,
    tag: Object.prototype.toString.call(event),
    own: Object.getOwnPropertyNames(event),
    phase: event.eventPhase,
    target: event.target === port && event.currentTarget === port && event.srcElement === port,
    path: event.composedPath().length === 1 && event.composedPath()[0] === port,
    ports: [event.ports.length, Array.isArray(event.ports), Object.isFrozen(event.ports), event.ports === event.ports],
    message: event instanceof MessageEvent,
    event: event instanceof Event,
  };
}

async function shapeFor(t, module, value) {
  const { port1, port2 } = channel(t, module);
  const seen = new Promise((resolve) => {
    port2.addEventListener('message', (event) => resolve(shape(event, port2)));
  });
  port1.postMessage(value);
  return deadline(seen, 'the event');
}

test('an event is a MessageEvent with data, type, target and an empty list of ports', async (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.postMessage({ answer: 42 });
  const event = await nextEvent(port2);
  assert.ok(event instanceof MessageEvent);
  assert.ok(event instanceof Event);
  assert.equal(event.type, 'message');
  assert.deepEqual(event.data, { answer: 42 });
  assert.equal(event.data, event.data);
  assert.deepEqual([...event.ports], []);
  assert.equal(event.target, port2);
  assert.equal(typeof event.timeStamp, 'number');
});

for (const value of [1, 'text', null, undefined, { a: [1] }, [new Map([[1, 2]])], 10n, new SharedArrayBuffer(4)]) {
  test(`the event for ${Object.prototype.toString.call(value)} has the shape that the built-in gives it`, async (t) => {
    assert.deepEqual(await shapeFor(t, wt, value), await shapeFor(t, stock, value));
  });
}

test('ports of the transfer list are in event.ports, in the order of the list, and the same objects as in data', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const [one, two, three] = [channel(t, wt), channel(t, wt), channel(t, wt)];
  port1.postMessage({ two: two.port1, one: one.port1 }, [one.port1, two.port1, three.port1]);
  const event = await nextEvent(port2);
  assert.equal(event.ports.length, 3);
  assert.equal(event.ports[0], event.data.one);
  assert.equal(event.ports[1], event.data.two);
  for (const port of event.ports) assert.ok(port instanceof wt.MessagePort);
  three.port2.postMessage('only in ports');
  assert.deepEqual(wt.receiveMessageOnPort(event.ports[2]), { message: 'only in ports' });
});

test('the ports of one message are not in the event of the next', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const extra = channel(t, wt);
  const counts = [];
  const done = new Promise((resolve) => {
    port2.onmessage = ({ data, ports }) => {
      counts.push(ports.length);
      if (data === 'last') resolve();
    };
  });
  port1.postMessage('none');
  port1.postMessage('one', [extra.port1]);
  port1.postMessage('none again');
  port1.postMessage('last');
  await deadline(done, 'the last message');
  assert.deepEqual(counts, [0, 1, 0, 0]);
});

test("addEventListener('message') alone references and starts the port", async (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.postMessage('early');
  const event = nextEvent(port2);
  assert.equal(port2.hasRef(), true);
  assert.equal((await event).data, 'early');
});

test('the once option removes the listener and stops the port', async (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.postMessage(1);
  port1.postMessage(2);
  assert.equal((await nextEvent(port2)).data, 1);
  await settle();
  assert.equal(port2.hasRef(), false);
  assert.equal((await nextEvent(port2)).data, 2);
});

test('the signal option removes the listener', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const controller = new AbortController();
  port2.addEventListener('message', assert.fail, { signal: controller.signal });
  const mail = inbox(port2);
  controller.abort();
  port1.postMessage('after the abort');
  assert.equal(await mail.next(), 'after the abort');
  assert.equal(port2.listenerCount('message'), 1);
});

test('a capture and a plain registration of one listener are two, and are removed as in the built-in', async (t) => {
  const countsFor = async (module) => {
    const { port1, port2 } = channel(t, module);
    const counts = [];
    let calls = 0;
    const listener = () => calls++;
    port2.addEventListener('message', listener, true);
    port2.addEventListener('message', listener, { capture: false });
    port2.addEventListener('message', listener);
    const mail = inbox(port2);
    for (const capture of [false, true, true]) {
      port1.postMessage(1);
      await mail.next();
      counts.push(calls, port2.listenerCount('message'));
      port2.removeEventListener('message', listener, capture);
    }
    return counts;
  };
  const counts = await countsFor(wt);
  assert.equal(counts[0], 2);
  assert.deepEqual(counts, await countsFor(stock));
});

test('a handleEvent object is its own this, and handleEvent is looked up at each message', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const listener = {
    handleEvent(event) {
      log.push([this === listener, event.data]);
      this.handleEvent = ({ data }) => log.push(['replaced', data]);
    },
  };
  port2.addEventListener('message', listener);
  const mail = inbox(port2);
  port1.postMessage(1);
  port1.postMessage(2);
  await mail.take(2);
  assert.deepEqual(log, [[true, 1], ['replaced', 2]]);
  port2.removeEventListener('message', listener);
  port1.postMessage(3);
  await mail.next();
  assert.equal(log.length, 2);
});

test('addEventListener wants a type and a listener', (t) => {
  const { port1 } = channel(t, wt);
  assert.throws(() => port1.addEventListener('message'), { name: 'TypeError', code: 'ERR_MISSING_ARGS' });
  assert.throws(() => port1.removeEventListener('message'), { name: 'TypeError', code: 'ERR_MISSING_ARGS' });
  assert.throws(() => port1.addEventListener('message', 1), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
});

test('listeners of all faces are called in the order of registration; a replaced onmessage keeps its place', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  port2.on('message', () => log.push('on'));
  port2.onmessage = () => log.push('replaced');
  port2.addEventListener('message', () => log.push('target'));
  port2.onmessage = () => log.push('onmessage');
  const mail = inbox(port2);
  port1.postMessage(1);
  await mail.next();
  assert.deepEqual(log, ['on', 'onmessage', 'target']);
});

test('stopImmediatePropagation keeps later listeners of both faces from the message, not from the next', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  port2.on('message', (value) => log.push(`before ${value}`));
  port2.addEventListener('message', (event) => event.data === 1 && event.stopImmediatePropagation());
  port2.addEventListener('message', (event) => log.push(`target ${event.data}`));
  const mail = inbox(port2);
  port1.postMessage(1);
  port1.postMessage(2);
  assert.equal(await mail.next(), 2);
  assert.deepEqual(log, ['before 1', 'before 2', 'target 2']);
});

test('dispatchEvent of a MessageEvent reaches all faces with the event itself', (t) => {
  const { port1 } = channel(t, wt);
  const log = [];
  port1.on('message', (value) => log.push(value));
  port1.onmessage = (event) => log.push(event);
  port1.addEventListener('message', (event) => log.push(event));
  const event = new MessageEvent('message', { data: 'synthetic' });
  assert.equal(port1.dispatchEvent(event), true);
  assert.deepEqual(log, [event, event, event]);
  assert.equal(event.target, port1);
});

test('dispatchEvent returns false for a prevented event and refuses what is no event', (t) => {
  const { port1 } = channel(t, wt);
  port1.addEventListener('custom', (event) => event.preventDefault());
  assert.equal(port1.dispatchEvent(new Event('custom', { cancelable: true })), false);
  assert.equal(port1.dispatchEvent(new Event('custom')), true);
  assert.throws(() => port1.dispatchEvent({}), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => port1.dispatchEvent(), { name: 'TypeError', code: 'ERR_MISSING_ARGS' });
});

test('onmessage and onmessageerror start as null and give back the function that was set', (t) => {
  const { port1 } = channel(t, wt);
  for (const name of ['onmessage', 'onmessageerror']) {
    assert.equal(port1[name], null, name);
    const listener = () => {};
    port1[name] = listener;
    assert.equal(port1[name], listener, name);
    port1[name] = null;
    assert.equal(port1[name], null, name);
  }
});

test('onmessage is called with the event alone and with the port as this', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const called = new Promise((resolve) => {
    port2.onmessage = function onmessage(...args) {
      resolve({ args, self: this });
    };
  });
  port1.postMessage('value');
  const { args, self } = await deadline(called, 'onmessage');
  assert.equal(args.length, 1);
  assert.equal(args[0].data, 'value');
  assert.equal(self, port2);
});

test('a function in onmessage references and starts the port, null stops it and keeps what is queued', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const got = new Promise((resolve) => {
    port2.onmessage = ({ data }) => {
      port2.onmessage = null;
      resolve(data);
    };
  });
  assert.equal(port2.hasRef(), true);
  port1.postMessage(1);
  port1.postMessage(2);
  assert.equal(await deadline(got, 'onmessage'), 1);
  assert.equal(port2.hasRef(), false);
  await settle();
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 2 });
});

for (const value of [null, undefined, 1, 'text', true]) {
  test(`onmessage = ${String(value)} leaves a port without listeners unreferenced, as the built-in does`, (t) => {
    const { port1 } = channel(t, wt);
    const original = channel(t, stock).port1;
    for (const port of [port1, original]) {
      port.onmessage = () => {};
      port.onmessage = value;
    }
    assert.equal(port1.onmessage, original.onmessage);
    assert.equal(port1.hasRef(), original.hasRef());
    assert.equal(port1.listenerCount('message'), original.listenerCount('message'));
  });
}

test('onmessage = null leaves the port started while another listener is there', async (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.onmessage = assert.fail;
  const mail = inbox(port2);
  port2.onmessage = null;
  assert.equal(port2.hasRef(), true);
  port1.postMessage('to the other');
  assert.equal(await mail.next(), 'to the other');
});

test('MessageEvent takes a port as source and in ports, and refuses other objects', (t) => {
  const { port1, port2 } = channel(t, wt);
  const event = new MessageEvent('message', { data: 1, source: port1, ports: [port2] });
  assert.equal(event.source, port1);
  assert.equal(event.ports[0], port2);
  assert.throws(() => new MessageEvent('message', { source: {} }), TypeError);
  assert.throws(() => new MessageEvent('message', { ports: [{}] }), TypeError);
});

test("'close' comes as an Event of type 'close' with the port as target", async (t) => {
  const { port1, port2 } = channel(t, wt);
  const event = nextEvent(port2, 'close');
  const own = once(port1, 'close');
  port1.close();
  const seen = await event;
  assert.equal(seen.type, 'close');
  assert.equal(seen.target, port2);
  assert.equal(seen instanceof MessageEvent, false);
  await own;
});
