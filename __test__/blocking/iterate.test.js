'use strict';
// `for await (const message of port)`.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { deadline, once } = require('../support/deadline.js');
const { run } = require('../support/program.js');
const { channel, spawn } = require('../support/threads.js');
const { unreadable } = require('../support/unreadable.js');

async function all(port, until = () => false) {
  const messages = [];
  for await (const message of port) {
    messages.push(message);
    if (until(message)) break;
  }
  return messages;
}

const collected = (port, until) => deadline(all(port, until), 'the end of the iteration');

test('all messages in order, whichever way they go, and the end when the other side closes', async (t) => {
  const { port1, port2 } = channel(t, wt);
  spawn(t, wt, ({ workerData: port }) => {
    for (let n = 0; n < 3000; n++) port.postMessage(n % 100 === 0 ? new SharedArrayBuffer(n) : n);
    setTimeout(() => {
      port.postMessage('late');
      port.close();
    }, 20);
  }, { workerData: port2, transferList: [port2] });
  const messages = await collected(port1);
  assert.deepEqual(messages.map((value) => (typeof value === 'object' ? value.byteLength : value)), [...Array.from({ length: 3000 }, (_, n) => n), 'late']);
});

test('within one thread, and the end when the port itself is closed', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const whole = collected(port1);
  for (const value of [1, undefined, { three: 3 }]) port2.postMessage(value);
  setTimeout(() => {
    port2.postMessage('last');
    setTimeout(() => port1.close(), 30);
  }, 5);
  assert.deepEqual(await whole, [1, undefined, { three: 3 }, 'last']);
  assert.deepEqual(await collected(port1), []);
});

test('who leaves the iteration leaves the rest, and an open port without listeners', async (t) => {
  const { port1, port2 } = channel(t, wt);
  spawn(t, wt, ({ workerData: port }) => {
    port.on('message', () => port.close());
    for (let n = 0; n < 10; n++) port.postMessage(n);
  }, { workerData: port2, transferList: [port2] });
  assert.deepEqual(await collected(port1, (n) => n === 3), [0, 1, 2, 3]);
  for (const event of ['message', 'messageerror', 'close']) assert.equal(port1.listenerCount(event), 0);
  assert.equal(port1.receiveSync(10_000), 4);
  assert.deepEqual(await collected(port1, (n) => n === 9), [5, 6, 7, 8, 9]);
  port1.postMessage('close');
  assert.deepEqual(await collected(port1), []);
});

test('a value that cannot be deserialized ends the iteration with its error; the next one goes on', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const post = await unreadable(t, wt, port2);
  for (const waits of [false, true]) {
    const whole = waits ? collected(port1) : undefined;
    whole?.catch(() => {});
    await post();
    await assert.rejects(whole ?? collected(port1), /Maximum call stack/);
    assert.deepEqual(await collected(port1, () => true), ['next']);
  }
});

test('a flood does not keep timers from running', async (t) => {
  const { port1, port2 } = channel(t, wt);
  let ran = false;
  setTimeout(() => (ran = true), 1);
  const end = Date.now() + 10_000;
  port2.postMessage(0);
  for await (const n of port1) {
    if (ran || Date.now() > end) break;
    port2.postMessage(n + 1);
  }
  assert.ok(ran);
});

test('a pending iteration holds the event loop, and an ended one does not', async () => {
  const program = `
    const { MessageChannel } = require('threadport');
    const { port1, port2 } = new MessageChannel();
    (async () => {
      for await (const message of port1) {
        console.log(message);
        if (message === 2) break;
      }
      console.log('left');
    })();
    setTimeout(() => port2.postMessage(1), 20);
    setTimeout(() => port2.postMessage(2), 40).unref();
    setTimeout(() => console.log('kept alive'), 5000).unref();`;
  const { code, stdout, stderr } = await run(['-e', program]);
  assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: '1\n2\nleft\n', stderr: '' });
});

test('parentPort in a worker', async (t) => {
  const worker = spawn(t, wt, async ({ parentPort }) => {
    let sum = 0;
    for await (const n of parentPort) {
      if (n === 'end') break;
      sum += n;
    }
    parentPort.postMessage(sum);
  });
  for (let n = 1; n <= 100; n++) worker.postMessage(n);
  worker.postMessage('end');
  assert.deepEqual(await once(worker, 'message'), [5050]);
});
