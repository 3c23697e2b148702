'use strict';
// Several who wait for one port at once: receiveAny, iterations, listeners.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { deadline, once, settle, until } = require('../support/deadline.js');
const { channel, spawn } = require('../support/threads.js');
const { unreadable } = require('../support/unreadable.js');

const { receiveAny } = wt;
const EVENTS = ['message', 'messageerror', 'close'];

const listeners = (port) => EVENTS.map((event) => port.listenerCount(event));
const all = (pulls) => deadline(Promise.all(pulls), 'all that wait');
const pull = async (port, options) => (await receiveAny([port], options))?.value;
const iterate = (port) => port[Symbol.asyncIterator]();
const next = async (iteration) => (await iteration.next()).value;

/** The other end posts what it is told, from this thread or from another one; of another one every fifth message is carried. */
const peers = {
  'in one thread': (t) => {
    const { port1, port2 } = channel(t, wt);
    return { port: port1, post: (from, to) => setTimeout(() => {
      for (let n = from; n < to; n++) port2.postMessage(n);
    }, 5) };
  },
  'between threads': (t) => {
    const { port1, port2 } = channel(t, wt);
    const worker = spawn(t, wt, ({ parentPort, workerData: port }) => {
      parentPort.on('message', ([from, to]) => {
        for (let n = from; n < to; n++) port.postMessage(n % 5 === 3 ? Object.assign(new Error(n), { shared: new SharedArrayBuffer(1) }) : n);
      });
    }, { workerData: port2, transferList: [port2] });
    return { port: port1, post: (from, to) => worker.postMessage([from, to]) };
  },
};
const numberOf = (value) => (typeof value === 'object' ? Number(value.message) : value);
const numbers = (from, to) => Array.from({ length: to - from }, (_, n) => from + n);

for (const [where, peer] of Object.entries(peers)) {
  test(`${where}: each message goes to one, in the order in which they began to wait`, async (t) => {
    const { port, post } = peer(t);
    for (let round = 0; round < 3; round++) {
      const iteration = iterate(port);
      const waiting = [pull(port), next(iteration), pull(port), next(iterate(port)), pull(port, { timeout: 10_000 }), next(iteration)];
      await settle();
      post(round * 10, round * 10 + 8);
      const values = (await all(waiting)).map(numberOf);
      // The second next() of one iteration begins to wait after the first one has ended.
      assert.deepEqual([...values.slice(0, 5), values[5]], numbers(round * 10, round * 10 + 6));
      assert.deepEqual((await all([pull(port), pull(port)])).map(numberOf), [round * 10 + 6, round * 10 + 7]);
    }
    assert.deepEqual(listeners(port), [0, 0, 0]);
  });

  test(`${where}: iterations share the messages, and none starves`, async (t) => {
    const { port, post } = peer(t);
    const seen = [[], [], []];
    const whole = all(seen.map(async (mine) => {
      for await (const value of port) {
        mine.push(numberOf(value));
        if (value === 'end' || seen.reduce((sum, { length }) => sum + length, 0) >= 600) break;
      }
    }));
    await settle();
    post(0, 600);
    post(600, 603);
    await whole;
    assert.deepEqual(seen.flat().sort((a, b) => a - b).slice(0, 600), numbers(0, 600));
    for (const mine of seen) {
      assert.ok(mine.length >= 100, `${seen.map(({ length }) => length)}`);
      assert.deepEqual(mine, [...mine].sort((a, b) => a - b));
    }
  });

  test(`${where}: nothing is lost or doubled where waits end in the moment in which messages come`, async (t) => {
    const { port, post } = peer(t);
    const COUNT = 2000;
    const got = [];
    let posted = 0;
    const note = (value) => value !== undefined && got.push(numberOf(value));
    const end = Date.now() + 20_000;
    for (let round = 0; got.length < COUNT && Date.now() < end; round++) {
      const controller = new AbortController();
      const left = iterate(port);
      const waiting = [
        pull(port, { signal: controller.signal }).then(note, (error) => assert.equal(error.name, 'AbortError')),
        pull(port, { timeout: round % 3 }).then(note),
        next(left).then(note),
        pull(port, { timeout: 1 }).then(note),
      ];
      if (posted < COUNT) post(posted, (posted += 5));
      if (round % 2) await new Promise(setImmediate);
      else await new Promise((resolve) => setTimeout(resolve, round % 4));
      controller.abort();
      left.return();
      await all(waiting);
    }
    assert.deepEqual(got.sort((a, b) => a - b), numbers(0, COUNT));
    assert.deepEqual(listeners(port), [0, 0, 0]);
  });

  test(`${where}: a listener sees what comes as an event, and one of those who wait gets it, too`, async (t) => {
    const { port, post } = peer(t);
    const seen = [];
    const again = [];
    // Whoever begins to wait in the middle of an event waits for the next one.
    port.once('message', () => again.push(pull(port)));
    port.on('message', (value) => seen.push(numberOf(value)));
    port.on('message', () => {});
    const waiting = [pull(port), pull(port)];
    for (let n = 0; n < 3; n++) {
      // One by one: who asks while more is there takes it at once, and no event tells of that.
      post(n, n + 1);
      await until(() => seen.length > n, 'the event');
    }
    assert.deepEqual((await all(waiting)).map(numberOf), [0, 1]);
    assert.deepEqual((await all(again)).map(numberOf), [2]);
    assert.deepEqual(seen, [0, 1, 2]);
    const last = pull(port);
    post(3, 4);
    assert.equal(numberOf(await deadline(last, 'the last message')), 3);
    assert.deepEqual(seen, [0, 1, 2, 3]);
    port.removeAllListeners('message');
  });
}

test('who begins to wait while messages are there leaves them to those who wait already', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const waiting = [pull(port1), pull(port1)];
  for (let n = 0; n < 4; n++) port2.postMessage(n);
  assert.equal(await pull(port1, { timeout: 0 }), 2);
  assert.deepEqual(await all(waiting), [0, 1]);
  assert.equal(port1.tryReceive(), 3);
});

test('who takes a message at once does not hear of it before those who got theirs earlier', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const heard = () => pull(port1).then((value) => log.push(value));
  const waiting = [heard(), heard()];
  for (let n = 0; n < 4; n++) port2.postMessage(n);
  await all([...waiting, heard(), heard()]);
  assert.deepEqual(log, [0, 1, 2, 3]);
});

test('return() and throw() end an iteration that waits; the message goes to the next', async (t) => {
  for (const [method, outcome] of [['return', { value: 'given', done: true }], ['throw', 'given']]) {
    const { port1, port2 } = channel(t, wt);
    const iteration = iterate(port1);
    const waiting = [iteration.next(), iteration.next()];
    const other = pull(port1);
    await settle();
    const left = iteration[method]('given').catch((error) => error);
    port2.postMessage('kept');
    const over = { value: undefined, done: true };
    assert.deepEqual(await all(waiting), [over, over]);
    assert.deepEqual(await deadline(left, method), outcome);
    assert.equal(await deadline(other, 'the message'), 'kept');
    assert.deepEqual(listeners(port1), [0, 0, 0]);
    assert.deepEqual(await iteration.next(), over);
  }
});

test('an iteration that is left while it lets the loop turn has taken nothing', async (t) => {
  const { port1, port2 } = channel(t, wt);
  for (let n = 0; n < 1001; n++) port2.postMessage(n);
  const iteration = iterate(port1);
  for (let n = 0; n < 1000; n++) assert.equal(await next(iteration), n);
  const last = iteration.next();
  await null;
  await iteration.return();
  assert.deepEqual(await last, { value: undefined, done: true });
  assert.equal(port1.tryReceive(), 1000);
});

test('of a wait that ends with its message in the middle of an event, the message is not lost', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const controller = new AbortController();
  port1.once('message', () => controller.abort(new Error('too late')));
  const waiting = [pull(port1, { signal: controller.signal }), pull(port1)];
  port2.postMessage(1);
  port2.postMessage(2);
  assert.deepEqual(await all(waiting), [1, 2]);
});

test('what cannot be deserialized is the error of one', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const post = await unreadable(t, wt, port2);
  const first = assert.rejects(pull(port1), /Maximum call stack/);
  const second = pull(port1);
  await post();
  await deadline(first, 'the error');
  assert.equal(await deadline(second, 'the next message'), 'next');
});

test('the close ends all of them', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const waiting = [pull(port1), pull(port1)].map((one) => assert.rejects(one, { code: 'ERR_THREADPORT_CLOSED' }));
  const iterations = [iterate(port1), iterate(port1)].map((one) => one.next());
  const closed = once(port1, 'close');
  await settle();
  port2.close();
  await all([...waiting, closed]);
  assert.deepEqual(await all(iterations), [{ value: undefined, done: true }, { value: undefined, done: true }]);
});

test('who waits still gets a message where all listeners were removed and another one begins to wait', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const first = pull(port1);
  port1.removeAllListeners();
  const second = pull(port1);
  for (const value of [1, 2]) port2.postMessage(value);
  assert.deepEqual(await all([first, second]), [1, 2]);
});
