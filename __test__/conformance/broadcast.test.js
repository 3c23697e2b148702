'use strict';
// BroadcastChannel of the module: within a thread, between threads, and with the global one.

const test = require('node:test');
const assert = require('node:assert/strict');
const util = require('node:util');
const stock = require('node:worker_threads');
const { channel, spawn } = require('../support/threads.js');
const { deadline, inbox, settle } = require('../support/deadline.js');
const { outcome } = require('../support/outcome.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

let names = 0;

/** `count` members of a fresh group, closed after the test. */
function group(t, count, module = wt) {
  const name = `group ${process.pid} ${names++}`;
  const members = Array.from({ length: count }, () => new module.BroadcastChannel(name));
  t.after(() => members.forEach((member) => member.close()));
  return { name, members };
}

/** Collects what `onmessage` gets. */
function collect(member, count) {
  const got = [];
  const done = new Promise((resolve) => {
    member.onmessage = ({ data }) => got.push(data) === count && resolve(got);
  });
  return { got, done: deadline(done, `${count} broadcasts`) };
}

test('a message reaches every other member of the group, not the sender', async (t) => {
  const { members: [sender, ...others] } = group(t, 4);
  sender.onmessage = assert.fail;
  const received = others.map((member) => collect(member, 3).done);
  for (const value of [1, { two: [2] }, 'three']) sender.postMessage(value);
  assert.deepEqual(await Promise.all(received), Array(3).fill([1, { two: [2] }, 'three']));
  await settle();
});

test('groups of different names do not hear each other', async (t) => {
  const [a, b] = [group(t, 2), group(t, 2)];
  b.members[1].onmessage = assert.fail;
  const heard = collect(a.members[1], 1);
  a.members[0].postMessage('for a');
  assert.deepEqual(await heard.done, ['for a']);
  await settle();
});

test('messages of one member keep their order, plain or not', async (t) => {
  const { members: [sender, receiver] } = group(t, 2);
  const heard = collect(receiver, 100);
  for (const n of sequence(100)) sender.postMessage(n % 3 ? { n } : { n, shared: new SharedArrayBuffer(1) });
  assert.deepEqual((await heard.done).map(({ n }) => n), sequence(100));
});

test('a member in a worker hears main and answers, in order', async (t) => {
  const { name, members: [here] } = group(t, 1);
  const worker = spawn(t, wt, ({ wt, parentPort, workerData: name }) => {
    const there = new wt.BroadcastChannel(name);
    there.onmessage = ({ data }) => {
      there.postMessage({ echo: data });
      if (data === 49) there.close();
    };
    parentPort.postMessage('ready');
  }, { workerData: name });
  await inbox(worker).next();
  const heard = collect(here, 50);
  for (const n of sequence(50)) here.postMessage(n);
  assert.deepEqual(await heard.done, sequence(50).map((echo) => ({ echo })));
});

test('members of the module, of the built-in and of the global are one group', async (t) => {
  const { name, members: [ours] } = group(t, 1);
  const others = [new stock.BroadcastChannel(name), new globalThis.BroadcastChannel(name)];
  t.after(() => others.forEach((member) => member.close()));
  const received = others.map((member) => collect(member, 1).done);
  ours.postMessage({ from: 'ours' });
  assert.deepEqual(await Promise.all(received), [[{ from: 'ours' }], [{ from: 'ours' }]]);
  const back = collect(ours, 1);
  others[0].postMessage({ from: 'stock' });
  assert.deepEqual(await back.done, [{ from: 'stock' }]);
});

test('receiveMessageOnPort reads a member', (t) => {
  const { members: [sender, receiver] } = group(t, 2);
  sender.postMessage({ n: 1 });
  sender.postMessage({ shared: new SharedArrayBuffer(1) });
  sender.postMessage('three');
  assert.deepEqual(wt.receiveMessageOnPort(receiver), { message: { n: 1 } });
  assert.deepEqual(Object.keys(wt.receiveMessageOnPort(receiver).message), ['shared']);
  assert.deepEqual(wt.receiveMessageOnPort(receiver), { message: 'three' });
  assert.equal(wt.receiveMessageOnPort(receiver), undefined);
  assert.equal(wt.receiveMessageOnPort(sender), undefined);
});

test('a closed member takes nothing, hears nothing, and postMessage throws InvalidStateError', async (t) => {
  const { members: [sender, closed, open] } = group(t, 3);
  closed.onmessage = assert.fail;
  const heard = collect(open, 1);
  closed.close();
  closed.close();
  sender.postMessage('late');
  assert.deepEqual(await heard.done, ['late']);
  assert.throws(() => closed.postMessage(1), { name: 'InvalidStateError', code: 11, message: 'BroadcastChannel is closed.' });
  await settle();
});

test('errors, brand checks and shape are those of the built-in', (t) => {
  const results = [wt, stock].map((module) => {
    const { members: [member] } = group(t, 1, module);
    const { BroadcastChannel } = module;
    const port = channel(t, stock).port1;
    const { prototype } = BroadcastChannel;
    return [
      outcome(() => new BroadcastChannel()),
      outcome(() => new BroadcastChannel(Symbol('no'))),
      outcome(() => BroadcastChannel('no new')),
      outcome(() => member.postMessage()),
      outcome(() => member.postMessage(() => {})),
      outcome(() => member.postMessage(port)),
      outcome(() => prototype.postMessage.call({}, 1)),
      outcome(() => prototype.close.call({})),
      outcome(() => prototype.ref.call({})),
      outcome(() => prototype.unref.call({})),
      outcome(() => prototype.name),
      outcome(() => member.ref() === member && member.unref() === member),
      ['postMessage', 'close', 'ref', 'unref', 'name', 'onmessage', 'onmessageerror'].map((key) => key in member),
      member instanceof EventTarget,
      member.constructor.name,
      Object.prototype.toString.call(member),
      util.inspect(member, { depth: -1 }),
    ];
  });
  assert.deepEqual(results[0], results[1]);
});

test('the name is the string form of the argument', (t) => {
  for (const name of ['plain', 5, null, undefined, { toString: () => 'computed' }]) {
    const member = new wt.BroadcastChannel(name);
    t.after(() => member.close());
    assert.equal(member.name, String(name));
  }
});

test('events are MessageEvents, on the EventTarget face, in the order of the members', async (t) => {
  const { members } = group(t, 5);
  const order = [];
  const done = new Promise((resolve) => {
    members.slice(1).forEach((member, index) => {
      member.addEventListener('message', (event) => {
        assert.ok(event instanceof MessageEvent);
        assert.equal(event.target, member);
        order.push([event.data, index]);
        if (order.length === 8) resolve();
      });
    });
  });
  members[0].postMessage('a');
  members[0].postMessage('b');
  await deadline(done, 'eight events');
  for (const letter of ['a', 'b']) {
    assert.deepEqual(order.filter(([data]) => data === letter).map(([, index]) => index), [0, 1, 2, 3]);
  }
});
