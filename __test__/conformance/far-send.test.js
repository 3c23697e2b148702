'use strict';
// Posting to a port whose other end lives in another thread: refusals, hostile objects, and moves of either end.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { describe } = require('../support/describe.js');
const { FAILURES } = require('../support/failures.js');
const { farThread } = require('../support/far.js');
const { channel } = require('../support/threads.js');
const { inbox, once, until } = require('../support/deadline.js');
const { message, sequence, KINDS } = require('../support/mixture.js');
const { outcome } = require('../support/outcome.js');
const { REFUSED, BORDERLINE } = require('../support/values/refused.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

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

const ALL_TRAPS = Object.getOwnPropertyNames(Reflect);
const throwing = () => {
  throw new Error('this must not run');
};

/** What may stand where a plain object with the key `first` has always stood; by how it is made from its own keys. */
const STRANGERS = {
  'an object whose prototype is a proxy with traps that throw': () => Object.create(new Proxy({}, Object.fromEntries(ALL_TRAPS.map((trap) => [trap, throwing])))),
  'an object whose prototype is a proxy that has everything': () => Object.create(new Proxy({}, { has: () => true })),
  'an object that inherits a getter': () => Object.create({ get first() { return throwing(); } }),
  'an object without a prototype': () => Object.create(null),
  'a plain object': () => ({}),
  'a Map': () => new Map([[1, 2]]),
  'an array': () => [1, 2],
  'an error': () => new TypeError('t'),
};

test('in the place of a familiar object: arrives like a clone of the built-in', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  // While there is a port that is gone, values are looked through for such.
  const { port1: gone } = channel(t, wt);
  const closed = once(gone, 'close');
  gone.close();
  await closed;
  const familiar = (n) => ({ at: { first: n } });
  for (let n = 0; n < 100; n++) near.postMessage(familiar(n));
  assert.equal(far.drain().length, 100);
  for (const [name, make] of Object.entries(STRANGERS)) {
    for (const own of [[], ['first'], ['other'], ['first', 'other'], ['other', 'first']]) {
      const at = make();
      for (const key of own) Object.defineProperty(at, key, { value: key, enumerable: true });
      near.postMessage({ at });
      near.postMessage(familiar(1));
      assert.deepEqual(far.drain(), [structuredClone({ at }), familiar(1)].map(describe), `${name}, with its own ${own}`);
    }
  }
  assert.equal(gone.hasRef(), false);
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

test('texts of every length around the powers of two arrive to the last unit', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const texts = [14, 15, 16, 17, 20].flatMap((power) => [-1, 0, 1].flatMap((more) => {
    const length = 2 ** power + more;
    return ['é', '字', '\ud800'].map((last) => 'x'.repeat(length - 1) + last);
  }));
  for (const text of texts) {
    for (const value of [text, [text, `${text}!`]]) {
      near.postMessage(value);
      const [same] = far.run(({ port, wt }, text) => {
        const { message } = wt.receiveMessageOnPort(port);
        return [Array.isArray(message) ? message[0] === text && message[1] === `${text}!` : message === text];
      }, text);
      assert.ok(same, `${text.length} units`);
    }
  }
});
