'use strict';
// Long rows of messages of which one side is fast and the other slow: instances of a class and transfers among plain values.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread, moveInHandler } = require('../support/far.js');
const { deadline, inbox } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const LENGTHS = [1, 40, 3, 17, 1, 16, 2, 15, 5, 33, 1];
const TOTAL = LENGTHS.reduce((sum, length) => sum + length);

/** Plain values and others in rows of these lengths, in turn; numbered from `from`. */
const postRows = ({ port }, lengths, from) => {
  class Point {
    x = 1;
  }
  let n = from;
  lengths.forEach((length, row) => {
    for (const end = n + length; n < end; n++) {
      const buffer = new ArrayBuffer(8);
      if (row % 2 === 0) port.postMessage({ n });
      else if (n % 3 === 0) port.postMessage({ n, buffer }, [buffer]);
      else port.postMessage({ n, at: new Point() });
    }
  });
};

const numbers = (values) => values.map(({ n }) => n);

test('rows of messages come in order, posted at once and in pieces', async (t) => {
  const farm = farThread(t, wt);
  const { near, far } = await farm.channel();
  const box = inbox(near);
  far.run(postRows, LENGTHS, 0);
  assert.deepEqual(numbers(await box.take(TOTAL)), sequence(TOTAL));
  for (let round = 0; round < LENGTHS.length; round++) {
    far.run(postRows, [0, 20, 0, 20], 0);
    far.run(postRows, [LENGTHS[round]], 40);
    assert.deepEqual(numbers(await box.take(40 + LENGTHS[round])), sequence(40 + LENGTHS[round]));
  }
});

test('rows of messages are received one by one', async (t) => {
  const farm = farThread(t, wt);
  const { near, far } = await farm.channel();
  far.run(postRows, LENGTHS, 0);
  far.run(postRows, LENGTHS, TOTAL);
  const seen = [];
  for (let i = 0; i < 2 * TOTAL; i++) seen.push(wt.receiveMessageOnPort(near).message.n);
  assert.deepEqual(seen, sequence(2 * TOTAL));
  assert.equal(wt.receiveMessageOnPort(near), undefined);
});

test('rows of messages come before the close that follows them', async (t) => {
  for (const lengths of [[0, 40], [1, 16], [1, 15, 1], [0, 17, 1], [3, 33, 2, 1]]) {
    const farm = farThread(t, wt);
    const { near, far } = await farm.channel();
    const seen = [];
    const closed = deadline(new Promise((resolve) => near.on('close', resolve)), "'close'");
    near.on('message', ({ n }) => seen.push(n));
    far.run(postRows, lengths, 0);
    far.run(({ port }) => port.close());
    await closed;
    assert.deepEqual(seen, sequence(lengths.reduce((sum, length) => sum + length)));
  }
});

for (const at of [0, 1, 15, 16, 17, 18, 40, 41, 44, 61, 62, 63, 80]) {
  test(`a handler moves its port in the middle of rows, at message ${at}: all arrive, in order`, async (t) => {
    const farm = farThread(t, wt);
    const { near, far } = await farm.channel();
    far.run(postRows, LENGTHS, 0);
    const seen = [];
    const moved = await moveInHandler(t, wt, near, ({ n }) => {
      seen.push(n);
      return n === at;
    });
    far.run(postRows, LENGTHS, TOTAL);
    const rest = numbers(await inbox(moved).take(2 * TOTAL - seen.length));
    assert.deepEqual([...seen, ...rest], sequence(2 * TOTAL));
    assert.equal(seen.length, at + 1);
  });
}
