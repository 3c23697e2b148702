'use strict';
// Posting to a port whose other end lives in another thread: refusals, hostile objects, and moves of either end.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { FAILURES } = require('../support/failures.js');
const { farThread } = require('../support/far.js');
const { channel } = require('../support/threads.js');
const { inbox, once, until } = require('../support/deadline.js');
const { message, numberOf, sequence, KINDS } = require('../support/mixture.js');
const { outcome } = require('../support/outcome.js');
const { REFUSED, BORDERLINE } = require('../support/values/refused.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const number = (value) => numberOf(value, wt.receiveMessageOnPort);
const postMixed = ({ port, mixture }, count, from = 0) => {
  for (let n = from; n < from + count; n++) port.postMessage(...mixture.message(n));
};
/** The numbers of everything that has arrived over there. */
const numbersOver = (far) => far.run(({ port, wt, mixture }) => {
  const numbers = [];
  for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) numbers.push(mixture.numberOf(next.message, wt.receiveMessageOnPort));
  return numbers;
});

test('values that are refused: the error of the built-in, and nothing arrives over there', async (t) => {
  const [ours, theirs] = [await farThread(t, wt).channel(), await farThread(t, stock).channel()];
  for (const [name, make] of Object.entries(REFUSED)) {
    await t.test(name, () => {
      const [here, there] = [ours, theirs].map(({ near }) => outcome(() => near.postMessage(make())));
      assert.ok('thrown' in there);
      assert.deepEqual(here, there);
      assert.deepEqual(ours.far.drain(), []);
    });
  }
});

test('values that are borderline: the outcome of the built-in, posting and over there', async (t) => {
  const [ours, theirs] = [await farThread(t, wt).channel(), await farThread(t, stock).channel()];
  for (const [name, make] of Object.entries(BORDERLINE)) {
    await t.test(name, () => {
      const [here, there] = [ours, theirs].map(({ near, far }) => [outcome(() => near.postMessage(make())), outcome(() => far.drain())]);
      assert.deepEqual(here, there);
    });
  }
});

test('bad transfer lists: the error of the built-in, nothing arrives, nothing is detached', async (t) => {
  const [ours, theirs] = [await farThread(t, wt).channel(), await farThread(t, stock).channel()];
  for (const [name, fail] of Object.entries(FAILURES)) {
    await t.test(name, () => {
      const outcomes = [[ours, wt], [theirs, stock]].map(([{ near, far }, module]) => {
        const [inner, extra, gone, closed] = [1, 2, 3, 4].map(() => channel(t, module));
        closed.port1.close();
        channel(t, module).port1.postMessage(1, [gone.port1]);
        const buffer = new ArrayBuffer(8);
        const result = outcome(() => fail(near, { buffer, inner, extra: extra.port1, gone: gone.port1, closed: closed.port1 }));
        assert.deepEqual(far.drain(), []);
        assert.equal(buffer.byteLength, 8);
        inner.port1.postMessage('works');
        assert.deepEqual(module.receiveMessageOnPort(inner.port2), { message: 'works' });
        near.postMessage({ buffer, port: inner.port1 }, [buffer, inner.port1]);
        assert.equal(buffer.byteLength, 0);
        const arrived = far.run(({ port, wt }) => {
          const { buffer, port: moved } = wt.receiveMessageOnPort(port).message;
          moved.close();
          return buffer.byteLength;
        });
        assert.equal(arrived, 8);
        return result;
      });
      assert.ok('thrown' in outcomes[1]);
      assert.deepEqual(outcomes[0], outcomes[1]);
    });
  }
});

test('failed posts between good ones leave no gap over there', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const refused = [() => {}, { deep: [Symbol('no')] }, new Map([[1, new WeakMap()]]), new Proxy({}, {}), { get a() { throw new Error('no'); } }];
  for (let n = 0; n < KINDS * 5; n++) {
    near.postMessage(...message(n));
    assert.throws(() => near.postMessage(refused[n % refused.length]));
  }
  assert.deepEqual(numbersOver(far), sequence(KINDS * 5));
});

test('a getter that posts on the same port: the inner message comes first', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const nested = (level) => ({
    level,
    get inner() {
      if (level < 10) near.postMessage(nested(level + 1));
      return level;
    },
    shared: level % 3 === 0 ? new SharedArrayBuffer(1) : null,
  });
  near.postMessage(nested(0));
  const levels = far.run(({ port, wt }) => {
    const all = [];
    for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) all.push(next.message.level);
    return all;
  });
  assert.deepEqual(levels, sequence(11).reverse());
});

test('a getter that closes or transfers the sending port has the outcome of the built-in', async (t) => {
  const results = [];
  for (const module of [wt, stock]) {
    const farm = farThread(t, module);
    const [closing, moving] = [await farm.channel(), await farm.channel()];
    const road = channel(t, module);
    const first = outcome(() => closing.near.postMessage({ get a() { closing.near.close(); return 1; } }));
    const second = outcome(() => moving.near.postMessage({ get a() { road.port1.postMessage(moving.near, [moving.near]); return 2; } }));
    const { message: moved } = module.receiveMessageOnPort(road.port2);
    moved.postMessage('after');
    results.push([first, second, closing.far.drain(), moving.far.drain()]);
    moved.close();
  }
  assert.deepEqual(results[0], results[1]);
});

const ROADS = {
  'a channel of the module': (port) => {
    const { port1, port2 } = new wt.MessageChannel();
    port1.postMessage([port], [port]);
    const [moved] = wt.receiveMessageOnPort(port2).message;
    port1.close();
    return moved;
  },
  structuredClone: (port) => structuredClone(port, { transfer: [port] }),
  'a channel of the built-in': (port) => {
    const { port1, port2 } = new stock.MessageChannel();
    port1.postMessage({ port }, [port]);
    const { message: { port: moved } } = stock.receiveMessageOnPort(port2);
    port1.close();
    return moved;
  },
};

for (const [road, move] of Object.entries(ROADS)) {
  test(`${road} moves an end whose peer is far: the queue goes along, both directions go on in order`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    far.run(postMixed, KINDS * 2);
    for (const n of sequence(KINDS)) near.postMessage(...message(n));
    const moved = move(near);
    t.after(() => moved.close());
    far.run(postMixed, KINDS, KINDS * 2);
    for (const n of sequence(KINDS, KINDS)) moved.postMessage(...message(n));
    assert.deepEqual((await inbox(moved).take(KINDS * 3)).map(number), sequence(KINDS * 3));
    let over = [];
    await until(() => (over = [...over, ...numbersOver(far)]).length >= KINDS * 2, 'the messages over there');
    assert.deepEqual(over, sequence(KINDS * 2));
  });

  test(`${road} moves an end in the middle of its handler: the rest goes to the new object`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    far.run(postMixed, KINDS * 2);
    const seen = [];
    let moved;
    near.on('message', (value) => {
      seen.push(number(value));
      if (seen.length === 4) moved = move(near);
    });
    await until(() => moved, 'the move');
    t.after(() => moved.close());
    far.run(postMixed, KINDS, KINDS * 2);
    const rest = await inbox(moved).take(KINDS * 3 - 4);
    assert.deepEqual([...seen, ...rest.map(number)], sequence(KINDS * 3));
    assert.equal(seen.length, 4);
  });

  test(`${road} moves an end, then the far end closes: queue, then close`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    far.run(postMixed, KINDS);
    const moved = move(near);
    far.run(postMixed, 3, KINDS);
    far.run(({ port }) => port.close());
    const log = [];
    moved.on('message', (value) => log.push(number(value)));
    await once(moved, 'close');
    assert.deepEqual(log, sequence(KINDS + 3));
  });

  test(`${road} moves an end ten times with messages at every stop`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    let moving = near;
    for (let stop = 0; stop < 10; stop++) {
      far.run(postMixed, 3, stop * 3);
      moving.postMessage(stop);
      moving = move(moving);
    }
    t.after(() => moving.close());
    assert.deepEqual((await inbox(moving).take(30)).map(number), sequence(30));
    let over = [];
    await until(() => (over = [...over, ...numbersOver(far)]).length >= 10, 'the messages over there');
    assert.deepEqual(over, sequence(10));
  });
}

test('both ends far: a channel made here and sent to two threads carries what was queued before', async (t) => {
  const [left, right] = [farThread(t, wt), farThread(t, wt)];
  const { port1, port2 } = channel(t, wt);
  for (const n of sequence(KINDS)) port1.postMessage(...message(n));
  for (const n of sequence(3)) port2.postMessage({ n, nested: { list: [n] } });
  const [one, two] = [await left.adopt(port1), await right.adopt(port2)];
  one.run(postMixed, KINDS, KINDS);
  let over = [];
  await until(() => (over = [...over, ...numbersOver(two)]).length >= KINDS * 2, 'the messages over there');
  assert.deepEqual(over, sequence(KINDS * 2));
  await until(() => (over = numbersOver(one)).length > 0, 'the messages of the other direction');
  assert.deepEqual(over, sequence(3));
});

test('an end comes home from the far thread: its peer is local again and everything arrives', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const road = await farThread(t, wt).channel();
  near.postMessage('out 1');
  far.post('in 1');
  far.run(({ port, wt, kept }) => {
    const { port1, port2 } = new wt.MessageChannel();
    kept.road = port1;
    port.postMessage({ road: port2 }, [port2]);
  });
  assert.deepEqual(wt.receiveMessageOnPort(near), { message: 'in 1' });
  const { message: { road: home } } = wt.receiveMessageOnPort(near);
  far.run(({ port, kept }) => kept.road.postMessage({ port }, [port]));
  near.postMessage({ out: 2 });
  const [{ port: back }] = await once(home, 'message');
  near.postMessage('out 3');
  const mail = inbox(back);
  assert.deepEqual(await mail.take(3), ['out 1', { out: 2 }, 'out 3']);
  back.postMessage('in 2');
  assert.deepEqual(await once(near, 'message'), ['in 2']);
  home.close();
  back.close();
  road.near.close();
});
