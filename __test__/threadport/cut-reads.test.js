'use strict';
// Programs that read are ended at each place where V8 may do so in turn: at most what was being read is lost.

const test = require('node:test');
const assert = require('node:assert/strict');
const { until } = require('../support/deadline.js');
const { forEachEntry } = require('../support/every-entry.js');

const SENDERS = {
  'both ways in turn': {
    count: 12,
    send: ({ port }) => {
      const other = (n) => Object.assign(Object.create({ of: 'a class' }), { n });
      for (let n = 0; n < 12; n++) port.postMessage(n % 3 === 1 ? other(n) : { n });
    },
  },
  'posts that fail between them': {
    count: 8,
    send: ({ port }) => {
      const other = (n) => Object.assign(Object.create({ of: 'a class' }), { n });
      for (let n = 0; n < 8; n++) {
        port.postMessage(n % 2 === 1 ? other(n) : { n });
        try {
          port.postMessage(Object.create({}, { n: { enumerable: true, value: () => {} } }));
        } catch {}
      }
    },
  },
  'ports in which messages wait': {
    count: 4,
    send: ({ port, wt, kept }) => {
      kept.ports = [];
      for (let n = 0; n < 4; n++) {
        const { port1, port2 } = new wt.MessageChannel();
        port1.postMessage(`${n}: 1`);
        kept.ports.push(port1);
        port.postMessage({ n, inner: port2 }, [port2]);
        port1.postMessage(`${n}: 2`);
      }
    },
  },
};
for (const [name, { count, send }] of Object.entries(SENDERS)) test(`a program that reads is ended anywhere, ${name}: no more than one message is lost, none comes late`, (t) =>
  forEachEntry(t, {
    async open(thread, wt) {
      const { near, far } = await thread.channel();
      far.run(send);
      return { near, far, wt, got: [], inner: [] };
    },
    act({ near, wt, got }) {
      for (let found; (found = wt.receiveMessageOnPort(near)) !== undefined; ) got.push(found.message);
    },
    async check({ near, far, got, inner }) {
      near.on('message', (message) => got.push(message));
      far.run(({ port }) => void port.postMessage({ n: 'end' }));
      await until(() => got.at(-1)?.n === 'end', 'the last one');
      const numbers = got.slice(0, -1).map(({ n }) => n);
      assert.ok(numbers.length >= count - 1, `only ${numbers}`);
      assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
      const ports = got.filter((message) => message.inner !== undefined);
      for (const { inner: port } of ports) port.on('message', (value) => inner.push(value));
      await until(() => inner.length === 2 * ports.length, 'what waits in the ports');
      assert.deepEqual(inner.sort(), ports.flatMap(({ n }) => [`${n}: 1`, `${n}: 2`]));
      for (const { inner: port } of ports) port.close();
    },
  }));
