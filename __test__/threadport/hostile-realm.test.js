'use strict';
// A thread whose intrinsics were patched, polluted, deleted or frozen after the module was loaded still gets and sends
// every value as it is: the built-in does, its serializer is not written in JavaScript.

const test = require('node:test');
const assert = require('node:assert/strict');
const { spawn } = require('../support/threads.js');
const { inbox } = require('../support/deadline.js');
const { describe } = require('../support/describe.js');
const { POLLUTIONS } = require('../support/pollutions.js');
const { run, fixture } = require('../support/program.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const fixed = (error) => Object.defineProperty(error, 'stack', { value: 'fixed', writable: true, configurable: true });

/** Every kind of value, with keys that the pollutions below are about. */
const values = () => {
  const shared = { a: 1, n: [1, 2] };
  return [
    1, -0, 1.5, 'text', '字 \ud800', 12345678901234567890n, null, undefined, true,
    { a: 1, n: 2, id: 3, get: 4, set: 5, value: 6, enumerable: false, writable: 7, configurable: 8 },
    { jsonrpc: '2.0', id: 1, method: 'm', params: { nested: { a: [1, 2, 3] } } },
    { toString: 1, valueOf: 2, constructor: 3, hasOwnProperty: 4, name: 'n', message: 'm', length: 5 },
    [1, 2, 3], [0.5, 1.5], ['a', 'b'], [{ a: 1 }, { a: 2 }], [, 1, , 2], new Array(3), [[1], [[2]]],
    Object.assign([1], { a: 2, extra: 'x' }),
    new Map([['a', 1], [{ a: 1 }, [1]]]), new Set([1, 'a', { a: 1 }]),
    new Date(1234), /x+/gi, new Number(5), new String('boxed'), Object(7n),
    fixed(new RangeError('range', { cause: { a: 1 } })), fixed(new Error('')),
    new Uint8Array([1, 2, 3]), new Float64Array([0.5]), new BigInt64Array(2), new DataView(new ArrayBuffer(4), 1),
    new ArrayBuffer(3), Buffer.alloc(4, 7), new Uint16Array(new ArrayBuffer(16), 4, 3),
    [shared, shared, { shared }], new SharedArrayBuffer(4),
    Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`key${n}`, n])),
    Array.from({ length: 300 }, (_, n) => n), Array.from({ length: 100 }, (_, n) => ({ a: n, n: `${n}` })),
    'x'.repeat(20_000), '字'.repeat(20_000), new Uint8Array(50_000),
  ];
};

for (const [name, pollute] of Object.entries(POLLUTIONS)) {
  test(`${name}: a thread still receives and sends every value`, async (t) => {
    const worker = spawn(t, wt, `({ parentPort, wt }) => {
      const pollute = ${pollute};
      let polluted = false;
      parentPort.on('message', (value) => {
        if (!polluted) {
          polluted = true;
          pollute();
        }
        parentPort.postMessage(value);
      });
    }`);
    const mail = inbox(worker);
    const failed = new Promise((_, reject) => worker.on('error', reject));
    failed.catch(() => {});
    const next = () => Promise.race([mail.next(), failed]);
    // Once one by one, then again in a burst: what was learnt of the shapes must not matter.
    worker.postMessage('start');
    await next();
    for (const value of values()) {
      worker.postMessage(value);
      assert.equal(describe(await next()), describe(structuredClone(value)));
    }
    for (const value of values()) worker.postMessage(value);
    for (const value of values()) assert.equal(describe(await next()), describe(structuredClone(value)));
  });
}

test('a thread started with --disallow-code-generation-from-strings sends and receives every value', async () => {
  const { code, lines, stderr } = await run([fixture('strict-codegen.js')], { node: ['--disallow-code-generation-from-strings'] });
  assert.deepEqual({ code, lines }, { code: 0, lines: ['300 objects in order'] }, stderr);
});

// What a program has put on Object.prototype before it loads the package, and what it does to it then.
const BEFORE = {
  'a setter and a read-only property': `Object.defineProperty(Object.prototype, 'foo', { set() { globalThis.hit = true; }, get: () => 'inherited', configurable: true });
    Object.defineProperty(Object.prototype, 'ro', { value: 'inherited', configurable: true });`,
  'properties': 'Object.prototype.foo = Object.prototype.ro = 1;',
  'an index': 'Object.defineProperty(Object.prototype, 3, { set() { globalThis.hit = true; }, get: () => 1, configurable: true });',
};

for (const [name, before] of Object.entries(BEFORE)) {
  for (const [then, after] of [['', ''], [', which is frozen afterwards', 'Object.freeze(Object.prototype);']]) {
    test(`${name} on Object.prototype before the package is loaded${then}: every message arrives as it was`, async () => {
      const program = `
        const { Worker } = require('threadport');
        const text = ${JSON.stringify(`${before}
          const { parentPort } = require('threadport');
          ${after}
          globalThis.hit = false; // Node's own code does it while it loads a module
          const own = (value) => Object.entries(Object.getOwnPropertyDescriptors(value)).map(([key, d]) => key + ':' + d.value).join();
          parentPort.on('messageerror', (error) => parentPort.postMessage(error.message));
          parentPort.on('message', (value) => parentPort.postMessage(own(value) + (globalThis.hit ? ' hit' : '')));`)};
        const worker = new Worker(text, { eval: true });
        const messages = [[1], { a: 1, foo: 2 }, { b: 1, ro: 2 }, { 1: 1, foo: 3 }, { 1: 1, ro: 3 }, { c: 1, foo: 1, ro: 2 }, [1, 2, 3, 4, 5], { 2: 1, 3: 2 }];
        let next = 0;
        const post = () => next < messages.length ? worker.postMessage(messages[next++]) : worker.terminate();
        worker.on('message', (line) => { console.log(line); post(); });
        post();`;
      const { lines, stderr } = await run(['-e', program]);
      assert.deepEqual(lines, [
        '0:1,length:1', 'a:1,foo:2', 'b:1,ro:2', '1:1,foo:3', '1:1,ro:3', 'c:1,foo:1,ro:2', '0:1,1:2,2:3,3:4,4:5,length:5', '2:1,3:2',
      ], stderr);
    });
  }
}
