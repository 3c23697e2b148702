'use strict';
// A port is stopped by one message, and moves with those behind it. The built-in port is looked at first, whatever is in the lane.

const test = require('node:test');
const assert = require('node:assert/strict');
const { inbox } = require('../support/deadline.js');
const { channel, spawn, specifier } = require('../support/threads.js');
const { ROADS } = require('../support/roads.js');
const { stopped } = require('../support/stopped.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** The second of these goes by the built-in port. */
const mixed = ({ port }) => {
  port.postMessage('first');
  port.postMessage(new (class { carried = [1]; })());
  port.postMessage('third');
};

const REST = [{ carried: [1] }, 'third', 'fourth'];

/** What the port that was moved gets, and what is posted then. */
async function rest(t, { far }, moved) {
  t.after(() => moved.close());
  far.post('fourth');
  assert.deepEqual(await inbox(moved).take(3), REST);
}

for (const [name, move] of Object.entries(ROADS)) {
  test(`${name}: what goes by the built-in port, between others`, async (t) => {
    const start = await stopped(t, wt, mixed);
    await rest(t, start, move(start.port));
  });
}

/** As the module under test moves a port within its thread. */
function move(t, port) {
  const { port1, port2 } = channel(t, wt);
  port1.postMessage({ port }, [port]);
  return wt.receiveMessageOnPort(port2).message.port;
}

test('by the module: the same', async (t) => {
  const start = await stopped(t, wt, mixed);
  await rest(t, start, move(t, start.port));
});

test('moved twice, and read by receiveMessageOnPort', async (t) => {
  const { port } = await stopped(t, wt, mixed);
  const moved = move(t, move(t, port));
  t.after(() => moved.close());
  assert.deepEqual(wt.receiveMessageOnPort(moved), { message: { carried: [1] } });
  assert.deepEqual(wt.receiveMessageOnPort(moved), { message: 'third' });
  assert.equal(wt.receiveMessageOnPort(moved), undefined);
});

test('a move that fails: they are here as before', async (t) => {
  const { port, far } = await stopped(t, wt, ({ port }) => {
    port.postMessage('first');
    port.postMessage(new SharedArrayBuffer(3));
    port.postMessage('third');
  });
  const { port1 } = channel(t, wt);
  assert.throws(() => port1.postMessage(() => {}, [port]), { name: 'DataCloneError' });
  far.post('fourth');
  const [memory, ...others] = await inbox(port).take(3);
  assert.equal(memory.byteLength, 3);
  assert.deepEqual(others, ['third', 'fourth']);
});

for (const module of [specifier, 'node:worker_threads']) {
  test(`to a worker that reads with ${module}`, async (t) => {
    const { port, far } = await stopped(t, wt, mixed);
    const reader = spawn(t, wt, ({ wt }) => {
      wt.parentPort.on('message', ({ port }) => port.on('message', (message) => wt.parentPort.postMessage(message)));
    }, { module });
    const mail = inbox(reader);
    reader.postMessage({ port }, [port]);
    assert.deepEqual(await mail.take(2), REST.slice(0, 2));
    far.post('fourth');
    assert.equal(await mail.next(), 'fourth');
  });
}

/** A failed post between others, far into the lane: what it leaves there lies across the end of what is read in one go, for some `length`. */
const postFar = ({ port, posts }, length) => {
  let n = 0;
  const next = () => n++;
  port.postMessage('first');
  port.postMessage({ n: next(), list: Array.from({ length }, (_, i) => i / 3) });
  while (n < 2_660) port.postMessage(next());
  posts.STEPS['instance with a getter that throws late'](next, port);
  for (const step of ['number', 'instance', 'number']) posts.STEPS[step](next, port);
};

test('structuredClone: a failed post among thousands of messages leaves no place', async (t) => {
  for (let length = 190; length < 220; length++) {
    const { port } = await stopped(t, wt, postFar, {}, length);
    const moved = ROADS.structuredClone(port);
    t.after(() => moved.close());
    const numbers = (await inbox(moved).take(2_663)).map((value) => value.n ?? value);
    assert.ok(numbers.every((n, index) => n === index), `length ${length}: ${numbers.slice(-4)}`);
    moved.close();
  }
});
