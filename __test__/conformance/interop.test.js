'use strict';
// Ports that are moved by what knows nothing of the module: structuredClone, channels and workers of the built-in.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { channel, spawn } = require('../support/threads.js');
const { deadline, inbox, once } = require('../support/deadline.js');
const { message, numberOf, sequence, KINDS } = require('../support/mixture.js');
const { outcome } = require('../support/outcome.js');
const { ROADS } = require('../support/roads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const MIXTURE = require.resolve('../support/mixture.js');
const number = (value) => numberOf(value, wt.receiveMessageOnPort);

const ALL_ROADS = {
  ...ROADS,
  'structuredClone, nested': (port) => structuredClone({ deep: [port] }, { transfer: [port] }).deep[0],
  'the global MessageChannel': (port) => {
    const { port1, port2 } = new globalThis.MessageChannel();
    port1.postMessage(port, [port]);
    const { message: moved } = stock.receiveMessageOnPort(port2);
    port1.close();
    return moved;
  },
};

for (const [name, move] of Object.entries(ALL_ROADS)) {
  test(`${name}: the moved port has the queue, in order, and works in both directions`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const count = KINDS * 3;
    for (const n of sequence(count)) port1.postMessage(...message(n));
    port2.postMessage('out before');
    const moved = move(port2);
    assert.ok(moved instanceof globalThis.MessagePort);
    for (const n of sequence(count, count)) port1.postMessage(...message(n));
    const mail = inbox(moved);
    assert.deepEqual((await mail.take(2 * count)).map(number), sequence(2 * count));
    moved.postMessage('out after');
    const out = inbox(port1);
    assert.deepEqual(await out.take(2), ['out before', 'out after']);
    for (const n of sequence(count)) port1.postMessage(...message(n));
    assert.deepEqual((await mail.take(count)).map(number), sequence(count));
    const closed = once(port1, 'close');
    moved.close();
    await closed;
  });

  test(`${name}: both ends move, one after the other, with messages between`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    port1.postMessage({ n: 1 });
    port2.postMessage('b1');
    const left = move(port1);
    left.postMessage({ n: 2 });
    port2.postMessage('b2');
    const right = move(port2);
    left.postMessage({ n: 3 });
    right.postMessage('b3');
    assert.deepEqual(await inbox(right).take(3), [{ n: 1 }, { n: 2 }, { n: 3 }]);
    assert.deepEqual(await inbox(left).take(3), ['b1', 'b2', 'b3']);
    left.close();
  });

  test(`${name}: a port that is being read in its handler moves, the rest goes to the new object`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const seen = [];
    const moved = new Promise((resolve) => {
      port2.on('message', (value) => {
        seen.push(number(value));
        if (seen.length === 4) resolve(move(port2));
      });
    });
    for (const n of sequence(KINDS)) port1.postMessage(...message(n));
    const mail = inbox(await deadline(moved, 'the move'));
    const rest = (await mail.take(KINDS - 4)).map(number);
    assert.deepEqual([...seen, ...rest], sequence(KINDS));
    assert.equal(seen.length, 4);
  });

  test(`${name}: the moved port can be transferred on by the module`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const road = channel(t, wt);
    port1.postMessage('first');
    const moved = move(port2);
    road.port1.postMessage([moved], [moved]);
    port1.postMessage({ second: true });
    const [again] = wt.receiveMessageOnPort(road.port2).message;
    assert.deepEqual(await inbox(again).take(2), ['first', { second: true }]);
    again.postMessage('back');
    assert.deepEqual(await once(port1, 'message'), ['back']);
  });
}

test("the old object of a port that structuredClone moved gets 'close' and takes no message", async (t) => {
  const { port1, port2 } = channel(t, wt);
  port2.on('message', assert.fail);
  const closed = once(port2, 'close');
  const moved = structuredClone(port2, { transfer: [port2] });
  port2.postMessage('nowhere');
  await closed;
  port1.postMessage('to the moved one');
  assert.equal(await inbox(moved).next(), 'to the moved one');
  moved.postMessage('from the moved one');
  assert.deepEqual(await once(port1, 'message'), ['from the moved one']);
});

test('structuredClone of a port without a transfer list throws and leaves it working', (t) => {
  const { port1, port2 } = channel(t, wt);
  const { thrown, message: text } = outcome(() => structuredClone({ port2 }));
  assert.ok(thrown === 'TypeError' || thrown === 'DOMException');
  assert.equal(text, 'Object that needs transfer was found in message but not listed in transferList');
  port1.postMessage('still');
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'still' });
});

test('receiveMessageOnPort of the built-in and of the module read each other’s ports', (t) => {
  const ours = channel(t, wt);
  const theirs = channel(t, stock);
  theirs.port1.postMessage({ from: 'stock' });
  assert.deepEqual(wt.receiveMessageOnPort(theirs.port2), { message: { from: 'stock' } });
  ours.port1.postMessage({ shared: new SharedArrayBuffer(1) });
  ours.port1.postMessage({ from: 'ours' });
  wt.receiveMessageOnPort(ours.port2);
  assert.deepEqual(wt.receiveMessageOnPort(ours.port2), { message: { from: 'ours' } });
});

test('a port of the built-in travels over a channel of the module and works', async (t) => {
  const road = channel(t, wt);
  const { port1, port2 } = channel(t, stock);
  port1.postMessage('queued');
  road.port1.postMessage({ port: port2, plain: 1 }, [port2]);
  road.port1.postMessage('behind');
  const { message: { port, plain } } = wt.receiveMessageOnPort(road.port2);
  assert.equal(plain, 1);
  port1.postMessage('later');
  assert.deepEqual(await inbox(port).take(2), ['queued', 'later']);
  assert.deepEqual(wt.receiveMessageOnPort(road.port2), { message: 'behind' });
});

test('a Worker of the built-in whose script loads the module gets ports of the module', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const worker = spawn(t, { Worker: stock.Worker }, ({ wt, workerData, require }) => {
    const { port, mixture } = workerData;
    const { message, numberOf } = require(mixture);
    port.on('message', (value) => port.postMessage(...message(numberOf(value, wt.receiveMessageOnPort))));
  }, { workerData: { port: port2, mixture: MIXTURE }, transferList: [port2] });
  const mail = inbox(port1);
  for (const n of sequence(KINDS * 3)) port1.postMessage(...message(n));
  assert.deepEqual((await mail.take(KINDS * 3)).map(number), sequence(KINDS * 3));
  await deadline(worker.terminate(), 'terminate()');
});

test('a Worker of the module whose script never loads it echoes in order and gets ports', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const worker = spawn(t, wt, ({ parentPort, workerData, require }) => {
    const { receiveMessageOnPort } = require('node:worker_threads');
    const { message, numberOf } = require(workerData.mixture);
    const echo = (port) => port.on('message', (value) => {
      if (value?.take) echo(value.take);
      else port.postMessage(...message(numberOf(value, receiveMessageOnPort)));
    });
    echo(parentPort);
  }, { module: 'node:worker_threads', workerData: { mixture: MIXTURE } });
  const [mail, side] = [inbox(worker), inbox(port1)];
  for (const n of sequence(KINDS * 3)) worker.postMessage(...message(n));
  port1.postMessage(...message(0));
  worker.postMessage({ take: port2 }, [port2]);
  for (const n of sequence(KINDS * 2, 1)) port1.postMessage(...message(n));
  assert.deepEqual((await mail.take(KINDS * 3)).map(number), sequence(KINDS * 3));
  assert.deepEqual((await side.take(KINDS * 2 + 1)).map(number), sequence(KINDS * 2 + 1));
});

test('a port goes from a worker that never loads the module to one that does', async (t) => {
  const [road, pair] = [channel(t, wt), channel(t, wt)];
  const relay = spawn(t, wt, ({ parentPort, workerData: road }) => {
    parentPort.once('message', (port) => {
      port.postMessage('from the relay');
      road.postMessage({ port }, [port]);
    });
  }, { module: 'node:worker_threads', workerData: road.port1, transferList: [road.port1] });
  spawn(t, wt, ({ workerData: road }) => {
    road.once('message', ({ port }) => port.on('message', (value) => port.postMessage({ echo: value })));
  }, { workerData: road.port2, transferList: [road.port2] });
  const mail = inbox(pair.port1);
  pair.port1.postMessage(1);
  relay.postMessage(pair.port2, [pair.port2]);
  pair.port1.postMessage(2);
  assert.deepEqual(await mail.take(3), ['from the relay', { echo: 1 }, { echo: 2 }]);
  pair.port1.postMessage(3);
  assert.deepEqual(await mail.next(), { echo: 3 });
});

test('the stock prototype methods work on a port of the module', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const mail = inbox(port2);
  stock.MessagePort.prototype.postMessage.call(port1, { by: 'the stock method' });
  port1.postMessage({ by: 'the own method' });
  const received = (await mail.take(2)).map(({ by }) => by);
  assert.deepEqual(received.sort(), ['the own method', 'the stock method']);
  const closed = once(port2, 'close');
  stock.MessagePort.prototype.close.call(port1);
  await closed;
});

test('a port of the module in a message of a stock port that fails stays where it is', (t) => {
  const { port1, port2 } = channel(t, wt);
  const road = channel(t, stock);
  port1.postMessage('queued');
  assert.throws(() => road.port1.postMessage({ port2, refused: () => {} }, [port2]));
  port1.postMessage('more');
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'queued' });
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'more' });
});
