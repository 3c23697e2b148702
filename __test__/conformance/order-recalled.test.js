'use strict';
// Ports that go, or nearly go, to where nobody reads lanes, while the other end is posting.

const test = require('node:test');
const assert = require('node:assert/strict');
const { createContext, runInContext } = require('node:vm');
const { farThread, moveHere } = require('../support/far.js');
const { deadline } = require('../support/deadline.js');
const { spawn } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const listen = `(port, log, count) => new Promise((resolve) => {
  port.onmessage = ({ data }) => {
    if (log.push(data) === count) resolve(log);
  };
  port.start();
})`;

test('posted before and after a move, then moved to a context', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.post(1, 2);
  const moved = moveHere(wt, near);
  far.post(3, 4);
  const context = createContext();
  const port = wt.moveMessagePortToContext(moved, context);
  far.post(5);
  t.after(() => port.close());
  assert.deepEqual(await deadline(runInContext(listen, context)(port, [], 5), 'the messages'), [1, 2, 3, 4, 5]);
});

test('transfers that fail in the handler of a port that is flooded lose nothing', async (t) => {
  const COUNT = 20_000;
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const worker = spawn(t, wt, ({ parentPort, workerData: count }) => {
    parentPort.once('message', (port) => {
      let n = 0;
      const some = () => {
        for (let i = 0; i < 100 && n < count; i++) port.postMessage(n++);
        if (n < count) setImmediate(some);
      };
      port.on('message', () => {});
      some();
    });
  }, { workerData: COUNT });
  worker.postMessage(port2, [port2]);
  let next = 0;
  const done = new Promise((resolve, reject) => {
    port1.on('message', (value) => {
      if (value !== next) reject(new Error(`${value} in the place of ${next}`));
      if (++next === COUNT) resolve();
      if (value % 10 !== 0) return;
      for (let i = 0; i < 3; i++) {
        try {
          wt.moveMessagePortToContext(port1, {});
        } catch (error) {
          if (error.code !== 'ERR_INVALID_ARG_TYPE') reject(error);
        }
      }
    });
  });
  await deadline(done, 'the messages');
});
