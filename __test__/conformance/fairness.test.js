'use strict';
// A flood of messages must leave room for timers, immediates, I/O, other ports and terminate().

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const { channel, spawn, exited } = require('../support/threads.js');
const { deadline, inbox, once } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** Lets a message bounce on `pair` until `stop()`. */
function bounce({ port1, port2 }) {
  let running = true;
  let bounces = 0;
  port1.on('message', (value) => running && port2.postMessage(value));
  port2.on('message', (value) => {
    bounces++;
    if (running) port1.postMessage(value);
  });
  port1.postMessage('ball');
  return {
    bounces: () => bounces,
    stop: () => {
      running = false;
    },
  };
}

/** Each port posts to itself what it gets: a queue that never empties. */
function flood({ port1, port2 }, width) {
  let running = true;
  port2.on('message', (value) => running && port1.postMessage(value));
  for (let n = 0; n < width; n++) port1.postMessage(n);
  return () => {
    running = false;
  };
}

test('timers run while a message bounces between two ports for ever', async (t) => {
  const game = bounce(channel(t, wt));
  for (let n = 0; n < 20; n++) await deadline(new Promise((resolve) => setTimeout(resolve, 1)), `timer ${n}`);
  assert.ok(game.bounces() > 0);
  game.stop();
});

test('setImmediate runs while a message bounces between two ports for ever', async (t) => {
  const game = bounce(channel(t, wt));
  for (let n = 0; n < 50; n++) await deadline(new Promise((resolve) => setImmediate(resolve)), `immediate ${n}`);
  game.stop();
});

for (const width of [1, 100, 5000]) {
  test(`timers, immediates and file I/O run while a port reposts ${width} messages to itself for ever`, async (t) => {
    const stop = flood(channel(t, wt), width);
    for (let n = 0; n < 5; n++) {
      await deadline(new Promise((resolve) => setTimeout(resolve, 1)), 'a timer');
      await deadline(new Promise((resolve) => setImmediate(resolve)), 'an immediate');
      await deadline(fs.promises.stat(__filename), 'file I/O');
    }
    stop();
  });
}

test('another port is served while one is flooded', async (t) => {
  const stop = flood(channel(t, wt), 1000);
  const { port1, port2 } = channel(t, wt);
  const mail = inbox(port2);
  for (let n = 0; n < 20; n++) {
    port1.postMessage(n);
    assert.equal(await mail.next(), n);
  }
  stop();
});

test('one wake-up delivers a thousand messages before an immediate, and not an endless repost', async (t) => {
  const { port1, port2 } = channel(t, wt);
  let delivered = 0;
  port2.on('message', () => {
    delivered++;
    port1.postMessage('again');
  });
  port1.postMessage('start');
  await once(port2, 'message');
  const seen = [];
  for (let turn = 0; turn < 5; turn++) {
    await deadline(new Promise((resolve) => setImmediate(resolve)), 'an immediate');
    seen.push(delivered);
  }
  port2.removeAllListeners('message');
  assert.ok(seen[4] < 50_000, `delivered ${seen.join()}`);
});

test('a worker that keeps a thousand messages under way does not starve timers and immediates of main', async (t) => {
  const state = new Int32Array(new SharedArrayBuffer(8)); // [received by main, stop]
  const worker = spawn(t, wt, ({ parentPort, workerData: state }) => {
    let sent = 0;
    const pump = () => {
      while (sent - Atomics.load(state, 0) < 1000) parentPort.postMessage({ n: sent++ });
      if (Atomics.load(state, 1) === 0) setImmediate(pump);
    };
    pump();
  }, { workerData: state });
  worker.on('message', () => Atomics.add(state, 0, 1));
  await once(worker, 'message');
  for (let n = 0; n < 10; n++) {
    await deadline(new Promise((resolve) => setTimeout(resolve, 1)), 'a timer');
    await deadline(new Promise((resolve) => setImmediate(resolve)), 'an immediate');
  }
  Atomics.store(state, 1, 1);
  assert.ok(Atomics.load(state, 0) > 0);
});

test('a worker whose handlers repost for ever still runs its timers and can be terminated', async (t) => {
  const worker = spawn(t, wt, ({ parentPort, wt: { MessageChannel } }) => {
    const { port1, port2 } = new MessageChannel();
    port2.on('message', () => port1.postMessage('again'));
    port1.postMessage('start');
    let ticks = 0;
    const timer = setInterval(() => {
      if (++ticks === 5) clearInterval(timer);
      parentPort.postMessage(ticks);
    }, 1);
  });
  assert.deepEqual(await inbox(worker).take(5), sequence(5, 1));
  const code = exited(worker);
  await deadline(worker.terminate(), 'terminate()');
  assert.equal(await code, 1);
});

test('round trips with a worker make progress while main is busy with its own messages', async (t) => {
  const stop = flood(channel(t, wt), 500);
  const worker = spawn(t, wt, ({ parentPort }) => {
    parentPort.on('message', (value) => parentPort.postMessage(value));
  });
  const mail = inbox(worker);
  for (let n = 0; n < 50; n++) {
    worker.postMessage(n);
    assert.equal(await mail.next(), n);
  }
  stop();
});
