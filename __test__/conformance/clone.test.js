'use strict';
// Every value of the table arrives as structuredClone would make it: within a thread and through a worker and back.

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('../support/threads.js');
const { deadline, inbox } = require('../support/deadline.js');
const { describe } = require('../support/describe.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const TABLES = {
  primitives: require('../support/values/primitives.js'),
  objects: require('../support/values/objects.js'),
  builtins: require('../support/values/builtins.js'),
  binary: require('../support/values/binary.js'),
};

/** The same value made several times from one place in the source: errors then have the same stack. */
const made = (make, times) => Array.from({ length: times }, () => make());

/** A worker that describes what it gets and sends the description and the value back. */
function echo(t) {
  const worker = spawn(t, wt, ({ parentPort, workerData, require }) => {
    const { describe } = require(workerData);
    parentPort.on('message', (value) => {
      parentPort.postMessage(describe(value));
      parentPort.postMessage(value);
    });
  }, { workerData: require.resolve('../support/describe.js') });
  return { worker, mail: inbox(worker) };
}

for (const [table, makers] of Object.entries(TABLES)) {
  test(`${table}: within a thread`, async (t) => {
    const { port1, port2 } = new wt.MessageChannel();
    t.after(() => port1.close());
    for (const [name, make] of Object.entries(makers)) {
      await t.test(name, () => {
        const [reference, posted] = made(make, 2);
        const expected = describe(structuredClone(reference));
        port1.postMessage(posted);
        assert.equal(describe(wt.receiveMessageOnPort(port2).message), expected);
      });
    }
  });

  test(`${table}: to a worker and back`, async (t) => {
    const { worker, mail } = echo(t);
    for (const [name, make] of Object.entries(makers)) {
      await t.test(name, async () => {
        const [reference, posted] = made(make, 2);
        const clone = structuredClone(reference);
        worker.postMessage(posted);
        assert.equal(await mail.next(), describe(clone));
        assert.equal(describe(await mail.next()), describe(structuredClone(clone)));
      });
    }
  });

  test(`${table}: all in one burst, each in its place`, async (t) => {
    const { worker, mail } = echo(t);
    const cases = Object.entries(makers).map(([name, make]) => [name, ...made(make, 2)]);
    const expected = cases.map(([, reference]) => structuredClone(reference));
    for (const [, , posted] of cases) worker.postMessage(posted);
    for (const [index, [name]] of cases.entries()) {
      assert.equal(await mail.next(), describe(expected[index]), name);
      assert.equal(describe(await mail.next()), describe(structuredClone(expected[index])), `${name}, back`);
    }
  });

  test(`${table}: all in one array`, async (t) => {
    const { port1, port2 } = new wt.MessageChannel();
    t.after(() => port1.close());
    const [reference, posted] = made(() => Object.values(makers).map((make) => make()), 2);
    const expected = describe(structuredClone(reference));
    const arrived = new Promise((resolve) => {
      port2.on('message', (value) => resolve(describe(value)));
    });
    port1.postMessage(posted);
    assert.equal(await deadline(arrived, 'the array'), expected);
  });
}

test('a message is a snapshot: changes after postMessage are not seen', (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const bytes = Uint8Array.of(1, 2, 3);
  const value = { list: [1], map: new Map([['a', 1]]), bytes };
  port1.postMessage(value);
  value.list.push(2);
  value.map.set('a', 2);
  bytes[0] = 99;
  value.added = true;
  assert.deepEqual(wt.receiveMessageOnPort(port2).message, { list: [1], map: new Map([['a', 1]]), bytes: Uint8Array.of(1, 2, 3) });
});

test('what arrives shares nothing with what was sent or with another message', (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const value = { list: [1], bytes: Uint8Array.of(1), buffer: Buffer.from('pooled') };
  port1.postMessage(value);
  port1.postMessage(value);
  const one = wt.receiveMessageOnPort(port2).message;
  const two = wt.receiveMessageOnPort(port2).message;
  one.list.push('mine');
  one.bytes[0] = 77;
  one.buffer.fill(0);
  assert.deepEqual(value.list, [1]);
  assert.deepEqual(two.list, [1]);
  assert.equal(value.bytes[0], 1);
  assert.equal(two.bytes[0], 1);
  assert.equal(Buffer.from(two.buffer).toString(), 'pooled');
  assert.equal(value.buffer.toString(), 'pooled');
});

test('a received object can be changed as any object: added to, deleted from, frozen', (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  for (let n = 0; n < 3; n++) port1.postMessage({ a: 1, b: { c: n } });
  const all = [1, 2, 3].map(() => wt.receiveMessageOnPort(port2).message);
  all[0].added = true;
  delete all[1].a;
  Object.freeze(all[2].b);
  assert.deepEqual(all, [{ a: 1, b: { c: 0 }, added: true }, { b: { c: 1 } }, { a: 1, b: { c: 2 } }]);
});

test('a Buffer from the pool arrives as a Uint8Array with the offset, the buffer size and the bytes of the built-in', (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  for (const buffer of [Buffer.from('hello'), Buffer.from('字'), Buffer.allocUnsafe(100).fill(7), Buffer.from([1]).subarray(0, 0)]) {
    port1.postMessage(buffer);
    const { message } = wt.receiveMessageOnPort(port2);
    const expected = structuredClone(buffer);
    assert.equal(Object.getPrototypeOf(message), Object.getPrototypeOf(expected));
    assert.equal(Object.getPrototypeOf(message), Uint8Array.prototype);
    assert.equal(message.byteOffset, expected.byteOffset);
    assert.equal(message.buffer.byteLength, expected.buffer.byteLength);
    assert.deepEqual(message, expected);
  }
});

test('two Buffers of one pool in one message share one buffer, as in the built-in', (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const pair = [Buffer.from('one'), Buffer.from('two')];
  const shared = pair[0].buffer === pair[1].buffer;
  port1.postMessage(pair);
  const [one, two] = wt.receiveMessageOnPort(port2).message;
  assert.equal(one.buffer === two.buffer, shared);
  assert.deepEqual([one, two].map((bytes) => Buffer.from(bytes).toString()), ['one', 'two']);
});

test('a SharedArrayBuffer is shared memory: within a thread, to a worker and back', async (t) => {
  const { worker, mail } = echo(t);
  const shared = new SharedArrayBuffer(8);
  worker.postMessage({ shared, view: new Int32Array(shared, 4, 1), plain: [1, 2] });
  await mail.next();
  const { shared: back, view, plain } = await mail.next();
  assert.equal(view.buffer, back);
  assert.deepEqual(plain, [1, 2]);
  new Int32Array(shared)[1] = 42;
  assert.equal(view[0], 42);
});

test('key order and values of objects with one shape but different histories are kept', (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const histories = [];
  for (const order of ['abc', 'acb', 'bac', 'bca', 'cab', 'cba']) {
    const object = {};
    for (const key of order) object[key] = `${order}.${key}`;
    histories.push(object);
  }
  for (const object of [...histories, ...histories.toReversed()]) {
    port1.postMessage(object);
    assert.equal(JSON.stringify(wt.receiveMessageOnPort(port2).message), JSON.stringify(object));
  }
});
