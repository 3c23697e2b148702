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
