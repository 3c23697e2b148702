'use strict';
// A port in use whose other end lives in another thread is moved by what does not ask the module.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread } = require('../support/far.js');
const { deadline, inbox, once, until } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');
const { ROADS } = require('../support/roads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const COUNT = 50;

/** Plain messages `{ n }`: those that use the fast way. */
const post = ({ port }, count, from = 0) => {
  for (let n = from; n < from + count; n++) port.postMessage({ n });
};
const listen = ({ port, kept }) => {
  kept.log = [];
  port.on('message', ({ n }) => kept.log.push(n));
  port.on('close', () => kept.log.push('close'));
};
const logOver = (far) => far.run(({ kept }) => kept.log);
const numbers = (messages) => messages.map(({ n }) => n);

for (const [name, move] of Object.entries(ROADS)) {
  test(`${name}: what the far end has posted goes along, and so does what it posts later`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    far.run(post, COUNT);
    const closed = once(near, 'close');
    const moved = move(near);
    t.after(() => moved.close());
    far.run(post, COUNT, COUNT);
    const mail = inbox(moved);
    assert.deepEqual(numbers(await mail.take(2 * COUNT)), sequence(2 * COUNT));
    far.run(post, COUNT, 2 * COUNT);
    assert.deepEqual(numbers(await mail.take(COUNT)), sequence(COUNT, 2 * COUNT));
    assert.equal(mail.queue.length, 0);
    await closed;
  });

  test(`${name}: the far end gets what was posted before and after, in order`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    far.run(listen);
    near.postMessage({ n: 0 });
    await until(() => logOver(far).length === 1, 'the first message over there');
    post({ port: near }, COUNT, 1);
    const moved = move(near);
    t.after(() => moved.close());
    post({ port: moved }, COUNT, COUNT + 1);
    await until(() => logOver(far).length > 2 * COUNT, 'the messages over there');
    assert.deepEqual(logOver(far), sequence(2 * COUNT + 1));
    moved.close();
    await until(() => logOver(far).includes('close'), "'close' over there");
    assert.deepEqual(logOver(far), [...sequence(2 * COUNT + 1), 'close']);
  });

  test(`${name}: both directions under way at the same time`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    far.run(({ port, kept }) => {
      kept.log = [];
      port.on('message', ({ n }) => {
        kept.log.push(n);
        port.postMessage({ n });
      });
    });
    post({ port: near }, COUNT);
    await until(() => logOver(far).length > 5, 'some messages over there');
    const moved = move(near);
    t.after(() => moved.close());
    post({ port: moved }, COUNT, COUNT);
    assert.deepEqual(numbers(await inbox(moved).take(2 * COUNT)), sequence(2 * COUNT));
    assert.deepEqual(logOver(far), sequence(2 * COUNT));
  });

  test(`${name}: the far end closes after the move, what it had posted arrives first`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    far.run(post, COUNT);
    const closed = once(near, 'close');
    const moved = move(near);
    const mail = inbox(moved);
    await closed;
    far.run(post, COUNT, COUNT);
    const gone = once(moved, 'close');
    far.run(({ port }) => port.close());
    assert.deepEqual(numbers(await mail.take(2 * COUNT)), sequence(2 * COUNT));
    await gone;
    assert.equal(mail.queue.length, 0);
  });

  test(`${name}: moved again and again while messages come`, async (t) => {
    const farm = farThread(t, wt);
    for (let round = 0; round < 10; round++) {
      const { near, far } = await farm.channel();
      far.run(post, 3);
      let port = near;
      for (let hop = 1; hop <= 3; hop++) {
        port = move(port);
        far.run(post, 3, hop * 3);
      }
      assert.deepEqual(numbers(await inbox(port).take(12)), sequence(12));
      port.close();
    }
  });

}

test('the far thread ends while it is not known whether its end was closed: what it had posted arrives', async (t) => {
  for (let round = 0; round < 5; round++) {
    const farm = farThread(t, wt);
    const { near, far } = await farm.channel();
    far.run(post, COUNT);
    const log = [];
    near.on('message', ({ n }) => log.push(n));
    const closed = once(near, 'close');
    await deadline(farm.worker.terminate(), 'terminate()');
    await closed;
    assert.deepEqual(log, sequence(COUNT));
  }
});
