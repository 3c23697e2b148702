'use strict';
// A worker that is flooded while it starts: it finds out what belongs where, and gets to work.

const test = require('node:test');
const assert = require('node:assert/strict');
const wt = require('threadport');
const { deadline, once } = require('../support/deadline.js');
const { channel, spawn } = require('../support/threads.js');

const PAYLOADS = {
  buffers: (n) => ({ n, bytes: new Uint8Array(100_000).fill(n) }),
  'buffers, some with a port': (n) => {
    if (n % 10 !== 0) return { n, bytes: new Uint8Array(100_000).fill(n) };
    const { port1, port2 } = new wt.MessageChannel();
    port1.postMessage(n);
    return { n, bytes: new Uint8Array(100_000).fill(n), port: port2 };
  },
};

const ROADS = {
  parentPort: (t, body) => {
    const worker = spawn(t, wt, body);
    return { worker, post: (...args) => worker.postMessage(...args) };
  },
  'a port in workerData': (t, body) => {
    const { port1, port2 } = channel(t, wt);
    const worker = spawn(t, wt, body, { workerData: port2, transferList: [port2] });
    return { worker, post: (...args) => port1.postMessage(...args) };
  },
};

for (const [road, make] of Object.entries(ROADS)) {
  for (const [what, payload] of Object.entries(PAYLOADS)) {
    test(`${road}, ${what}: it starts while the flood goes on, and all messages come in order`, async (t) => {
      const { worker, post } = make(t, ({ parentPort, workerData }) => {
        const port = workerData ?? parentPort;
        let expected = 0;
        let ports = 0;
        parentPort.postMessage('ready');
        port.on('message', (value) => {
          if (value.due !== undefined) {
            const end = Date.now() + 5_000;
            const tell = () => {
              if (ports < value.due && Date.now() < end) setTimeout(tell, 5);
              else parentPort.postMessage({ received: expected, ports });
            };
            setTimeout(tell, 20);
            return;
          }
          const { n, bytes, port: inner } = value;
          if (n !== expected++ || bytes[0] !== (n & 255) || bytes.at(-1) !== (n & 255)) throw new Error(`${expected - 1} was expected, ${n} came`);
          inner?.once('message', (message) => {
            ports += message === n;
            inner.close();
          });
        });
      });
      let isReady = false;
      const ready = once(worker, 'message').then(() => (isReady = true));
      let sent = 0;
      const end = Date.now() + 10_000;
      while (!isReady && Date.now() < end) {
        for (let i = 0; i < 100; i++) {
          const value = payload(sent++);
          post(value, value.port ? [value.port] : []);
        }
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.ok(isReady, `it has not started after ${sent} messages`);
      await ready;
      const due = what === 'buffers' ? 0 : Math.ceil(sent / 10);
      post({ due });
      const [{ received, ports }] = await once(worker, 'message');
      assert.equal(received, sent);
      assert.equal(ports, due);
      await deadline(worker.terminate(), 'terminate()');
    });
  }
}
