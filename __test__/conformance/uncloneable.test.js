'use strict';
// markAsUncloneable, on the Node lines that have it: plain objects too.

const test = require('node:test');
const assert = require('node:assert/strict');
const { channel, spawn } = require('../support/threads.js');
const { inbox } = require('../support/deadline.js');
const { outcome } = require('../support/outcome.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const PLACES = {
  'the message': (object) => object,
  'a property': (object) => ({ a: 1, object }),
  'an element': (object) => [[1, object]],
  'a Map': (object) => new Map([['key', object]]),
  'the cause of an error': (object) => new Error('outer', { cause: object }),
};

const OBJECTS = {
  'a plain object': () => ({ a: 1, b: 'two' }),
  'an object without prototype': () => ({ __proto__: null, a: 1 }),
  'an empty object': () => ({}),
  'an instance': () => new (class Thing {})(),
  'an error': () => new TypeError('marked'),
};

const NAMES = { name: 'DataCloneError', code: 25 };

function refuses(port, value) {
  const { name, code } = outcome(() => port.postMessage(value));
  assert.deepEqual({ name, code }, NAMES);
}

/** Both ends know each other, and the shape of the object is known well. */
async function far(t) {
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.on('message', (value) => parentPort.postMessage(value)));
  const mail = inbox(worker);
  for (let n = 0; n < 100; n++) {
    worker.postMessage({ a: n, b: 'two' });
    worker.postMessage({ a: n, object: { a: n, b: 'two' } });
  }
  await mail.take(200);
  return { worker, mail };
}

if (wt.markAsUncloneable !== undefined) {
  test('markAsUncloneable: nothing with the object in it is posted, to any thread', async (t) => {
    const { port1, port2 } = channel(t, wt);
    const { worker, mail } = await far(t);
    for (const make of Object.values(OBJECTS)) {
      const object = make();
      wt.markAsUncloneable(object);
      for (const place of Object.values(PLACES)) {
        refuses(port1, place(object));
        refuses(worker, place(object));
        worker.postMessage({ a: 1, b: 'two' });
      }
    }
    assert.equal(wt.receiveMessageOnPort(port2), undefined);
    const count = Object.keys(OBJECTS).length * Object.keys(PLACES).length;
    assert.deepEqual(await mail.take(count), Array(count).fill({ a: 1, b: 'two' }));
  });

  test('markAsUncloneable: what is not an object, and what Node clones all the same', async (t) => {
    const { worker, mail } = await far(t);
    for (const value of [1, 'text', null, undefined, Symbol.iterator]) assert.equal(wt.markAsUncloneable(value), undefined);
    const values = [[1, 2], new Map([[1, 2]]), new Date(0), new Uint8Array(4), new ArrayBuffer(8)];
    for (const value of values) {
      wt.markAsUncloneable(value);
      worker.postMessage(value);
    }
    assert.deepEqual(await mail.take(values.length), values);
  });
}
