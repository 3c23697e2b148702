'use strict';
// parentPort inside a worker, and workers that talk to each other.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { channel, spawn, exited } = require('../support/threads.js');
const { deadline, inbox, once, until } = require('../support/deadline.js');
const { message, numberOf, sequence, KINDS } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const MIXTURE = require.resolve('../support/mixture.js');
const number = (value) => numberOf(value, wt.receiveMessageOnPort);

const FACES = {
  on: ({ parentPort }) => parentPort.on('message', (value) => parentPort.postMessage({ got: value })),
  addListener: ({ parentPort }) => parentPort.addListener('message', (value) => parentPort.postMessage({ got: value })),
  onmessage: ({ parentPort }) => { parentPort.onmessage = ({ data }) => parentPort.postMessage({ got: data }); },
  addEventListener: ({ parentPort }) => parentPort.addEventListener('message', ({ data }) => parentPort.postMessage({ got: data })),
  'once, again and again': ({ parentPort }) => {
    const wait = () => parentPort.once('message', (value) => { parentPort.postMessage({ got: value }); wait(); });
    wait();
  },
  'events.on': ({ parentPort, require }) => (async () => {
    for await (const [value] of require('node:events').on(parentPort, 'message')) parentPort.postMessage({ got: value });
  })(),
};

for (const [face, body] of Object.entries(FACES)) {
  test(`parentPort.${face}: everything arrives once and in order, before and after the worker runs`, async (t) => {
    const worker = spawn(t, wt, body);
    const mail = inbox(worker);
    for (const n of sequence(50)) worker.postMessage(n);
    assert.deepEqual(await mail.take(50), sequence(50).map((got) => ({ got })));
    for (const n of sequence(50)) worker.postMessage({ n });
    assert.deepEqual(await mail.take(50), sequence(50).map((n) => ({ got: { n } })));
  });
}

test('parentPort is a port of the module, and both faces of it see one message', async (t) => {
  const worker = spawn(t, wt, ({ parentPort, wt }) => {
    const log = [parentPort instanceof wt.MessagePort, parentPort instanceof EventTarget, parentPort instanceof globalThis.MessagePort];
    parentPort.on('message', (value) => log.push(['on', value]));
    parentPort.onmessage = (event) => log.push(['onmessage', event.data, event instanceof MessageEvent, event.target === parentPort]);
    parentPort.addEventListener('message', ({ data, ports }) => {
      log.push(['target', data, ports.length]);
      parentPort.postMessage(log);
    });
  });
  const mail = inbox(worker);
  worker.postMessage('value');
  assert.deepEqual(await mail.next(), [true, true, true, ['on', 'value'], ['onmessage', 'value', true, true], ['target', 'value', 0]]);
});

test('parentPort and the parentPort of the built-in are one conversation', async (t) => {
  const worker = spawn(t, wt, ({ parentPort, require }) => {
    const stock = require('node:worker_threads');
    const seen = [];
    const answer = (value) => {
      seen.push(value);
      if (seen.length === 3) parentPort.postMessage(seen);
    };
    parentPort.on('message', answer);
    stock.parentPort.postMessage('by the stock port');
    parentPort.postMessage('by our port');
  });
  const mail = inbox(worker);
  for (const value of [1, { two: 2 }, new SharedArrayBuffer(3)]) worker.postMessage(value);
  const first = await mail.take(2);
  assert.deepEqual(first.sort(), ['by our port', 'by the stock port']);
  const [one, two, three] = await mail.next();
  assert.deepEqual([one, two, three.byteLength], [1, { two: 2 }, 3]);
});

test('ports of the parent reach the worker in event.ports and in the value', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const worker = spawn(t, wt, ({ parentPort, wt }) => {
    parentPort.onmessage = ({ data, ports }) => {
      const same = ports.length === 1 && ports[0] === data.port && data.port instanceof wt.MessagePort;
      data.port.postMessage({ same });
      data.port.on('message', (value) => data.port.postMessage(value));
    };
  });
  const mail = inbox(port1);
  worker.postMessage({ port: port2 }, [port2]);
  port1.postMessage('ping');
  assert.deepEqual(await mail.take(2), [{ same: true }, 'ping']);
});

test('a worker makes a channel and sends one end to its parent', async (t) => {
  const worker = spawn(t, wt, ({ parentPort, wt: { MessageChannel } }) => {
    const { port1, port2 } = new MessageChannel();
    port1.postMessage('queued before the transfer');
    parentPort.postMessage({ port: port2 }, [port2]);
    port1.postMessage({ queued: 'after' });
    port1.on('message', (value) => port1.postMessage(['echo', value]));
  });
  const [{ port }] = await once(worker, 'message');
  assert.ok(port instanceof wt.MessagePort);
  const mail = inbox(port);
  port.postMessage('ping');
  assert.deepEqual(await mail.take(3), ['queued before the transfer', { queued: 'after' }, ['echo', 'ping']]);
});

test("parentPort.close(): 'close' comes, later posts are dropped, the worker ends", async (t) => {
  const { port1, port2 } = channel(t, wt);
  const worker = spawn(t, wt, ({ parentPort, workerData: port }) => {
    parentPort.on('message', () => {});
    parentPort.on('close', () => port.postMessage('closed'));
    parentPort.postMessage('before');
    parentPort.close(() => port.postMessage('callback'));
    parentPort.postMessage('after');
  }, { workerData: port2, transferList: [port2] });
  const [mail, side] = [inbox(worker), inbox(port1)];
  assert.equal(await exited(worker), 0);
  assert.equal(await mail.next(), 'before');
  assert.deepEqual(await side.take(2), ['closed', 'callback']);
  assert.equal(mail.queue.length, 0);
});

test('two workers talk over a channel in both directions, mixed kinds, while main only watches', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const talk = ({ parentPort, workerData: { port, mixture, count }, wt: { receiveMessageOnPort }, require }) => {
    const { message, numberOf } = require(mixture);
    const seen = [];
    port.on('message', (value) => {
      seen.push(numberOf(value, receiveMessageOnPort));
      if (seen.length === count) parentPort.postMessage(seen);
    });
    for (let n = 0; n < count; n++) port.postMessage(...message(n));
  };
  const count = KINDS * 30;
  const workers = [port1, port2].map((port) =>
    spawn(t, wt, talk, { workerData: { port, mixture: MIXTURE, count }, transferList: [port] }));
  const reports = await Promise.all(workers.map((worker) => inbox(worker).next()));
  assert.deepEqual(reports, [sequence(count), sequence(count)]);
});

test('a ring of four workers passes a counter a thousand hops', async (t) => {
  const channels = sequence(4).map(() => channel(t, wt));
  const workers = sequence(4).map((n) => {
    const [left, right] = [channels[n].port2, channels[(n + 1) % 4].port1];
    return spawn(t, wt, ({ parentPort, workerData: { left, right } }) => {
      left.on('message', ({ hops }) => {
        if (hops === 1000) parentPort.postMessage({ hops });
        else right.postMessage({ hops: hops + 1 });
      });
      parentPort.once('message', (value) => right.postMessage(value));
    }, { workerData: { left, right }, transferList: [left, right] });
  });
  const arrived = new Promise((resolve) => workers.forEach((worker) => worker.on('message', resolve)));
  workers[0].postMessage({ hops: 1 });
  assert.deepEqual(await deadline(arrived, 'the counter'), { hops: 1000 });
});

test('a worker of a worker: messages and ports cross three threads', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const worker = spawn(t, wt, ({ parentPort, wt: { Worker }, workerData: { source } }) => {
    const inner = new Worker(source, { eval: true });
    inner.on('message', (value) => parentPort.postMessage(value));
    parentPort.on('message', ({ port }) => inner.postMessage({ port }, [port]));
  }, { workerData: { source: `
    const wt = require(${JSON.stringify(require.resolve(process.env.THREADPORT_TEST_MODULE ?? 'threadport'))});
    wt.parentPort.on('message', ({ port }) => {
      port.on('message', (value) => port.postMessage({ grandchild: value }));
      wt.parentPort.postMessage('has the port');
    });` } });
  const [mail, side] = [inbox(worker), inbox(port1)];
  port1.postMessage(1);
  worker.postMessage({ port: port2 }, [port2]);
  port1.postMessage({ two: 2 });
  assert.equal(await mail.next(), 'has the port');
  assert.deepEqual(await side.take(2), [{ grandchild: 1 }, { grandchild: { two: 2 } }]);
});

test('ten workers at once, a hundred mixed messages each way', async (t) => {
  const workers = sequence(10).map(() => spawn(t, wt, ({ parentPort, wt: { receiveMessageOnPort }, workerData, require }) => {
    const { message, numberOf } = require(workerData);
    parentPort.on('message', (value) => parentPort.postMessage(...message(numberOf(value, receiveMessageOnPort))));
  }, { workerData: MIXTURE }));
  const mails = workers.map((worker) => inbox(worker));
  for (const n of sequence(100)) workers.forEach((worker) => worker.postMessage(...message(n)));
  for (const mail of mails) assert.deepEqual((await mail.take(100)).map(number), sequence(100));
});

// From Node 22.5 on.
if (stock.postMessageToThread) {
  test("postMessageToThread reaches 'workerMessage' of another thread, and can carry a port", async (t) => {
    const { port1, port2 } = channel(t, wt);
    const worker = spawn(t, wt, ({ parentPort }) => {
      process.on('workerMessage', ({ port, text }, source) => port.postMessage({ text, source }));
      parentPort.on('message', () => {});
      parentPort.postMessage('ready');
    });
    await once(worker, 'message');
    const mail = inbox(port1);
    await deadline(wt.postMessageToThread(worker.threadId, { port: port2, text: 'hello' }, [port2]), 'postMessageToThread');
    assert.deepEqual(await mail.next(), { text: 'hello', source: 0 });
  });
}

test('worker.ref and unref keep or release the loop of the parent: seen from a worker with a worker', async (t) => {
  const outer = spawn(t, wt, ({ wt: { Worker } }) => {
    const inner = new Worker('setInterval(() => {}, 1000)', { eval: true });
    inner.unref();
  });
  assert.equal(await exited(outer), 0);
});

test('a message listener on a worker does not by itself keep a finished worker', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.postMessage(1));
  const seen = [];
  worker.on('message', (value) => seen.push(value));
  assert.equal(await exited(worker), 0);
  await until(() => seen.length === 1, 'the message');
});
