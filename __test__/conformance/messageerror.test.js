'use strict';
// Messages that cannot be read where they arrive, and ports moved to another vm context.

const test = require('node:test');
const assert = require('node:assert/strict');
const vm = require('node:vm');
const stock = require('node:worker_threads');
const { channel } = require('../support/threads.js');
const { inbox, once, settle, until } = require('../support/deadline.js');
const { outcome } = require('../support/outcome.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const UNAVAILABLE = {
  code: 'ERR_MESSAGE_TARGET_CONTEXT_UNAVAILABLE',
  message: 'A message object could not be deserialized successfully in the target vm.Context',
};

/** A port moved to a fresh context, whose listener there logs to `log` of the context. */
function movedPort(t, module) {
  const { port1, port2 } = channel(t, module);
  const context = vm.createContext({ log: [] });
  context.port = module.moveMessagePortToContext(port2, context);
  return { port1, context, evaluate: (code) => vm.runInContext(code, context) };
}

const LISTEN = `
  port.onmessage = ({ data }) => log.push(['message', data]);
  port.onmessageerror = ({ type, data }) => log.push([type, data.code, data.message]);
  port.start();`;

const selfCaused = () => {
  const error = new Error('caused by itself');
  error.cause = error;
  return error;
};

/** What both faces see of a message and of the one behind it. */
async function facesSee(t, module, value) {
  const { port1, port2 } = channel(t, module);
  const log = [];
  port2.on('message', (data) => log.push(['message', data === 'next' ? data : data.message]));
  port2.on('messageerror', (error) => log.push(['messageerror', error.constructor.name, error.message]));
  port2.addEventListener('messageerror', (event) => log.push(['event', event.constructor.name, event.data?.message]));
  port2.onmessageerror = ({ type, target }) => log.push([type, target === port2]);
  port1.postMessage(value);
  port1.postMessage('next');
  await until(() => log.some(([, data]) => data === 'next'), 'the message behind');
  return log;
}

test('an error that causes itself has the outcome of the built-in on both faces, and the next message arrives', async (t) => {
  const make = selfCaused;
  assert.deepEqual(await facesSee(t, wt, make()), await facesSee(t, stock, make()));
});

test('receiveMessageOnPort has the outcome of the built-in for it, then goes on', (t) => {
  const results = [wt, stock].map((module) => {
    const { port1, port2 } = channel(t, module);
    port1.postMessage(selfCaused());
    port1.postMessage('next');
    const first = outcome(() => module.receiveMessageOnPort(port2).message.cause !== undefined);
    return [first, module.receiveMessageOnPort(port2)];
  });
  assert.deepEqual(results[0], results[1]);
  assert.deepEqual(results[0][1], { message: 'next' });
});

test('moveMessagePortToContext: messages are objects of that context', async (t) => {
  const { port1, context, evaluate } = movedPort(t, wt);
  evaluate(`
    port.onmessage = ({ data, target, type, ports }) => log.push([
      data instanceof Object, data.list instanceof Array, data.error instanceof RangeError, data.map instanceof Map,
      data.bytes instanceof Uint8Array, target === port, type, ports instanceof Array, data.list[0],
    ]);
    port.start();`);
  port1.postMessage({ list: [1], error: new RangeError('x'), map: new Map(), bytes: new Uint8Array(1) });
  await until(() => context.log.length === 1, 'the message');
  assert.deepEqual([...context.log[0]], [true, true, true, true, true, true, 'message', true, 1]);
});

test('moveMessagePortToContext: queued messages come first, in order, and the port answers', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const mail = inbox(port1);
  for (const n of sequence(5)) port1.postMessage(n % 2 ? { n } : n);
  const context = vm.createContext({});
  context.port = wt.moveMessagePortToContext(port2, context);
  for (const n of sequence(5, 5)) port1.postMessage(n % 2 ? { n } : n);
  vm.runInContext('port.onmessage = ({ data }) => port.postMessage(data); port.start();', context);
  const echoed = (await mail.take(10)).map((value) => value.n ?? value);
  assert.deepEqual(echoed, sequence(10));
});

test('moveMessagePortToContext: receiveMessageOnPort gives values of that context', (t) => {
  const { port1, context, evaluate } = movedPort(t, wt);
  port1.postMessage({ list: [1, 2] });
  context.received = wt.receiveMessageOnPort(context.port).message;
  assert.equal(evaluate('received instanceof Object && received.list instanceof Array'), true);
  assert.equal(evaluate('JSON.stringify(received)'), '{"list":[1,2]}');
  assert.equal(wt.receiveMessageOnPort(context.port), undefined);
});

test('moveMessagePortToContext: what cannot live in that context is a messageerror, and the next message arrives', async (t) => {
  const { port1, context, evaluate } = movedPort(t, wt);
  const inner = channel(t, wt);
  evaluate(LISTEN);
  port1.postMessage(new Blob(['text']));
  port1.postMessage('between');
  port1.postMessage({ deep: [new Blob(['text'])] });
  port1.postMessage({ port: inner.port1 }, [inner.port1]);
  port1.postMessage('last');
  await until(() => context.log.some(([, data]) => data === 'last'), 'the last message');
  const log = [...context.log].map((entry) => [...entry]);
  assert.deepEqual(log.slice(0, 3), [
    ['messageerror', UNAVAILABLE.code, UNAVAILABLE.message],
    ['message', 'between'],
    ['messageerror', UNAVAILABLE.code, UNAVAILABLE.message],
  ]);
  assert.equal(log[3][0], 'message');
  assert.deepEqual(log[4], ['message', 'last']);
});

test('moveMessagePortToContext: receiveMessageOnPort throws for what cannot live there, then goes on', (t) => {
  const { port1, context } = movedPort(t, wt);
  port1.postMessage(new Blob(['text']));
  port1.postMessage('next');
  assert.throws(() => wt.receiveMessageOnPort(context.port), UNAVAILABLE);
  assert.deepEqual(outcome(() => wt.receiveMessageOnPort(context.port).message), { returned: 'next' });
});

test('moveMessagePortToContext refuses what is no port, no context, and a closed port', (t) => {
  const { port1 } = channel(t, wt);
  const context = vm.createContext({});
  const invalid = (message) => ({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE', message });
  const noPort = invalid('The "port" argument must be a MessagePort instance');
  assert.throws(() => wt.moveMessagePortToContext(), noPort);
  assert.throws(() => wt.moveMessagePortToContext({}, context), noPort);
  assert.throws(() => wt.moveMessagePortToContext(port1, {}), invalid('Invalid context argument'));
  port1.close();
  assert.throws(() => wt.moveMessagePortToContext(port1, context), {
    code: 'ERR_CLOSED_MESSAGE_PORT',
    message: 'Cannot send data on closed MessagePort',
  });
});

test('a port moved to a context can be closed from its other end', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const context = vm.createContext({});
  context.port = wt.moveMessagePortToContext(port2, context);
  port1.postMessage('waiting');
  assert.deepEqual(outcome(() => wt.receiveMessageOnPort(context.port).message), { returned: 'waiting' });
  const closed = once(port1, 'close');
  port1.close();
  await closed;
});

test('the old object of a port moved to a context is detached: posting goes nowhere, transferring is refused', (t) => {
  const { port1, context } = movedPort(t, wt);
  const pair = channel(t, wt);
  const moved = wt.moveMessagePortToContext(pair.port2, context);
  pair.port2.postMessage('nowhere');
  assert.throws(() => port1.postMessage(1, [pair.port2]), {
    name: 'DataCloneError',
    message: 'MessagePort in transfer list is already detached',
  });
  assert.equal(wt.receiveMessageOnPort(pair.port1), undefined);
  pair.port1.postMessage('to the new object');
  assert.deepEqual(outcome(() => wt.receiveMessageOnPort(moved).message), { returned: 'to the new object' });
});

test("a handler for 'messageerror' does not start the port, and one alone sees no messages", async (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.on('messageerror', assert.fail);
  port2.onmessageerror = assert.fail;
  port1.postMessage('waits');
  await settle();
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'waits' });
});
