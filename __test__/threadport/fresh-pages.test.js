'use strict';
// A steady stream of large messages uses the same memory again and again: the system has next to no page to add once it runs.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { inbox } = require('../support/deadline.js');
const { channel, spawn } = require('../support/threads.js');

const BURST = 16;
const WARM_UP = 60;
const BURSTS = 60;
const PAGES = (1 << 20) / 4096;

const values = {
  'Uint8Array': new Uint8Array(1 << 20).fill(7),
  'one-byte text': 'a'.repeat(1 << 20),
  'two-byte text': '字'.repeat(1 << 19),
};

/** Answers after each burst. */
function receiver({ workerData: { port, burst } }) {
  let n = 0;
  port.on('message', () => {
    if (++n % burst === 0) port.postMessage(n);
  });
}

/** The same for a queue. */
function popper({ workerData: { q, port, burst } }) {
  for (let n = 1; q.popSync() !== 'end'; n++) if (n % burst === 0) port.postMessage(n);
}

/** Fresh pages for each message, after as many messages for warm-up. */
async function pagesPerMessage(post, port) {
  const answers = inbox(port);
  const stream = async (bursts) => {
    for (let n = 0; n < bursts; n++) {
      for (let i = 0; i < BURST; i++) post();
      await answers.next('the answer to a burst');
    }
  };
  await stream(WARM_UP);
  const before = process.resourceUsage().minorPageFault;
  await stream(BURSTS);
  return (process.resourceUsage().minorPageFault - before) / (BURSTS * BURST);
}

/** V8 and glibc keep a rhythm of their own; with new memory for each message it would be all of them, on both sides. */
function assertFew(pages) {
  assert.ok(pages < PAGES / 2, `${pages} of ${PAGES} pages`);
}

for (const [name, value] of Object.entries(values)) {
  test(`a stream of 1 MiB, ${name}`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    const worker = spawn(t, wt, receiver, { workerData: { port: port2, burst: BURST }, transferList: [port2] });
    worker.on('error', (error) => assert.ifError(error));
    assertFew(await pagesPerMessage(() => port1.postMessage(value), port1));
  });
}

for (const [name, value] of Object.entries(values)) {
  // Three messages fit, and some lie around the end of the ring.
  test(`a stream of 1 MiB through a queue, ${name}`, async (t) => {
    const q = new wt.SharedQueue({ capacity: 4 << 20, codec: 'structured' });
    const { port1, port2 } = channel(t, wt);
    const worker = spawn(t, wt, popper, { workerData: { q, port: port2, burst: BURST }, transferList: [port2] });
    worker.on('error', (error) => assert.ifError(error));
    const push = () => assert.ok(q.pushSync(value, 10_000), 'room came in time');
    const pages = await pagesPerMessage(push, port1);
    q.pushSync('end');
    assertFew(pages);
  });
}
