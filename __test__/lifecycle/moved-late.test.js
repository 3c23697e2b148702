'use strict';
// A port that a worker is given in workerData, and that moves on: what waits in it goes along, whatever the worker has read or
// posted before it loaded the package.

const test = require('node:test');
const assert = require('node:assert/strict');
const { setTimeout: sleep } = require('node:timers/promises');
const wt = require('threadport');
const { deadline, inbox, once, settle } = require('../support/deadline.js');
const { channel, modulePath, spawn } = require('../support/threads.js');

/** Posts `from` to `to - 1`; every third number brings a port in which it is once more, with an echo behind it. */
function post(port, from, to, { MessageChannel } = wt) {
  for (let n = from; n < to; n++) {
    if (n % 3 !== 0) port.postMessage({ n });
    else {
      const { port1, port2 } = new MessageChannel();
      port1.on('message', (value) => {
        port1.postMessage(-value);
        port1.close();
      });
      port1.postMessage(n);
      port.postMessage({ n, inner: port2 }, [port2]);
    }
  }
}

/** The next messages of `port` are `from` to `to - 1`, those below `plain` without ports, and what they bring works. */
async function check(port, from, to, plain = 0) {
  const messages = inbox(port);
  for (let n = from; n < to; n++) {
    const { n: number, inner } = await messages.next(`number ${n}`);
    assert.equal(number, n);
    assert.equal(inner !== undefined, n >= plain && n % 3 === 0);
    if (inner === undefined) continue;
    assert.deepEqual(wt.receiveMessageOnPort(inner), { message: n });
    inner.postMessage(n);
    const [echo] = await once(inner, 'message');
    assert.equal(echo + n, 0);
  }
  assert.deepEqual(messages.queue, []);
}

/** A worker that is given `port` in workerData, and runs `body`; resolves with the port that it sends back. */
async function through(t, port, body, more = {}) {
  const worker = spawn(t, wt, body, { workerData: { port, modulePath, ...more }, transferList: [port] });
  const [back] = await once(worker, 'message');
  t.after(() => back.port.close());
  return { worker, ...back };
}

const passOn = ({ parentPort, workerData: { port } }) => parentPort.postMessage({ port }, [port]);

test('moved unread', async (t) => {
  const { port1, port2 } = channel(t, wt);
  post(port1, 0, 10);
  const { port } = await through(t, port2, passOn);
  post(port1, 10, 20);
  await check(port, 0, 20);
});

test('moved unread by three workers in a row, with messages in between', async (t) => {
  const { port1, port2 } = channel(t, wt);
  let port = port2;
  for (let i = 0; i < 3; i++) {
    post(port1, i * 10, i * 10 + 10);
    ({ port } = await through(t, port, passOn));
  }
  post(port1, 30, 40);
  await check(port, 0, 40);
});

test('moved unread to a worker within the worker', async (t) => {
  const { port1, port2 } = channel(t, wt);
  post(port1, 0, 10);
  const { port } = await through(t, port2, ({ wt, parentPort, workerData: { port, modulePath } }) => {
    const source = `const { parentPort, workerData: { port } } = require(${JSON.stringify(modulePath)}); parentPort.postMessage({ port }, [port]);`;
    const inner = new wt.Worker(source, { eval: true, workerData: { port }, transferList: [port] });
    inner.once('message', ({ port }) => parentPort.postMessage({ port }, [port]));
  });
  post(port1, 10, 20);
  await check(port, 0, 20);
});

test('moved after some were received', async (t) => {
  const { port1, port2 } = channel(t, wt);
  for (let n = 0; n < 20; n++) port1.postMessage({ n: n * 3 + 1 });
  const { port, got } = await through(t, port2, ({ wt, parentPort, workerData: { port } }) => {
    const got = [];
    for (let i = 0; i < 5; i++) got.push(wt.receiveMessageOnPort(port).message.n);
    parentPort.postMessage({ port, got }, [port]);
  });
  assert.deepEqual(got, [1, 4, 7, 10, 13]);
  const messages = inbox(port);
  const rest = await messages.take(15);
  assert.deepEqual(rest.map(({ n }) => n), Array.from({ length: 15 }, (_, i) => (i + 5) * 3 + 1));
});

test('moved by a handler, amid the messages', async (t) => {
  const { port1, port2 } = channel(t, wt);
  for (let n = 0; n < 20; n++) port1.postMessage({ n });
  const { port, got } = await through(t, port2, ({ parentPort, workerData: { port } }) => {
    const got = [];
    port.on('message', ({ n }) => {
      got.push(n);
      if (got.length === 5) parentPort.postMessage({ port, got }, [port]);
    });
  });
  assert.deepEqual(got, [0, 1, 2, 3, 4]);
  for (let n = 20; n < 25; n++) port1.postMessage({ n });
  const rest = await inbox(port).take(20);
  assert.deepEqual(rest.map(({ n }) => n), Array.from({ length: 20 }, (_, i) => i + 5));
});

test('moved while messages by the lane follow those that nobody has counted', async (t) => {
  const { port1, port2 } = channel(t, wt);
  for (let n = 0; n < 10; n++) port1.postMessage({ n });
  const worker = spawn(t, wt, ({ wt, parentPort, workerData: { port } }) => {
    const { n } = wt.receiveMessageOnPort(port).message;
    parentPort.once('message', () => parentPort.postMessage({ port }, [port]));
    parentPort.postMessage(n);
  }, { workerData: { port: port2 }, transferList: [port2] });
  assert.deepEqual(await once(worker, 'message'), [0]);
  post(port1, 10, 20);
  worker.postMessage('move it');
  const [{ port }] = await once(worker, 'message');
  t.after(() => port.close());
  await settle();
  const messages = inbox(port);
  for (let n = 1; n < 10; n++) assert.deepEqual(await messages.next(), { n });
  messages.stop();
  await check(port, 10, 20);
});

/** Without the package at first: the built-in module takes `count` messages, or posts as many; then the port moves on. */
function startsPlain({ workerData: { port, count, posts, modulePath } }) {
  const stock = require('node:worker_threads');
  for (let i = 0; i < count; i++) {
    if (posts) port.postMessage({ n: i });
    else if (stock.receiveMessageOnPort(port).message.n !== i) throw new Error('not in order');
  }
  const { parentPort } = require(modulePath);
  parentPort.postMessage({ port }, [port]);
}

/** As `spawn`, but the package is loaded by the program. */
function spawnPlain(t, port, more) {
  const workerData = { port, modulePath, ...more };
  const worker = new wt.Worker(`(${startsPlain})(require('node:worker_threads'))`, { eval: true, workerData, transferList: [port] });
  t.after(() => deadline(worker.terminate(), 'terminate() after the test'));
  return worker;
}

for (const count of [1, 3, 4, 7]) {
  test(`${count} received before the package was loaded, the rest moves on unread`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    post(port1, 0, 20);
    const worker = spawnPlain(t, port2, { count });
    const [{ port }] = await once(worker, 'message');
    t.after(() => port.close());
    post(port1, 20, 30);
    await check(port, count, 30);
  });

  test(`${count} posted before the package was loaded, the port moves on and posts by a lane`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const worker = spawnPlain(t, port2, { count, posts: true });
    const [{ port }] = await once(worker, 'message');
    t.after(() => port.close());
    // From a thread of its own: two ends in one thread have no lane.
    const body = `({ wt, parentPort, workerData: { port } }) => {
      (${post})(port, ${count}, 20, wt);
      parentPort.on('message', () => {});
    }`;
    const poster = spawn(t, wt, body, { workerData: { port }, transferList: [port] });
    poster.on('error', (error) => assert.ifError(error));
    await check(port1, 0, 20, count);
  });
}

test('the other end of what a worker is given has closed: the ports in it are ours', async (t) => {
  const { port1, port2 } = channel(t, wt);
  for (let i = 0; i < 3; i++) {
    const inner = channel(t, wt);
    inner.port1.postMessage(i);
    port1.postMessage({ i, port: inner.port2 }, [inner.port2]);
  }
  const body = ({ wt, parentPort, workerData: { port } }) => {
    port.on('message', ({ i, port }) => parentPort.postMessage([i, port.bufferedAmount, wt.receiveMessageOnPort(port).message]));
  };
  const worker = spawn(t, wt, body, { workerData: { port: port2 }, transferList: [port2] });
  port1.close();
  assert.deepEqual(await inbox(worker).take(3), [[0, 0, 0], [1, 0, 1], [2, 0, 2]]);
});

for (const [name, read] of Object.entries({
  receiveSync: (_, port) => port.receiveSync(10_000),
  receiveAnySync: (wt, port) => wt.receiveAnySync([port], { timeout: 10_000 }).value,
})) {
  test(`a worker reads by ${name} while more comes, and the first message has brought a port: in order`, async (t) => {
    for (let round = 0; round < 10; round++) {
      const { port1, port2 } = channel(t, wt);
      const { port1: inner } = channel(t, wt);
      const body = `({ wt, parentPort, workerData: { port, count } }) => {
        const seen = [];
        while (seen.length < count) seen.push((${read})(wt, port).n);
        parentPort.postMessage(seen);
      }`;
      port1.postMessage({ n: 0, inner }, [inner]);
      const worker = spawn(t, wt, body, { workerData: { port: port2, count: 30 }, transferList: [port2] });
      let n = 1;
      const timer = setInterval(() => port1.postMessage({ n: n++ }), 1);
      t.after(() => clearInterval(timer));
      assert.deepEqual(await once(worker, 'message'), [Array.from({ length: 30 }, (_, i) => i)], `round ${round}`);
      clearInterval(timer);
    }
  });
}

/** A port whose other end has posted 0 to 2 with a port each, and is in the middle of a post until `cell` changes. */
async function amidPost(t, cell) {
  const sender = spawn(t, wt, ({ wt, parentPort, workerData: { cell } }) => {
    const { port1, port2 } = new wt.MessageChannel();
    parentPort.postMessage({ port: port2 }, [port2]);
    parentPort.once('message', () => {
      for (let i = 0; i < 3; i++) {
        const inner = new wt.MessageChannel();
        port1.postMessage({ i, port: inner.port2 }, [inner.port2]);
      }
      const get = () => {
        parentPort.postMessage('in a getter');
        Atomics.wait(cell, 0, 0);
        return 1;
      };
      port1.postMessage(Object.create({}, { slow: { get, enumerable: true } }));
    });
  }, { workerData: { cell } });
  const [{ port }] = await once(sender, 'message');
  sender.postMessage('go');
  assert.deepEqual(await once(sender, 'message'), ['in a getter']);
  return { sender, port };
}

test('the other end of what a worker is given is ended in the middle of a post: what was sent before comes', async (t) => {
  const { sender, port } = await amidPost(t, new Int32Array(new SharedArrayBuffer(4)));
  const worker = spawn(t, wt, ({ parentPort, workerData: { port } }) => {
    parentPort.postMessage('starts');
    port.on('message', ({ i, port }) => {
      port.close();
      parentPort.postMessage(i);
    });
  }, { workerData: { port }, transferList: [port] });
  const messages = inbox(worker);
  assert.equal(await messages.next(), 'starts');
  // So that it has come to ask how many were sent.
  await sleep(100);
  await sender.terminate();
  assert.deepEqual(await messages.take(3), [0, 1, 2]);
});

test('the other end of what a worker is given waits for the worker in the middle of a post: all comes', async (t) => {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const { port } = await amidPost(t, cell);
  const worker = spawn(t, wt, ({ parentPort, workerData: { port, cell } }) => {
    port.on('message', ({ i, slow, port }) => {
      Atomics.store(cell, 0, 1);
      Atomics.notify(cell, 0);
      port?.close();
      parentPort.postMessage(i ?? { slow });
    });
  }, { workerData: { port, cell }, transferList: [port] });
  assert.deepEqual(await inbox(worker).take(4), [0, 1, 2, { slow: 1 }]);
});

test('moved unread amid a flood', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const cells = new Int32Array(new SharedArrayBuffer(8));
  const sender = spawn(t, wt, ({ parentPort, workerData: { port, cells } }) => {
    let n = 0;
    for (const end = Date.now() + 10_000; Atomics.load(cells, 0) === 0 && Date.now() < end; n++) {
      port.postMessage({ n });
      while (port.bufferedAmount > 500_000 && Atomics.load(cells, 0) === 0);
    }
    port.postMessage({ n, isEnd: true });
    parentPort.on('message', () => {});
  }, { workerData: { port: port1, cells }, transferList: [port1] });
  sender.on('error', (error) => assert.ifError(error));
  let port = port2;
  for (let i = 0; i < 3; i++) ({ port } = await through(t, port, passOn));
  let expected = 0;
  const end = new Promise((resolve, reject) => {
    port.on('message', ({ n, isEnd }) => {
      if (n !== expected++) reject(new Error(`${expected - 1} was expected, ${n} came`));
      if (expected === 1000) Atomics.store(cells, 0, 1);
      if (isEnd) resolve();
    });
  });
  await deadline(end, 'the last message');
});
