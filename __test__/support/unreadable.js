'use strict';
// Messages that cannot be deserialized where they arrive, on every Node line: their nesting is more than its stack holds.

const { inbox } = require('./deadline.js');
const { spawn } = require('./threads.js');

/** Moves `port` to a worker with a stack of its own size. What is returned has that post there something unreadable, and 'next'. */
async function unreadable(t, wt, port) {
  const worker = spawn(t, wt, ({ parentPort }) => {
    let deep = 0;
    for (let level = 0; level < 30_000; level++) deep = [deep];
    parentPort.once('message', (port) => {
      port.ref();
      parentPort.on('message', () => {
        port.postMessage(deep);
        port.postMessage('next');
        parentPort.postMessage('posted');
      });
      parentPort.postMessage('ready');
    });
  }, { resourceLimits: { stackSizeMb: 64 } });
  const mail = inbox(worker);
  worker.postMessage(port, [port]);
  await mail.next('the worker with the port');
  return () => {
    worker.postMessage('go');
    return mail.next('the posts');
  };
}

module.exports = { unreadable };
