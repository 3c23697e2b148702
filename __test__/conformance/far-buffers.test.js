'use strict';
// Streams of large buffers between threads: each arrives whole, and is a buffer of its own.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread } = require('../support/far.js');
const { inbox, settle, until } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');
const { ROADS } = require('../support/roads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const KiB = 1024;
const SIZES = [16 * KiB - 1, 16 * KiB, 50_000, 64 * KiB, 1024 * KiB, 1024 * KiB + 8];

/** Bytes of which every one tells of `n`, the last one too. */
const bytes = (size, n) => new Uint8Array(size).fill(n & 255);

/** The number in `view`, if all of it says so. */
function numberIn(view, size) {
  assert.ok(view instanceof Uint8Array);
  assert.equal(view.length, size);
  assert.equal(view.buffer.byteLength, size);
  const [n] = view;
  assert.equal(Buffer.compare(view, bytes(size, n)), 0, `message ${n} is not whole`);
  return n;
}

const post = ({ port }, size, count, from = 0) => {
  for (let n = from; n < from + count; n++) port.postMessage(new Uint8Array(size).fill(n & 255));
};
const echo = ({ port }) => {
  port.on('message', (view) => port.postMessage(view));
};
const numbers = (views, size) => views.map((view) => numberIn(view, size));

for (const size of SIZES) {
  test(`buffers of ${size} bytes there and back, several rounds`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    const mail = inbox(near);
    far.run(echo);
    for (const round of sequence(6)) {
      post({ port: near }, size, 10, round * 10);
      assert.deepEqual(numbers(await mail.take(10), size), sequence(10, round * 10));
    }
  });
}

test('buffers of several sizes in turn', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const mail = inbox(near);
  far.run(echo);
  for (const round of sequence(10)) {
    for (const size of SIZES) post({ port: near }, size, 2, round);
    for (const size of SIZES) assert.deepEqual(numbers(await mail.take(2), size), [round, round + 1]);
  }
});

test('several buffers and views in one message, equal ones and the same one', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const mail = inbox(near);
  far.run(echo);
  for (const round of sequence(8)) {
    const [a, b] = [bytes(64 * KiB, round), bytes(64 * KiB, round + 100)];
    near.postMessage({ a, b, c: new Uint16Array(a.buffer, 8, 4), again: a.buffer });
    const [{ a: x, b: y, c, again }] = await mail.take(1);
    assert.equal(numberIn(x, 64 * KiB), round);
    assert.equal(numberIn(y, 64 * KiB), round + 100);
    assert.equal(c.buffer, x.buffer);
    assert.equal(again, x.buffer);
    assert.notEqual(x.buffer, y.buffer);
  }
});

test('what is changed after the post, or was received before, is not what arrives', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const mail = inbox(near);
  far.run(echo);
  const view = bytes(64 * KiB, 0);
  const kept = [];
  for (const n of sequence(40)) {
    near.postMessage(view.fill(n));
    view.fill(255);
    if (n % 4 === 3) kept.push(...(await mail.take(4)));
  }
  assert.deepEqual(numbers(kept, 64 * KiB), sequence(40));
  assert.equal(new Set(kept.map(({ buffer }) => buffer)).size, 40);
});

test('a buffer that was received can be transferred on, and detaches', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const mail = inbox(near);
  far.run(({ port }) => {
    port.on('message', (view) => {
      port.postMessage(view, [view.buffer]);
      port.postMessage(view.byteLength);
    });
  });
  for (const round of sequence(8)) {
    post({ port: near }, 64 * KiB, 3, round);
    const answers = await mail.take(6);
    assert.deepEqual(answers.filter((_, n) => n % 2 === 1), [0, 0, 0]);
    assert.deepEqual(numbers(answers.filter((_, n) => n % 2 === 0), 64 * KiB), [round, round + 1, round + 2]);
  }
});

test('receiveMessageOnPort reads them', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const read = () => numberIn(wt.receiveMessageOnPort(near).message, 64 * KiB);
  for (const round of sequence(8)) {
    far.run(post, 64 * KiB, 5, round * 5);
    assert.deepEqual(sequence(5).map(read), sequence(5, round * 5));
    assert.equal(wt.receiveMessageOnPort(near), undefined);
  }
});

const TRANSFER = { 'a transfer list of this module': (port) => {
  const { port1, port2 } = new wt.MessageChannel();
  port1.postMessage(port, [port]);
  port1.close();
  return wt.receiveMessageOnPort(port2).message;
} };

for (const [name, move] of Object.entries({ ...TRANSFER, ...ROADS })) {
  test(`${name} moves a port whose large buffers are under way`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    const mail = inbox(near);
    for (const round of sequence(5)) {
      far.run(post, 64 * KiB, 5, round * 5);
      assert.equal((await mail.take(5)).length, 5);
    }
    await settle();
    far.run(post, 64 * KiB, 10);
    const moved = move(near);
    t.after(() => moved.close());
    far.run(post, 64 * KiB, 10, 10);
    const rest = inbox(moved);
    assert.deepEqual(numbers(await rest.take(20), 64 * KiB), sequence(20));
    far.run(post, 64 * KiB, 10, 20);
    assert.deepEqual(numbers(await rest.take(10), 64 * KiB), sequence(10, 20));
  });
}

test('a handler passes the buffer on and moves the port, with more of them under way', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port2.close());
  const passed = inbox(port2);
  for (const round of sequence(10)) {
    far.run(post, 64 * KiB, 3, round);
    for (const n of sequence(3)) assert.equal(numberIn(wt.receiveMessageOnPort(near).message, 64 * KiB), round + n);
  }
  far.run(post, 64 * KiB, 8);
  near.once('message', (view) => {
    port1.postMessage(view, [view.buffer]);
    port1.postMessage(near, [near]);
  });
  const [first, moved] = await passed.take(2);
  assert.equal(numberIn(first, 64 * KiB), 0);
  t.after(() => moved.close());
  assert.deepEqual(numbers(await inbox(moved).take(7), 64 * KiB), sequence(7, 1));
});

test('a port that is closed with large buffers under way: the far end goes on', async (t) => {
  const thread = farThread(t, wt);
  for (const round of sequence(5)) {
    const { near, far } = await thread.channel();
    const mail = inbox(near);
    far.run(({ kept, port }) => {
      kept.closed = false;
      port.on('close', () => (kept.closed = true));
    });
    for (const n of sequence(4)) {
      far.run(post, 64 * KiB, 5, n * 5);
      assert.deepEqual(numbers(await mail.take(5), 64 * KiB), sequence(5, n * 5));
    }
    far.run(post, 64 * KiB, 20);
    near.close();
    far.run(post, 64 * KiB, 20);
    await until(() => far.run(({ kept }) => kept.closed), `'close' of round ${round}`);
  }
});
