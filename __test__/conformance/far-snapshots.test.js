'use strict';
// Code of the user's that runs while a message is read, and changes or detaches a buffer that was read before: what arrives is what it was.

const test = require('node:test');
const assert = require('node:assert/strict');
const { farThread } = require('../support/far.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const SIZES = [8, 2047, 2048, 5000, 3_000_000];

const filled = (size) => new Uint8Array(size).fill(7).buffer;
const detach = (buffer) => structuredClone(buffer, { transfer: [buffer] });
const change = (buffer) => new Uint8Array(buffer).fill(9);

/** What is done to the buffer. */
const ACTIONS = { 'is detached': detach, 'is changed': change };

/** Messages with a buffer in `b`, behind which `act` is called. */
const MESSAGES = {
  'a buffer': (b, act) => ({ b, get a() { act(b); return 1; } }),
  'a view': (b, act) => ({ b: new Uint8Array(b), get a() { act(b); return 1; } }),
  'a DataView': (b, act) => ({ b: new DataView(b), get a() { act(b); return 1; } }),
  'a buffer in a nested object': (b, act) => ({ b: { deep: [b] }, get a() { act(b); return 1; } }),
  'a buffer in an array': (b, act) => {
    const list = [b, 1];
    Object.defineProperty(list, 1, { get() { act(b); return 1; }, enumerable: true });
    return { b: list };
  },
  'a buffer in a Map, and a getter in its value': (b, act) => ({ b: new Map([[b, { get a() { act(b); return 1; } }]]) }),
  'a buffer that comes again': (b, act) => ({ b, get a() { act(b); return 1; }, again: b }),
  'a view that comes again': (b, act) => {
    const view = new Uint8Array(b);
    return { b: view, get a() { act(b); return 1; }, again: view };
  },
  'two buffers': (b, act) => ({ b, c: new ArrayBuffer(4000), get a() { act(b); return 1; } }),
  'a buffer, and an error whose stack is made when it is read': (b, act) => {
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = () => {
      Error.prepareStackTrace = prepareStackTrace;
      act(b);
      return 'stack';
    };
    return { b, e: new Error('e') };
  },
};

/** Over there: length, first and last byte of the buffer of the next message. */
const read = ({ port, wt }) => {
  const received = wt.receiveMessageOnPort(port);
  if (received === undefined) return undefined;
  let found = received.message.b;
  while (!(found instanceof ArrayBuffer || ArrayBuffer.isView(found))) found = found instanceof Map ? [...found.keys()][0] : Object.values(found)[0];
  const bytes = new Uint8Array(found.buffer ?? found);
  return [bytes.length, bytes[0], bytes.at(-1)];
};

for (const [what, act] of Object.entries(ACTIONS)) {
  for (const [name, make] of Object.entries(MESSAGES)) {
    test(`${name} ${what} behind where it was read: what arrives is what it was`, async (t) => {
      const { near, far } = await farThread(t, wt).channel();
      for (const size of SIZES) {
        near.postMessage(make(filled(size), act));
        assert.deepEqual(far.run(read), [size, 7, 7]);
        assert.equal(far.run(read), undefined);
      }
    });
  }
}

test('a getter transfers the buffer on the same port: first the inner message, then the outer one, both whole', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  for (const size of SIZES) {
    const b = filled(size);
    near.postMessage({ b, get a() { near.postMessage({ b }, [b]); return 1; } });
    for (const _ of ['inner', 'outer']) assert.deepEqual(far.run(read), [size, 7, 7]);
  }
});

test('buffers of many sizes in messages of many buffers arrive whole, again and again', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const check = ({ port, wt }) => {
    const { message } = wt.receiveMessageOnPort(port);
    return message.list.every((buffer, i) => buffer.byteLength === 2048 + i * 64 && new Uint8Array(buffer).every((byte) => byte === (message.round + i) % 251));
  };
  for (let round = 0; round < 20; round++) {
    near.postMessage({ list: Array.from({ length: 40 }, (_, i) => new Uint8Array(2048 + i * 64).fill((round + i) % 251).buffer), round });
    assert.equal(far.run(check), true);
  }
});
