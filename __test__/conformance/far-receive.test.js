'use strict';
// A port whose other end lives in another thread: reading, listening, stopping, closing, in known states of the queue.

const test = require('node:test');
const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const stock = require('node:worker_threads');
const { farThread } = require('../support/far.js');
const { channel } = require('../support/threads.js');
const { deadline, inbox, once, settle, until } = require('../support/deadline.js');
const { numberOf, sequence, KINDS } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const number = (value) => numberOf(value, wt.receiveMessageOnPort);
const postMixed = ({ port, mixture }, count, from = 0) => {
  for (let n = from; n < from + count; n++) port.postMessage(...mixture.message(n));
};

/** Reads a port to its end without waiting. */
function drain(port) {
  const received = [];
  for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) received.push(next.message);
  return received;
}

test('receiveMessageOnPort reads at once what another thread has posted, plain and carried', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  assert.equal(wt.receiveMessageOnPort(near), undefined);
  far.run(postMixed, KINDS * 5);
  assert.deepEqual(drain(near).map(number), sequence(KINDS * 5));
  assert.equal(wt.receiveMessageOnPort(near), undefined);
});

test('another thread reads at once what this one has posted', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  near.postMessage({ n: 1 });
  near.postMessage(new Map([[1, 2]]));
  near.postMessage({ shared: new SharedArrayBuffer(3) });
  near.postMessage('last');
  assert.equal(far.drain().length, 4);
  assert.equal(far.receive(), undefined);
});

test('what receiveMessageOnPort took is not handed to the listener', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const mail = inbox(near);
  far.run(postMixed, KINDS);
  assert.equal(number(wt.receiveMessageOnPort(near).message), 0);
  assert.equal(number(wt.receiveMessageOnPort(near).message), 1);
  assert.deepEqual((await mail.take(KINDS - 2)).map(number), sequence(KINDS - 2, 2));
  await settle();
  assert.equal(mail.queue.length, 0);
});

test('receiveMessageOnPort takes what the listener waits for: the listener still gets the rest', async (t) => {
  const thread = farThread(t, wt);
  const { near } = await thread.channel();
  const { near: other } = await thread.channel();
  const log = [];
  near.on('message', (value) => log.push(value));
  other.on('message', () => {
    const received = wt.receiveMessageOnPort(near);
    if (received !== undefined) log.push(received.message);
  });
  for (const round of sequence(10)) {
    thread.run(({ ports }) => {
      ports.get(0).postMessage(new SharedArrayBuffer(1));
      ports.get(0).postMessage('second');
      ports.get(0).postMessage('third');
      ports.get(1).postMessage('go');
    });
    await until(() => log.length === 3, `all messages of round ${round}`);
    assert.deepEqual(log.splice(0).slice(1), ['second', 'third']);
  }
});

test('inside a handler receiveMessageOnPort takes the next ones, the listener gets those behind', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(postMixed, KINDS * 2);
  const log = [];
  near.on('message', (value) => {
    log.push(number(value));
    if (log.length === 3) log.push(number(wt.receiveMessageOnPort(near).message), number(wt.receiveMessageOnPort(near).message));
  });
  await until(() => log.length === KINDS * 2, 'all messages');
  assert.deepEqual(log, sequence(KINDS * 2));
});

test('inside a handler the port can be read beyond what had come when the handler was called', async (t) => {
  for (const kind of ['plain', 'carried']) {
    const { near, far } = await farThread(t, wt).channel();
    const log = [];
    near.on('message', (value) => {
      log.push(`handler ${value}`);
      if (value !== 1) return;
      for (const next of [2, 4]) {
        far.run(({ port }, next, kind) => {
          port.postMessage(kind === 'plain' ? next : new Uint8Array(new SharedArrayBuffer(next)));
          port.postMessage(next + 1);
        }, next, kind);
        for (let found; (found = wt.receiveMessageOnPort(near)) !== undefined; ) log.push(`read ${found.message.length ?? found.message}`);
      }
    });
    far.run(({ port }) => port.postMessage(1));
    await until(() => log.length === 5, 'all');
    assert.deepEqual(log, ['handler 1', 'read 2', 'read 3', 'read 4', 'read 5'], kind);
  }
});

test('inside a handler the port can be read to its end', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(postMixed, KINDS);
  const log = [];
  near.on('message', (value) => log.push([number(value), ...drain(near).map(number)]));
  await until(() => log.length > 0, 'a message');
  assert.deepEqual(log, [sequence(KINDS)]);
  far.run(postMixed, 2, KINDS);
  await until(() => log.flat().length === KINDS + 2, 'the later messages');
  assert.deepEqual(log.flat(), sequence(KINDS + 2));
});

for (const [face, add, remove] of [
  ['on', (port, f) => port.on('message', f), (port, f) => port.off('message', f)],
  ['onmessage', (port, f) => { port.onmessage = f; }, (port) => { port.onmessage = null; }],
  ['addEventListener', (port, f) => port.addEventListener('message', f), (port, f) => port.removeEventListener('message', f)],
]) {
  test(`${face} removed inside its handler leaves the rest queued, for receiveMessageOnPort and the next listener`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    far.run(postMixed, KINDS * 2);
    const log = [];
    const handler = (value) => {
      log.push(number(value instanceof MessageEvent ? value.data : value));
      if (log.length === 5) remove(near, handler);
    };
    add(near, handler);
    await until(() => log.length === 5, 'five messages');
    await settle();
    assert.deepEqual(log, sequence(5));
    assert.equal(near.hasRef(), false);
    assert.equal(number(wt.receiveMessageOnPort(near).message), 5);
    assert.deepEqual((await inbox(near).take(KINDS * 2 - 6)).map(number), sequence(KINDS * 2 - 6, 6));
  });
}

test('once() takes one message at a time', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(postMixed, 6);
  for (const n of sequence(6)) {
    assert.equal(number((await once(near, 'message'))[0]), n);
    await settle();
  }
  assert.equal(wt.receiveMessageOnPort(near), undefined);
});

test("removeAllListeners('message') leaves the port started: messages are dropped until there is a listener", async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  near.on('message', assert.fail);
  near.removeAllListeners('message');
  assert.equal(near.hasRef(), true);
  far.post('dropped', { also: 'dropped' });
  await settle(20);
  await until(() => wt.receiveMessageOnPort(near) === undefined, 'an empty queue');
  const mail = inbox(near);
  far.post('kept');
  assert.equal(await mail.next(), 'kept');
});

test('a late listener gets everything; a late start() too', async (t) => {
  const farm = farThread(t, wt);
  const { near, far } = await farm.channel();
  far.run(postMixed, KINDS * 3);
  await settle();
  assert.deepEqual((await inbox(near).take(KINDS * 3)).map(number), sequence(KINDS * 3));
});

for (const kind of ['plain', 'mixed']) {
  test(`nextTick and microtasks drain between two ${kind} messages of one batch`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    if (kind === 'mixed') far.run(postMixed, 30);
    else far.run(({ port }) => { for (let n = 0; n < 30; n++) port.postMessage(n); });
    const log = [];
    near.on('message', (value) => {
      const n = number(value);
      log.push(`message ${n}`);
      process.nextTick(() => {
        log.push(`tick ${n}`);
        queueMicrotask(() => log.push(`micro of tick ${n}`));
      });
      Promise.resolve().then(() => log.push(`micro ${n}`));
    });
    near.on('message', () => log.push('second'));
    await until(() => log.includes('micro of tick 29'), 'the last');
    assert.deepEqual(log, sequence(30).flatMap((n) => [`message ${n}`, 'second', `tick ${n}`, `micro ${n}`, `micro of tick ${n}`]));
  });
}

test('a batch from another thread: events have the shape of the built-in, and ports only where they were sent', async (t) => {
  const shapes = async (module) => {
    const { near, far } = await farThread(t, module).channel();
    far.run(({ port, wt }) => {
      const [one, two] = [new wt.MessageChannel(), new wt.MessageChannel()];
      for (const value of [1, undefined, null, 'text', { a: [1] }, [new Map()], new SharedArrayBuffer(2)]) port.postMessage(value);
      port.postMessage({ one: one.port1, two: two.port1 }, [two.port1, one.port1]);
      port.postMessage('end');
    });
    const log = [];
    near.addEventListener('message', (event) => {
      const { data, ports, type, isTrusted, lastEventId, origin, source, target, currentTarget } = event;
      log.push({
        data: data?.one ? [data.one === ports[1], data.two === ports[0], data.one instanceof module.MessagePort] : data,
        ports: [ports.length, Object.isFrozen(ports)],
        own: Object.getOwnPropertyNames(event),
        target: [target === near, currentTarget === near],
        type, isTrusted, lastEventId, origin, source,
        name: event.constructor.name,
      });
    });
    await until(() => log.at(-1)?.data === 'end', 'the last event');
    return log;
  };
  assert.deepEqual(await shapes(wt), await shapes(stock));
});

test('handlers run in the async context of the port, messages of two ports in one turn each in their own', async (t) => {
  const storage = new AsyncLocalStorage();
  const farm = farThread(t, wt);
  const seen = [];
  const pairs = [];
  for (const name of ['one', 'two', 'three']) {
    const pair = await storage.run(name, () => farm.channel());
    storage.run('listener', () => pair.near.on('message', (value) => seen.push([value, storage.getStore()])));
    pairs.push([name, pair]);
  }
  for (let round = 0; round < 3; round++) for (const [name, { far }] of pairs) far.post(name);
  await until(() => seen.length === 9, 'nine messages');
  for (const [value, store] of seen) assert.equal(store, value);
});

test('messages posted before a close over there arrive, then close, once', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const log = [];
  near.on('message', (value) => log.push(number(value)));
  near.on('close', () => log.push('close'));
  far.run(postMixed, KINDS * 2);
  far.run(({ port }) => port.close());
  await until(() => log.includes('close'), "'close'");
  await settle();
  assert.deepEqual(log, [...sequence(KINDS * 2), 'close']);
});

test('close() inside a handler still delivers what was already queued, then closes', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(({ port }) => { for (let n = 0; n < 20; n++) port.postMessage({ n }); });
  const log = [];
  near.on('message', ({ n }) => {
    log.push(n);
    if (n === 2) near.close();
  });
  near.on('close', () => log.push('close'));
  await until(() => log.includes('close'), "'close'");
  assert.deepEqual(log, [...sequence(20), 'close']);
});

test('close() outside a handler drops what was not yet received, here, and tells the other end', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(({ port, kept }) => { port.on('close', () => { kept.closed = true; }); });
  near.on('message', assert.fail);
  far.post(1, { two: 2 });
  const closed = once(near, 'close');
  near.close();
  await closed;
  await until(() => far.run(({ kept }) => kept.closed === true), "'close' over there");
});

test('a port that was never started keeps its queue over the close over there, then closes when it was read', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const log = [];
  near.on('close', () => log.push('close'));
  far.run(postMixed, 5);
  far.run(({ port }) => port.close());
  await settle(20);
  assert.deepEqual(log, []);
  assert.equal(number(wt.receiveMessageOnPort(near).message), 0);
  near.on('message', (value) => log.push(number(value)));
  await until(() => log.includes('close'), "'close'");
  assert.deepEqual(log, [1, 2, 3, 4, 'close']);
});

test('the far thread dies with messages under way: those posted arrive, then close', async (t) => {
  for (const count of [0, 1, KINDS * 3]) {
    const farm = farThread(t, wt);
    const { near, far } = await farm.channel();
    const log = [];
    far.run(postMixed, count);
    near.on('message', (value) => log.push(number(value)));
    const closed = once(near, 'close');
    await deadline(farm.worker.terminate(), 'terminate()');
    await closed;
    assert.deepEqual(log, sequence(count));
  }
});

test('messages for a port are delivered while other ports of the same threads are stopped, started and closed', async (t) => {
  const farm = farThread(t, wt);
  const steady = await farm.channel();
  const mail = inbox(steady.near);
  for (let round = 0; round < 10; round++) {
    const other = await farm.channel();
    other.far.run(postMixed, 5);
    steady.far.post({ round });
    const listener = () => {};
    other.near.on('message', listener);
    if (round % 3 === 0) other.near.off('message', listener);
    if (round % 3 === 1) other.near.close();
    if (round % 3 === 2) other.far.run(({ port }) => port.close());
    assert.deepEqual(await mail.next(), { round });
  }
});

test('an exception in a handler of a batch: later messages of the batch still come', async (t) => {
  const pair = channel(t, wt);
  const worker = new wt.Worker(`
    const wt = require(${JSON.stringify(require.resolve(process.env.THREADPORT_TEST_MODULE ?? 'threadport'))});
    const log = [];
    process.on('uncaughtException', ({ message }) => log.push(message));
    const port = wt.workerData;
    port.on('message', (n) => {
      log.push(n);
      if (n % 2) throw new Error('odd ' + n);
      if (n === 20) port.postMessage(log);
    });`, { eval: true, workerData: pair.port2, transferList: [pair.port2] });
  t.after(() => worker.terminate());
  for (let n = 0; n <= 20; n++) pair.port1.postMessage(n);
  const [log] = await once(pair.port1, 'message');
  assert.deepEqual(log, sequence(21).flatMap((n) => (n % 2 ? [n, `odd ${n}`] : [n])));
});
