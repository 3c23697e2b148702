'use strict';
// Programs that are cut short while they post, read or move ports.

const test = require('node:test');
const assert = require('node:assert/strict');
const { cutShort, forever } = require('../support/cut-short.js');
const { farThread } = require('../support/far.js');
const { once, until } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');
const { channel, spawn } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const CUTS = 60;

const MESSAGES = {
  'large objects': { more: Array.from({ length: 2000 }, (_, i) => ({ a: i, b: `s${i}` })) },
  'what is carried': { shared: new SharedArrayBuffer(8) },
  'plain objects': { one: 1 },
};
for (const [name, more] of Object.entries(MESSAGES)) test(`a program that posts ${name} is cut short again and again: all that it has posted arrives, and what comes after`, async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(({ port }) => void port.on('message', ({ n }) => port.postMessage(n)));
  const posted = { begun: 0, ended: 0 };
  const back = [];
  near.on('message', (n) => back.push(n));
  for (let cut = 1; cut <= CUTS; cut++) {
    const before = posted.ended = posted.begun;
    const run = () => {
      for (;;) {
        posted.begun++;
        near.postMessage({ n: posted.begun, more });
        posted.ended = posted.begun;
      }
    };
    cutShort(run, 1 + cut % 3);
    near.postMessage({ n: `cut ${cut}`, more });
    near.postMessage({ n: -cut });
    await until(() => back.at(-1) === -cut, `the answer behind cut ${cut}`);
    const whole = sequence(posted.ended - before, before + 1);
    const after = [`cut ${cut}`, -cut];
    // The one that was cut short may have been posted, or not.
    const isThere = back.at(-3) === posted.begun && posted.begun > posted.ended;
    assert.deepEqual(back.splice(0), [...whole, ...(isThere ? [posted.begun] : []), ...after]);
  }
  if ('bufferedAmount' in near) await until(() => near.bufferedAmount === 0, 'nothing is under way');
});

test('a program that reads by receiveMessageOnPort is cut short again and again: no more than one message is lost by each, and none comes late', async (t) => {
  const COUNT = 40_000;
  const thread = farThread(t, wt);
  const { near, far } = await thread.channel();
  far.run(({ port, kept }, count) => {
    let n = 0;
    const shared = new SharedArrayBuffer(1);
    kept.post = () => {
      for (let i = 0; i < 500 && n < count; i++, n++) port.postMessage(n % 5 === 0 ? { n, shared } : { n });
      if (n < count) setImmediate(kept.post);
      else port.postMessage({ n: 'end' });
    };
    setImmediate(kept.post);
  }, COUNT);
  const got = [];
  const run = () => {
    for (;;) {
      const found = wt.receiveMessageOnPort(near);
      if (found) got.push(found.message.n);
    }
  };
  let cuts = 0;
  for (; cuts < CUTS; cuts++) {
    cutShort(run, 2);
    await new Promise(setImmediate);
  }
  near.on('message', ({ n }) => got.push(n));
  await until(() => got.at(-1) === 'end', 'the end');
  got.pop();
  assert.ok(COUNT - got.length <= cuts, `${COUNT - got.length} lost by ${cuts}`);
  for (let i = 1; i < got.length; i++) assert.ok(got[i] > got[i - 1], `${got[i]} behind ${got[i - 1]}`);
});

const endless = (moved) => ({ get never() { return forever(); }, moved });
const TRANSFERS = {
  'to another thread': (moved, port) => port.postMessage(endless(moved), [moved]),
  'to a worker': (moved) => new wt.Worker('', { eval: true, workerData: endless(moved), transferList: [moved] }),
  'by structuredClone': (moved) => structuredClone(endless(moved), { transfer: [moved] }),
};
for (const [name, transfer] of Object.entries(TRANSFERS)) test(`a transfer ${name} is cut short: the port stays`, async (t) => {
  const thread = farThread(t, wt);
  const { near: moved, far } = await thread.channel();
  const { near: port, far: other } = await thread.channel();
  far.run(({ port }) => {
    port.postMessage('before');
    port.on('message', (value) => port.postMessage(`${value} back`));
  });
  cutShort(() => void transfer(moved, port));
  const got = [];
  moved.on('message', (value) => got.push(value));
  moved.postMessage('after');
  await until(() => got.length === 2, 'both');
  assert.deepEqual(got, ['before', 'after back']);
  other.run(({ port }) => void port.on('message', (value) => port.postMessage(value)));
  port.postMessage('the other port');
  assert.deepEqual(await once(port, 'message'), ['the other port']);
});

test('within one thread a transfer is cut short: the port stays', async (t) => {
  const { port1: moved, port2 } = channel(t, wt);
  const { port1: port } = channel(t, wt);
  port2.postMessage('before');
  cutShort(() => port.postMessage(endless(moved), [moved]));
  port2.postMessage('after');
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.on('message', (port) => {
    port.on('message', (value) => parentPort.postMessage(value));
  }));
  const got = [];
  worker.on('message', (value) => got.push(value));
  worker.postMessage(moved, [moved]);
  await until(() => got.length === 2, 'both');
  assert.deepEqual(got, ['before', 'after']);
});
