'use strict';
// However the high-water mark came to be reached: 'drain' is owed, and comes once the other end has received enough.

const test = require('node:test');
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { deadline } = require('../support/deadline.js');
const { farThread, moveHere } = require('../support/far.js');

const wt = require('threadport');

function refused(port) {
  assert.throws(() => port.postMessage(() => {}), { name: 'DataCloneError' });
  return port;
}

const WAYS = {
  'by a message': (port) => {
    port.highWaterMark = 100;
    port.postMessage('x'.repeat(500));
    return port;
  },
  'by the mark, which was lowered': (port) => {
    port.postMessage('x'.repeat(500));
    port.highWaterMark = 100;
    return port;
  },
  'before the port was moved': (port) => {
    port.postMessage('x'.repeat(2 << 20));
    return moveHere(wt, port);
  },
  'before the port was moved, and its new owner sets the mark': (port) => {
    port.postMessage('x'.repeat(500));
    const here = moveHere(wt, port);
    here.highWaterMark = 100;
    return here;
  },
  'by what a message that was refused has left': (port) => {
    port.highWaterMark = 1;
    return refused(port);
  },
};

/** Blocks the thread over there, which reads away what only keeps an order as soon as it comes by. Returns how to let it go on. */
function block(far) {
  const words = new Int32Array(new SharedArrayBuffer(8));
  far.run((_, words) => void setImmediate(() => {
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
    Atomics.wait(words, 1, 0, 5_000);
  }), words);
  Atomics.wait(words, 0, 0, 5_000);
  return () => {
    Atomics.store(words, 1, 1);
    Atomics.notify(words, 1);
  };
}

for (const [name, reach] of Object.entries(WAYS)) {
  test(`the mark was reached ${name}: 'drain' comes once all is received`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    const goOn = block(far);
    const port = reach(near);
    t.after(() => port.close());
    port.maxBufferedBytes = port.highWaterMark;
    assert.throws(() => port.postMessage('more'), { code: 'ERR_THREADPORT_BACKPRESSURE' });
    const drained = once(port, 'drain');
    goOn();
    far.drain();
    await deadline(drained, "'drain'");
    assert.equal(port.bufferedAmount, 0);
    port.postMessage('more');
  });
}

for (const [name, mark] of Object.entries({ lowered: 100, 'lowered, and raised again': 1 << 20 })) {
  test(`within one thread, the mark was ${name}: 'drain' comes`, async (t) => {
    const { port1, port2 } = new wt.MessageChannel();
    t.after(() => port1.close());
    port1.postMessage('x'.repeat(500));
    port1.highWaterMark = 100;
    const drained = once(port1, 'drain');
    port1.highWaterMark = mark;
    if (mark === 100) wt.receiveMessageOnPort(port2);
    await deadline(drained, "'drain'");
  });
}

test("between threads, a mark that is raised above what is buffered: 'drain' comes", async (t) => {
  const { near } = await farThread(t, wt).channel();
  near.highWaterMark = 100;
  near.postMessage('x'.repeat(500));
  const drained = once(near, 'drain');
  near.highWaterMark = 1 << 20;
  await deadline(drained, "'drain'");
});
