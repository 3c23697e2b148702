'use strict';
// What the fuzzer (scripts/fuzz.js) has found: each difference as a small program of its own.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread } = require('../support/far.js');
const { deadline, inbox, once, settle, until } = require('../support/deadline.js');
const { spawn } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

test('a port that was started, then moved by structuredClone: its other end goes to another thread and reaches it', async (t) => {
  const worker = spawn(t, wt, ({ wt, parentPort }) => {
    const { port1, port2 } = new wt.MessageChannel();
    port2.start();
    port2.on('close', () => {
      moved.on('message', (value) => parentPort.postMessage(value));
      parentPort.postMessage(port1, [port1]);
    });
    const moved = structuredClone(port2, { transfer: [port2] });
  });
  const mail = inbox(worker);
  const port = await mail.next('the port');
  t.after(() => port.close());
  port.postMessage('first');
  port.postMessage(new Map([[1, 2]]));
  assert.deepEqual(await mail.take(2), ['first', new Map([[1, 2]])]);
});

test('a handler that closes, beside one that throws: what was queued is dropped', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const log = [];
  const closed = once(near, 'close');
  far.post('one', 'two');
  const failed = new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve);
    t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  });
  near.on('message', () => {
    throw new Error('from the handler');
  });
  near.on('message', (value) => {
    log.push(value);
    near.close();
  });
  assert.equal((await deadline(failed, 'the exception')).message, 'from the handler');
  await closed;
  assert.deepEqual(log, ['one']);
});

test('a transfer by a port that was just closed does not keep its peer from closing', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const { port1, port2 } = new wt.MessageChannel();
  const buffer = new ArrayBuffer(4);
  far.run(({ port, kept }) => {
    kept.closed = false;
    port.on('close', () => { kept.closed = true; });
  });
  const lost = once(port2, 'close');
  near.close();
  near.postMessage([port1, buffer], [port1, buffer]);
  assert.equal(buffer.byteLength, 0);
  await lost;
  await closedOver(far);
});

const closedOver = (far) => until(() => far.run(({ kept }) => kept.closed), "'close' over there");

test("a post that failed does not keep a port that nobody reads from its 'close'", async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const closed = once(near, 'close');
  far.run(({ port }) => {
    try {
      port.postMessage(1, [new SharedArrayBuffer(1)]);
    } catch {
      // Nothing was sent.
    }
    port.close();
  });
  await closed;
});

test("close() on a port with unread messages whose peer has closed: 'close' comes", async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  let isClosed = false;
  const closed = once(near, 'close').then(() => { isClosed = true; });
  far.run(({ port }) => port.postMessage({ get unread() { port.close(); return 1; } }));
  await settle();
  assert.equal(isClosed, false);
  near.close();
  await closed;
});

test('a port in a message whose receiver has closed is closed: its other end hears of it', async (t) => {
  const farm = farThread(t, wt);
  const { near, far } = await farm.channel();
  const road = await farm.channel();
  far.run(({ port, kept }) => {
    kept.closed = false;
    port.on('close', () => { kept.closed = true; });
  });
  // What nobody reads keeps the road open.
  road.far.run(({ port, kept }) => {
    kept.isRoadClosed = false;
    port.on('close', () => { kept.isRoadClosed = true; });
    port.postMessage('unread');
    port.close();
  });
  await until(() => far.run(({ kept }) => kept.isRoadClosed), "'close' of the road");
  assert.equal(road.near.postMessage({ near }, [near]), false);
  await closedOver(far);
});

test('the getters of a message run once, also when its sender has just come to the thread of its receiver', async (t) => {
  const farm = farThread(t, wt);
  const { near, far } = await farm.channel();
  far.post('once more, for the reader is there by now');
  await until(() => wt.receiveMessageOnPort(near) !== undefined, 'the message');
  far.run(({ port, wt }) => wt.parentPort.postMessage(port, [port]));
  const [home] = await once(farm.worker, 'message');
  let calls = 0;
  home.postMessage({ get count() { return ++calls; } });
  assert.deepEqual(wt.receiveMessageOnPort(near), { message: { count: 1 } });
  assert.equal(calls, 1);
});

test('a handler that closes at the last message of the stock port: what is in the lane behind it is delivered', async (t) => {
  const farm = farThread(t, wt);
  const { port1, port2 } = new wt.MessageChannel();
  const far = await farm.adopt(port2);
  far.post('by the stock port');
  const log = [];
  const closed = once(port1, 'close');
  port1.on('message', (value) => {
    log.push(value);
    port1.close();
  });
  far.post('two', 'three');
  await closed;
  assert.deepEqual(log, ['by the stock port', 'two', 'three']);
});

test('event.ports has the ports of its own message: after a handler threw, and where the reader has just come', async (t) => {
  const farm = farThread(t, wt);
  const { port1, port2 } = new wt.MessageChannel();
  const far = await farm.adopt(port2);
  t.after(() => port1.close());
  const log = [];
  const failed = [];
  process.setUncaughtExceptionCaptureCallback((error) => failed.push(error.message));
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  port1.on('message', (value) => {
    if (value.extra) throw new Error('from the handler');
  });
  port1.addEventListener('message', ({ data, ports }) => log.push([data.n, ports.length]));
  far.run(({ port, wt }) => {
    for (let n = 0; n < 6; n++) {
      const { port1: extra } = new wt.MessageChannel();
      if (n % 2 === 0) port.postMessage({ n });
      else port.postMessage({ n, extra }, [extra]);
    }
  });
  await until(() => log.length === 6, 'the messages');
  assert.deepEqual(log, [[0, 0], [1, 1], [2, 0], [3, 1], [4, 0], [5, 1]]);
  assert.equal(failed.length, 3);
});

test("a port whose messages were all read moves after the close of its peer: 'close' comes in the new place", async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(({ port }) => {
    port.postMessage('once more, for the reader is there by now');
    port.postMessage(1);
    port.postMessage(new SharedArrayBuffer(1));
    port.close();
  });
  for (let read = 0; read < 3; ) {
    if (wt.receiveMessageOnPort(near)) read++;
  }
  const { port1: road, port2 } = new wt.MessageChannel();
  t.after(() => road.close());
  road.postMessage(near, [near]);
  const { message: moved } = wt.receiveMessageOnPort(port2);
  await once(moved, 'close');
});

test('a port that goes by a channel whose other end structuredClone has moved: its own other end goes on hearing of it', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const { port1, port2: road } = new wt.MessageChannel();
  t.after(() => road.close());
  // A transfer that fails makes all that the road needs to leave the thread.
  assert.throws(() => near.postMessage(0, [port1, port1]), /duplicate/);
  const closed = once(port1, 'close');
  const moved = structuredClone(port1, { transfer: [port1] });
  await closed;
  far.run(({ port, kept }) => {
    kept.log = [];
    port.on('message', (value) => kept.log.push(value));
  });
  road.postMessage(near, [near]);
  const [arrived] = await once(moved, 'message');
  t.after(() => arrived.close());
  arrived.postMessage('later');
  await until(() => far.run(({ kept }) => kept.log.length > 0), 'the message over there');
  assert.deepEqual(far.run(({ kept }) => kept.log), ['later']);
});

test('a channel both of whose ends are lost in the list of a post by a moved port: what it carries is closed', async (t) => {
  const { port1: kept, port2: carried } = new wt.MessageChannel();
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => kept.close());
  kept.on('message', () => {});
  const closed = once(kept, 'close');
  port2.postMessage(carried, [carried]);
  carried.postMessage(0, [port1, port2]);
  await closed;
});

test('a getter posts on its own port, whose other end has just come to this thread: the message of the getter is first', async (t) => {
  const farm = farThread(t, wt);
  const { near, far } = await farm.channel();
  near.postMessage('by the lane');
  await until(() => far.receive() !== undefined, 'the message over there');
  far.run(({ port, wt }) => wt.parentPort.postMessage(port, [port]));
  const [home] = await once(farm.worker, 'message');
  const { port1: other } = new wt.MessageChannel();
  for (const rest of [[], [other]]) {
    near.postMessage([{ get inner() { return near.postMessage('inner'); } }, ...rest], rest);
    assert.deepEqual(wt.receiveMessageOnPort(home), { message: 'inner' });
    assert.deepEqual(wt.receiveMessageOnPort(home)?.message[0], { inner: true });
  }
});

test('a getter sends a port by its own port, whose other end is in this thread: the message around it arrives', async (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  const { port1: other, port2: cargo } = new wt.MessageChannel();
  t.after(() => other.close());
  port1.postMessage({ get inner() { return port1.postMessage(cargo, [cargo]); } });
  const far = await farThread(t, wt).adopt(port2);
  t.after(() => port1.close());
  await until(() => far.run(({ port, wt }) => wt.receiveMessageOnPort(port) !== undefined), 'the inner message');
  port1.postMessage('last');
  const got = [];
  await until(() => {
    const next = far.receive();
    if (next !== undefined) got.push(next.message);
    return next?.message === 'last';
  }, 'the last message');
  assert.deepEqual(got, [{ inner: true }, 'last']);
});

test('a port that was sent after its other end had closed takes along what it is given: posts to that are refused', async (t) => {
  const farm = farThread(t, wt);
  const { port1, port2 } = new wt.MessageChannel();
  const closed = once(port1, 'close');
  port1.close();
  const dead = await farm.adopt(port2);
  await closed;
  const { near, far } = await farm.channel();
  near.postMessage('by the lane');
  await until(() => far.receive() !== undefined, 'the message over there');
  far.run(({ port, ports }) => ports.get(0).postMessage(port, [port]));
  assert.notEqual(near.postMessage('lost'), true);
  dead.run(({ port }) => port.close());
});

test('a port that comes out of a road which structuredClone has moved: what it posts arrives', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const mail = inbox(near);
  far.post('by the lane');
  assert.equal(await mail.next(), 'by the lane');
  far.run(({ port, wt }) => {
    const { port1, port2 } = new wt.MessageChannel();
    port1.postMessage(port, [port]);
    const moved = structuredClone(port2, { transfer: [port2] });
    moved.on('message', (arrived) => {
      arrived.postMessage('later');
      moved.close();
    });
  });
  assert.equal(await mail.next(), 'later');
});

/** Two ports, one here and one over there that has posted `values` and is lost, in a message to a port that is closed. */
async function lost(t, ...values) {
  const { near, far } = await farThread(t, wt).channel();
  far.run(({ port, wt }, all) => {
    for (const value of all) port.postMessage(value);
    const { port1 } = new wt.MessageChannel();
    port1.close();
    port1.postMessage(port, [port]);
  }, values);
  await settle();
  return near;
}

test("a port that is polled, whose other end is lost: 'close' comes after the last message", async (t) => {
  const near = await lost(t, 'unread');
  const log = [];
  near.once('close', () => log.push('close'));
  log.push(wt.receiveMessageOnPort(near), wt.receiveMessageOnPort(near));
  await until(() => log.length === 3, "'close'");
  assert.deepEqual(log, [{ message: 'unread' }, undefined, 'close']);
});

test('a port with unread messages whose other end is lost has hasRef() until it is closed', async (t) => {
  const near = await lost(t, 'unread');
  const closed = once(near, 'close');
  near.close();
  const refs = [near.hasRef()];
  near.on('message', () => {});
  refs.push(near.hasRef());
  await closed;
  refs.push(near.hasRef());
  assert.deepEqual(refs, [false, true, false]);
});

test('a port with unread messages whose other end is lost can keep the loop alive', async (t) => {
  const near = await lost(t, 'unread');
  const refs = [near.hasRef()];
  const log = inbox(near);
  refs.push(near.hasRef());
  near.unref();
  refs.push(near.hasRef());
  near.ref();
  refs.push(near.hasRef());
  assert.equal(await log.next(), 'unread');
  await once(near, 'close');
  refs.push(near.hasRef());
  assert.deepEqual(refs, [false, true, false, true, false]);
});

test('a getter closes its own port, whose other end has just come to this thread: its message is delivered', async (t) => {
  const farm = farThread(t, wt);
  for (const carried of [false, true]) {
    const { near, far } = await farm.channel();
    near.postMessage('by the lane');
    await until(() => far.receive() !== undefined, 'the message over there');
    far.run(({ port, wt }) => wt.parentPort.postMessage(port, [port]));
    const [home] = await once(farm.worker, 'message');
    near.postMessage({
      get inner() {
        if (carried) near.postMessage('inner');
        near.close();
        return 1;
      },
    });
    const log = inbox(home);
    if (carried) assert.equal(await log.next(), 'inner');
    assert.deepEqual(await log.next(), { inner: 1 });
    await once(home, 'close');
  }
});

test('a getter sends its own port away in the middle of a post: what the message carries is closed', async (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  const { port1: near, port2: far } = new wt.MessageChannel();
  t.after(() => port1.close());
  const closed = once(near, 'close');
  wt.receiveMessageOnPort(near);
  port1.postMessage({ get inner() { return near.postMessage([port1, port2], [port1, port2]); }, far }, [far]);
  await closed;
});
