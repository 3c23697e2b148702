'use strict';
// A thread whose intrinsics were patched, polluted or deleted still makes channels, moves ports and reads them in turns.

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('../support/threads.js');
const { inbox } = require('../support/deadline.js');
const { POLLUTIONS } = require('../support/pollutions.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const PROMISES = 'reads by turns with an iteration that is left, receiveAny and receiveSync';
/** The language itself looks for `then` on what a promise is resolved with. */
const isLanguage = (name, deed) => deed === PROMISES && name === 'getters on Object.prototype';

/** What a thread does with ports after it was polluted; each answers to the parent by the port it is about. */
const DEEDS = {
  'receives a port and answers on it': ({ port }) => {
    port.on('message', (value) => void port.postMessage({ back: value }));
    port.postMessage({ hello: [1] });
  },
  'sends an end of a new channel back': ({ port, wt }) => {
    const { port1, port2 } = new wt.MessageChannel();
    port1.on('message', (value) => void port1.postMessage({ back: value }));
    port1.postMessage({ hello: [1] });
    port.postMessage({ port: port2 }, [port2]);
  },
  'passes a started port on': ({ port, wt }) => {
    const { port1, port2 } = new wt.MessageChannel();
    port2.on('message', () => {});
    port2.removeAllListeners('message');
    port1.postMessage({ hello: [1] });
    port1.on('message', (value) => void port1.postMessage({ back: value }));
    port.postMessage({ port: port2 }, [port2]);
  },
  'reads with receiveMessageOnPort': ({ port, wt, parentPort }) => {
    port.postMessage({ hello: [1] });
    parentPort.on('message', () => {
      for (let got = wt.receiveMessageOnPort(port); got !== undefined; got = wt.receiveMessageOnPort(port)) {
        port.postMessage({ back: got.message });
      }
    });
  },
  [PROMISES]: async ({ port, wt }) => {
    port.postMessage({ hello: [1] });
    const iteration = port[Symbol.asyncIterator]();
    const first = await iteration.next();
    const pending = iteration.next();
    await iteration.return();
    port.postMessage({ back: first.value });
    const second = await pending;
    if (!second.done) port.postMessage({ back: second.value });
    for (;;) {
      const { value } = await wt.receiveAny([port]);
      port.postMessage({ back: value });
      // Long enough to look whether the other end is gone.
      const next = port.receiveSync(200, 'none');
      if (next !== 'none') port.postMessage({ back: next });
      const last = wt.receiveAnySync([port], { timeout: 1 });
      if (last !== undefined) port.postMessage({ back: last.value });
    }
  },
  'sends a buffer and exotic values between plain ones': ({ port }) => {
    port.postMessage({ hello: [1] });
    port.on('message', (value) => {
      const buffer = new ArrayBuffer(8);
      port.postMessage(buffer, [buffer]);
      port.postMessage({ shared: new SharedArrayBuffer(4) });
      port.postMessage({ back: value });
    });
  },
};

for (const [name, pollute] of Object.entries(POLLUTIONS)) {
  for (const [deed, act] of Object.entries(DEEDS)) {
    if (isLanguage(name, deed)) continue;
    test(`${name}: a thread ${deed}`, async (t) => {
      const worker = spawn(t, wt, `({ parentPort, wt }) => {
        const SharedArrayBuffer = globalThis.SharedArrayBuffer;
        const ArrayBuffer = globalThis.ArrayBuffer;
        parentPort.once('message', ({ port }) => {
          (${pollute})();
          (${act})({ port, wt, parentPort });
        });
      }`);
      const failed = new Promise((_, reject) => worker.on('error', reject));
      failed.catch(() => {});
      const { port1, port2 } = new wt.MessageChannel();
      t.after(() => port1.close());
      let mail = inbox(port1);
      const next = () => Promise.race([mail.next(), failed]);
      worker.postMessage({ port: port2 }, [port2]);
      let port = port1;
      let first = await next();
      if (first.port !== undefined) {
        port = first.port;
        t.after(() => port.close());
        mail = inbox(port);
        first = await next();
      }
      assert.deepEqual(first, { hello: [1] });
      const count = 60;
      for (let n = 0; n < count; n++) port.postMessage({ n, a: { id: `${n}` } });
      worker.postMessage('go');
      for (let n = 0; n < count; n++) {
        let got = await next();
        if (got instanceof ArrayBuffer) {
          assert.ok((await next()).shared instanceof SharedArrayBuffer);
          got = await next();
        }
        assert.deepEqual(got, { back: { n, a: { id: `${n}` } } });
      }
    });
  }
}
