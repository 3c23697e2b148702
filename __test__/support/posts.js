'use strict';
// Posts that arrive, and posts that fail, each in its own way; from any thread.

const assert = require('node:assert/strict');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

class Point {
  constructor(n) {
    this.n = n;
  }
}

const big = () => Array.from({ length: 300 }, (_, i) => ({ i, text: `item ${i}` }));
const fail = () => {
  throw new Error('refused');
};

/** Each takes a counter, which gives out the numbers that must arrive, in order, and the port. */
const STEPS = {
  number: (next, port) => port.postMessage(next()),
  object: (next, port) => port.postMessage({ n: next(), list: [1, 'two', 3.5] }),
  instance: (next, port) => port.postMessage(new Point(next())),
  buffer(next, port) {
    const buffer = new ArrayBuffer(16);
    port.postMessage({ n: next(), buffer }, [buffer]);
  },
  port(next, port) {
    const { port1, port2 } = new wt.MessageChannel();
    port1.unref();
    port.postMessage({ n: next(), port: port2 }, [port2]);
  },
  function: (_, port) => assert.throws(() => port.postMessage({ f() {} }), { name: 'DataCloneError' }),
  'getter that throws late': (_, port) =>
    assert.throws(() => port.postMessage({ big: big(), point: new Point(0), get a() { return fail(); } }), /refused/),
  'instance with a getter that throws late': (_, port) =>
    assert.throws(() => port.postMessage(Object.assign(new Point(0), { big: big() }, { inner: { get a() { return fail(); } } })), /refused/),
  'list that is refused': (_, port) => assert.throws(() => port.postMessage(1, [port]), { name: 'DataCloneError' }),
  'buffer and a getter that throws'(_, port) {
    const buffer = new ArrayBuffer(16);
    assert.throws(() => port.postMessage({ buffer, get a() { return fail(); } }, [buffer]), /refused/);
    assert.equal(buffer.byteLength, 16);
  },
  'port and a getter that throws'(_, port) {
    const { port1, port2 } = new wt.MessageChannel();
    assert.throws(() => port.postMessage({ port: port2, get a() { return fail(); } }, [port2]), /refused/);
    port1.close();
  },
  'getter that posts, then throws'(next, port) {
    const post = () => {
      port.postMessage({ n: next() });
      port.postMessage(new Point(next()));
      fail();
    };
    assert.throws(() => port.postMessage({ point: new Point(0), get a() { return post(); } }), /refused/);
  },
  'lane value with a getter that posts once, then throws'(next, port) {
    let done = false;
    const post = () => {
      if (!done) port.postMessage({ n: next() });
      done = true;
      fail();
    };
    assert.throws(() => port.postMessage({ a: 1, get b() { return post(); } }), /refused/);
  },
  'getter with failing posts inside'(next, port) {
    const inside = () => {
      assert.throws(() => port.postMessage(() => {}), { name: 'DataCloneError' });
      port.postMessage(new Point(next()));
      assert.throws(() => port.postMessage({ big: big(), f() {} }), { name: 'DataCloneError' });
      return 1;
    };
    port.postMessage(Object.create(Point.prototype, { late: { get: inside, enumerable: true }, n: { get: next, enumerable: true } }));
  },
};

module.exports = { Point, STEPS, fail };
