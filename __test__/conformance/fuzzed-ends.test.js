'use strict';
// What the fuzzer (scripts/fuzz.js) has found about ports that end: closed in a handler, or lost with their other end.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread } = require('../support/far.js');
const stock = require('node:worker_threads');
const { inbox, once, settle, until } = require('../support/deadline.js');
const { spawn } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

test('a handler that closes its port: all that was posted behind its message is delivered, whichever way it came', async (t) => {
  const farm = farThread(t, wt);
  const values = [1, new SharedArrayBuffer(1), 2, new Map([[1, new Error('exotic')]]), new SharedArrayBuffer(2), 'last'];
  for (let at = 0; at < values.length; at++) {
    const { near, far } = await farm.channel();
    far.run(({ port, wt }, all) => {
      for (const value of all) port.postMessage(value);
      const { port1, port2 } = new wt.MessageChannel();
      port1.postMessage('in the port');
      port.postMessage(port2, [port2]);
    }, values);
    let count = 0;
    let moved;
    const closed = once(near, 'close');
    near.on('message', (value) => {
      if (count++ === at) near.close();
      moved = value;
    });
    await closed;
    assert.equal(count, values.length + 1, `closed at ${at}`);
    assert.deepEqual(wt.receiveMessageOnPort(moved), { message: 'in the port' });
    moved.close();
  }
});

test('a handler moves its port by structuredClone and closes it: what is behind goes to the new port, and the process lives', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.post(1, new SharedArrayBuffer(1), new SharedArrayBuffer(2));
  let moved;
  const closed = once(near, 'close');
  near.on('message', () => {
    moved ??= structuredClone(near, { transfer: [near] });
    near.close();
  });
  await closed;
  t.after(() => moved.close());
  assert.equal(await once(moved, 'message').then(([value]) => value.byteLength), 1);
});

test("a port whose messages were all read, then is started: the 'close' of its other end comes", async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(({ port }) => {
    port.postMessage([0, {
      get inner() {
        port.postMessage({ get inner() { return port.close(); }, buffer: new SharedArrayBuffer(1) });
        return 1;
      },
    }]);
  });
  await settle();
  for (let read = 0; read < 2; ) {
    if (wt.receiveMessageOnPort(near)) read++;
  }
  const closed = once(near, 'close');
  near.on('message', () => {});
  await closed;
});

test('a post after the other end was lost in the middle of a post of its own is refused', async (t) => {
  const { port1: near, port2 } = new wt.MessageChannel();
  t.after(() => near.close());
  const far = await farThread(t, wt).adopt(port2);
  near.postMessage(new SharedArrayBuffer(1));
  far.run(({ port, kept }) => { port.once('message', () => { kept.read = true; }); });
  await until(() => far.run(({ kept }) => kept.read), 'the first message');
  near.postMessage('unread');
  far.run(({ port, wt }) => {
    const { port1, port2 } = new wt.MessageChannel();
    port.postMessage({ get inner() { port2.postMessage(port, [port]); return 1; }, port1 }, [port1]);
  });
  assert.equal(near.postMessage(1), false);
});

test('a getter that closes the port of its message, and another port in the list: what is unread there keeps its order', async (t) => {
  const thread = farThread(t, wt);
  const { near: road, far } = await thread.channel();
  const { near } = await thread.channel();
  near.postMessage('plain');
  near.postMessage(new SharedArrayBuffer(3));
  near.postMessage('behind');
  // So that the lane of the road is in use when the port is closed.
  far.post('ahead');
  far.run(({ port, ports }) => {
    const other = [...ports.values()].at(-1);
    const value = { other, get trap() { return port.close(); } };
    port.postMessage(value, [other]);
  });
  const [ahead, { other }] = await inbox(road).take(2);
  t.after(() => other.close());
  assert.equal(ahead, 'ahead');
  const [plain, shared, behind] = await inbox(other).take(3);
  assert.deepEqual([plain, shared.byteLength, behind], ['plain', 3, 'behind']);
});

test('a handler closes its port, that of the next message throws: what is behind does not come, whichever way', async (t) => {
  const farm = farThread(t, wt);
  const failed = [];
  process.setUncaughtExceptionCaptureCallback(({ message }) => failed.push(message));
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  // So many in a row of what the codec does not take that its way changes in between.
  for (let at = 58; at < 70; at++) {
    const { near, far } = await farm.channel();
    const closed = once(near, 'close');
    const heard = [];
    near.on('message', ({ n }) => {
      heard.push(n);
      if (n === at) near.close();
      else if (n > at) throw new Error(`at ${n}`);
    });
    far.post({ n: 'first' });
    await until(() => heard.length > 0, 'the first message');
    far.run(({ port }) => {
      for (let n = 0; n < 80; n++) port.postMessage(Object.assign(Object.create({ of: 'a class' }), { n }));
    });
    await closed;
    await settle();
    assert.deepEqual(heard, ['first', ...Array.from({ length: at + 2 }, (_, n) => n)]);
    assert.deepEqual(failed.splice(0), [`at ${at + 1}`]);
  }
});

// Node visits the parent port ahead of what was made later, so what comes in the middle is seen in the same turn.
test('a listener throws, another one closes the parent port, and what was posted meanwhile goes another way: it does not come', async (t) => {
  const { port1: control, port2 } = new stock.MessageChannel();
  t.after(() => control.close());
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const worker = spawn(t, wt, ({ parentPort, workerData: { control, flags } }) => {
    const heard = [];
    process.on('uncaughtException', ({ message }) => heard.push(message));
    parentPort.on('message', ({ n }) => {
      heard.push(n);
      Atomics.store(flags, 0, 1);
      Atomics.notify(flags, 0);
      Atomics.wait(flags, 1, 0, 10_000);
      throw new Error(`at ${n}`);
    });
    parentPort.on('message', () => parentPort.close());
    parentPort.on('close', () => setImmediate(() => control.postMessage(heard)));
  }, { workerData: { control: port2, flags }, transferList: [port2] });
  worker.postMessage({ n: 0 });
  assert.notEqual(Atomics.wait(flags, 0, 0, 10_000), 'timed-out');
  worker.postMessage({ n: 1 });
  worker.postMessage({ n: 2 });
  Atomics.store(flags, 1, 1);
  Atomics.notify(flags, 1);
  const [heard] = await once(control, 'message');
  assert.deepEqual(heard, [0, 'at 0']);
});

for (const when of ['in the handler', 'before it']) {
  test(`a listener throws, another one closes the port, and what the other end posts ${when} goes another way: it does not come`, async (t) => {
    const farm = farThread(t, wt);
    const failed = [];
    process.setUncaughtExceptionCaptureCallback(({ message }) => failed.push(message));
    t.after(() => process.setUncaughtExceptionCaptureCallback(null));
    const { port1: near, port2 } = new wt.MessageChannel();
    const far = await farm.adopt(port2);
    far.post({ n: 0 });
    const closed = once(near, 'close');
    const heard = [];
    const more = () => far.post({ n: 1 }, { n: 2 });
    near.on('message', ({ n }) => {
      heard.push(n);
      if (when === 'in the handler' && n === 0) more();
      throw new Error(`at ${n}`);
    });
    near.on('message', () => near.close());
    if (when === 'before it') more();
    await closed;
    await settle();
    assert.deepEqual({ heard, failed }, { heard: [0], failed: ['at 0'] });
  });
}
