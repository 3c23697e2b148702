'use strict';
// A port with unread messages that goes to a thread which has not loaded the package yet, or never loads it.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { inbox, once } = require('../support/deadline.js');
const { run } = require('../support/program.js');
const { channel, modulePath, spawn } = require('../support/threads.js');

const COUNT = 40;

/** A port whose unread messages are 1 to `COUNT`: by the lane, and every fifth, which brings a port, by the stock port. */
async function unread(t) {
  const { port1, port2 } = channel(t, wt);
  const sender = spawn(t, wt, ({ wt, parentPort, workerData: { port, COUNT } }) => {
    port.on('message', (first) => {
      for (let n = first; n <= COUNT; n++) {
        if (n % 5 !== 0) port.postMessage({ n });
        else {
          const { port1, port2 } = new wt.MessageChannel();
          port1.postMessage(n);
          port.postMessage({ n, inner: port2 }, [port2]);
        }
      }
      parentPort.postMessage('sent');
    });
    parentPort.once('message', () => port.close());
    port.postMessage(0);
  }, { workerData: { port: port1, COUNT }, transferList: [port1] });
  // Once the port is read, its peer uses the lane.
  await once(port2, 'message');
  port2.postMessage(1);
  await once(sender, 'message');
  return { port: port2, sender };
}

/**
 * A worker that reads the ports that it is given, in `workerData` or in a message, and posts the numbers that come. `body`, if there is
 * one, runs first; `load()` lets it go on, with the package unless it `isPlain`. One that `isPassing` posts the ports themselves.
 */
function reader(t, { port, body = () => {}, isPlain = false, isPassing = false }) {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const program = `
    const stock = require('node:worker_threads');
    (${body})(stock);
    Atomics.wait(stock.workerData.cell, 0, 0, 10_000);
    const { parentPort, receiveMessageOnPort } = require(${JSON.stringify(isPlain ? 'node:worker_threads' : modulePath)});
    const read = (port) => port.on('message', ({ n, inner }) => {
      if (inner !== undefined && receiveMessageOnPort(inner)?.message !== n) throw new Error(n + ' brought another port');
      parentPort.postMessage(n);
    }).on('close', () => parentPort.postMessage('closed'));
    if (stock.workerData.port !== undefined) read(stock.workerData.port);
    parentPort.on('message', ({ port }) => (${isPassing} ? parentPort.postMessage({ port }, [port]) : read(port)));`;
  const transferList = port === undefined ? [] : [port];
  const worker = new wt.Worker(program, { eval: true, workerData: { cell, port }, transferList });
  worker.on('error', (error) => assert.ifError(error));
  t.after(() => worker.terminate());
  const load = () => {
    Atomics.store(cell, 0, 1);
    Atomics.notify(cell, 0);
  };
  return { worker, load };
}

const all = Array.from({ length: COUNT }, (_, i) => i + 1);
const carried = all.filter((n) => n % 5 === 0);
const others = all.filter((n) => n % 5 !== 0);

test('in a message to a worker that is still loading: in order', async (t) => {
  const { port } = await unread(t);
  const { worker, load } = reader(t, {});
  worker.postMessage({ port }, [port]);
  load();
  assert.deepEqual(await inbox(worker).take(COUNT), all);
});

test('and the peer posts on meanwhile', async (t) => {
  const { port, sender } = await unread(t);
  const { worker, load } = reader(t, {});
  port.postMessage(COUNT - 9);
  worker.postMessage({ port }, [port]);
  await once(sender, 'message');
  load();
  assert.deepEqual(await inbox(worker).take(COUNT + 10), [...all, ...all.slice(-10)]);
});

test('in a message to a worker that passes it on as it is', async (t) => {
  const { port } = await unread(t);
  const { worker, load } = reader(t, { isPassing: true });
  worker.postMessage({ port }, [port]);
  load();
  const [{ port: passed }] = await once(worker, 'message');
  t.after(() => passed.close());
  const numbers = (await inbox(passed).take(COUNT)).map(({ n }) => n);
  assert.deepEqual(numbers, all);
});

test('in workerData: in order', async (t) => {
  const { port } = await unread(t);
  const { worker, load } = reader(t, { port });
  load();
  assert.deepEqual(await inbox(worker).take(COUNT), all);
});

test('in workerData, and plain code takes some before the package is loaded: the rest comes', async (t) => {
  const { port } = await unread(t);
  const { worker, load } = reader(t, {
    port,
    body: ({ receiveMessageOnPort, workerData }) => {
      for (const n of [5, 10]) if (receiveMessageOnPort(workerData.port).message.n !== n) throw new Error(`not ${n}`);
    },
  });
  load();
  const numbers = await inbox(worker).take(COUNT - 2);
  assert.deepEqual(numbers.filter((n) => n % 5 === 0), carried.slice(2));
  assert.deepEqual(numbers.filter((n) => n % 5 !== 0), others);
});

for (const [what, body] of [['that says nothing', undefined], ['that says something', ({ parentPort }) => parentPort.postMessage('here')]]) {
  test(`to a worker without the package ${what}: everything comes`, async (t) => {
    const { port } = await unread(t);
    const { worker, load } = reader(t, { body, isPlain: true });
    const messages = inbox(worker);
    worker.postMessage({ port }, [port]);
    load();
    if (body !== undefined) await messages.next();
    const numbers = await messages.take(COUNT);
    assert.deepEqual(numbers.filter((n) => n % 5 === 0), carried);
    assert.deepEqual(numbers.filter((n) => n % 5 !== 0), others);
  });
}

test('to a worker without the package, and the peer closes: everything comes, then the close', async (t) => {
  const { port, sender } = await unread(t);
  const { worker, load } = reader(t, { isPlain: true });
  const messages = inbox(worker);
  worker.postMessage({ port }, [port]);
  sender.postMessage('close');
  load();
  const numbers = await messages.take(COUNT);
  assert.deepEqual(numbers.toSorted((a, b) => a - b), all);
  assert.equal(await messages.next(), 'closed');
});

test('in a program that has replaced the global setTimeout', async () => {
  const program = `
    globalThis.setTimeout = () => 7;
    const { Worker, MessageChannel } = require('threadport');
    const start = (body, port) => new Worker('const { parentPort, workerData: port } = require("threadport");' + body,
      { eval: true, workerData: port, transferList: port === undefined ? [] : [port] });
    const { port1, port2 } = new MessageChannel();
    const sender = start(\`
      port.once('message', () => {
        port.postMessage(1);
        port.postMessage(new SharedArrayBuffer(2));
        parentPort.postMessage('sent');
      });
      port.postMessage(0);\`, port1);
    port2.once('message', () => port2.postMessage('go'));
    sender.once('message', () => {
      const worker = start("parentPort.on('message', ({ port }) => port.on('message', (value) => parentPort.postMessage(value)));");
      worker.on('message', (value) => {
        console.log(value.byteLength ?? value);
        if (value !== 1) process.exit();
      });
      worker.postMessage({ port: port2 }, [port2]);
    });`;
  const { code, lines, stderr } = await run(['-e', program]);
  assert.deepEqual({ code, lines, stderr }, { code: 0, lines: ['1', '2'], stderr: '' });
});
