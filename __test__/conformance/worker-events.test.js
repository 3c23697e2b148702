'use strict';
// What a worker tells its parent, and in which order.

const test = require('node:test');
const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const stock = require('node:worker_threads');
const { spawn, exited } = require('../support/threads.js');
const { deadline, inbox, once, settle, until } = require('../support/deadline.js');
const { outcome } = require('../support/outcome.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const SHARED = { shared: 'SharedArrayBuffer' };

/** Every event of a worker up to its exit, in order. */
async function history(worker) {
  const log = [];
  worker.on('online', () => log.push('online'));
  worker.on('message', (value) => log.push(['message', value?.shared ? SHARED : value]));
  worker.on('messageerror', (error) => log.push(['messageerror', error.message]));
  worker.on('error', (error) => log.push(['error', error?.message ?? error, error?.code]));
  const code = await exited(worker);
  log.push(['exit', code, worker.threadId]);
  await settle();
  return log;
}

/** name -> [program, expected history] */
const LIVES = {
  'a program that posts and ends': [
    ({ parentPort }) => { parentPort.postMessage(1); parentPort.postMessage({ two: 2 }); },
    ['online', ['message', 1], ['message', { two: 2 }], ['exit', 0, -1]],
  ],
  'a program that posts what the stock serializer carries, and ends': [
    ({ parentPort }) => { parentPort.postMessage({ shared: new SharedArrayBuffer(1) }); parentPort.postMessage(2); },
    ['online', ['message', SHARED], ['message', 2], ['exit', 0, -1]],
  ],
  'process.exit right after a post': [
    ({ parentPort }) => { parentPort.postMessage('last'); process.exit(3); },
    ['online', ['message', 'last'], ['exit', 3, -1]],
  ],
  'process.exit right after a carried post': [
    ({ parentPort }) => { parentPort.postMessage({ shared: new SharedArrayBuffer(1) }); process.exit(3); },
    ['online', ['message', SHARED], ['exit', 3, -1]],
  ],
  'process.exitCode': [
    ({ parentPort }) => { process.exitCode = 7; parentPort.postMessage(1); },
    ['online', ['message', 1], ['exit', 7, -1]],
  ],
  'an exception after a post': [
    ({ parentPort }) => { parentPort.postMessage('before'); throw new RangeError('thrown'); },
    ['online', ['message', 'before'], ['error', 'thrown', undefined], ['exit', 1, -1]],
  ],
  'an exception later': [
    ({ parentPort }) => setImmediate(() => { parentPort.postMessage('before'); throw new Error('later'); }),
    ['online', ['message', 'before'], ['error', 'later', undefined], ['exit', 1, -1]],
  ],
  'a rejection': [
    ({ parentPort }) => { parentPort.postMessage('before'); Promise.reject(new Error('rejected')); },
    ['online', ['message', 'before'], ['error', 'rejected', undefined], ['exit', 1, -1]],
  ],
  'a thrown null': [() => { throw null; }, ['online', ['error', null, undefined], ['exit', 1, -1]]],
  'a post in an exit handler': [
    ({ parentPort }) => {
      process.on('exit', (code) => { parentPort.postMessage(`exit handler ${code}`); parentPort.postMessage({ really: 'last' }); });
      parentPort.postMessage('body');
    },
    ['online', ['message', 'body'], ['message', 'exit handler 0'], ['message', { really: 'last' }], ['exit', 0, -1]],
  ],
  'a post in an exit handler after process.exit': [
    ({ parentPort }) => {
      process.on('exit', (code) => parentPort.postMessage({ handler: code }));
      parentPort.postMessage('body');
      process.exit(2);
    },
    ['online', ['message', 'body'], ['message', { handler: 2 }], ['exit', 2, -1]],
  ],
  'a post in an exit handler after an exception': [
    ({ parentPort }) => {
      process.on('exit', (code) => parentPort.postMessage({ handler: code }));
      throw new Error('thrown');
    },
    ['online', ['message', { handler: 1 }], ['error', 'thrown', undefined], ['exit', 1, -1]],
  ],
  'posts in beforeExit that revive the loop': [
    ({ parentPort }) => {
      let times = 0;
      process.on('beforeExit', () => { parentPort.postMessage(++times); if (times < 3) setImmediate(() => {}); });
    },
    ['online', ['message', 1], ['message', 2], ['message', 3], ['exit', 0, -1]],
  ],
  'parentPort.close()': [
    ({ parentPort }) => { parentPort.on('message', () => {}); parentPort.postMessage('before'); parentPort.close(); parentPort.postMessage('after'); },
    ['online', ['message', 'before'], ['exit', 0, -1]],
  ],
  'uncaughtException handled': [
    ({ parentPort }) => {
      process.on('uncaughtException', ({ message }) => parentPort.postMessage(`caught ${message}`));
      setImmediate(() => parentPort.postMessage('goes on'));
      throw new Error('first');
    },
    ['online', ['message', 'caught first'], ['message', 'goes on'], ['exit', 0, -1]],
  ],
};

/** What travels apart from the messages: only its own order is defined, and that 'exit' is last. */
const APART = ['online', 'error'];
const nameOf = (event) => (Array.isArray(event) ? event[0] : event);

const apart = (log) => [
  log.filter((event) => !APART.includes(nameOf(event))),
  ...APART.map((name) => log.filter((event) => nameOf(event) === name)),
  log.at(-1),
];

for (const [name, [program, expected]] of Object.entries(LIVES)) {
  test(`${name}: ${expected.map(nameOf).join(', ')}`, async (t) => {
    assert.deepEqual(apart(await history(spawn(t, wt, program))), apart(expected));
  });
}

test('a syntax error and a missing file are error, then exit 1', async (t) => {
  const broken = new wt.Worker('this is no program', { eval: true });
  const missing = new wt.Worker('/nonexistent/file.js');
  t.after(() => Promise.all([broken.terminate(), missing.terminate()]));
  const [first, second] = await Promise.all([history(broken), history(missing)]);
  const errors = [first, second].map((log) => log.filter(([kind]) => kind === 'error').length);
  assert.deepEqual(errors, [1, 1]);
  assert.deepEqual([first.at(-1), second.at(-1)], [['exit', 1, -1], ['exit', 1, -1]]);
});

for (const [kind, make] of [['plain', 'n'], ['object', '{ n }'], ['mixed', 'n % 7 ? { n } : { n, s: new SharedArrayBuffer(1) }']]) {
  for (const [ending, code, finish] of [['ends', 0, ''], ['calls process.exit', 5, 'process.exit(5)'], ['throws', 1, "throw new Error('end')"]]) {
    test(`1,000 ${kind} messages, then the worker ${ending}: all arrive in order, before 'exit'`, async (t) => {
      const worker = spawn(t, wt, `({ parentPort }) => {
        for (let n = 0; n < 1000; n++) parentPort.postMessage(${make});
        ${finish}
      }`);
      const seen = [];
      worker.on('error', () => {});
      worker.on('message', (value) => seen.push(value.n ?? value));
      assert.equal(await exited(worker), code);
      assert.deepEqual(seen, sequence(1000));
      await settle();
      assert.equal(seen.length, 1000);
    });
  }
}

test('1,000 messages in an exit handler arrive before exit', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => {
    process.on('exit', () => {
      for (let n = 0; n < 1000; n++) parentPort.postMessage({ n });
    });
  });
  const seen = [];
  worker.on('message', ({ n }) => seen.push(n));
  assert.equal(await exited(worker), 0);
  assert.deepEqual(seen, sequence(1000));
});

test('a late message listener of the parent gets what came before, even after the exit of the thread', async (t) => {
  const posted = new Int32Array(new SharedArrayBuffer(4));
  const worker = spawn(t, wt, ({ parentPort, workerData: posted }) => {
    for (let n = 0; n < 10; n++) parentPort.postMessage(n);
    Atomics.store(posted, 0, 1);
    Atomics.notify(posted, 0);
  }, { workerData: posted });
  assert.notEqual(Atomics.wait(posted, 0, 0, 10_000), 'timed-out');
  const seen = [];
  worker.on('message', (n) => seen.push(n));
  await exited(worker);
  assert.deepEqual(seen, sequence(10));
});

test('terminate() resolves with 1, a second one with undefined, and exit has 1', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.on('message', () => {}));
  await once(worker, 'online');
  const code = exited(worker);
  assert.equal(await deadline(worker.terminate(), 'terminate()'), 1);
  assert.equal(await code, 1);
  assert.equal(await deadline(worker.terminate(), 'terminate()'), undefined);
  assert.equal(worker.threadId, -1);
});

test('terminate() before the worker is online ends it without a message', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.postMessage('never expected'));
  worker.on('error', assert.fail);
  const code = exited(worker);
  worker.postMessage('to nobody');
  worker.terminate();
  assert.equal(typeof (await code), 'number');
});

for (const [name, body] of [
  ['an endless loop', ({ parentPort }) => { parentPort.postMessage('in'); for (;;); }],
  ['an endless loop of posts', ({ parentPort }) => { parentPort.postMessage('in'); for (let n = 0; ; n++) if (n % 1e7 === 0) parentPort.postMessage(n); }],
  ['Atomics.wait', ({ parentPort }) => { parentPort.postMessage('in'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); }],
  ['a handler that never returns', ({ parentPort }) => { parentPort.on('message', () => { for (;;); }); parentPort.postMessage('in'); }],
  ['a transfer list that never ends', ({ parentPort, wt: { MessageChannel } }) => {
    parentPort.postMessage('in');
    parentPort.postMessage(1, (function* list() { for (;;) yield new MessageChannel().port1 && new ArrayBuffer(1); })());
  }],
  ['an endless iterator without values', ({ parentPort }) => {
    parentPort.postMessage('in');
    // biome-ignore lint/correctness/useYield: that is the point
    parentPort.postMessage(1, (function* list() { for (;;); })());
  }],
  ['a getter that never returns', ({ parentPort }) => {
    parentPort.postMessage('in');
    parentPort.postMessage({ get endless() { for (;;); } });
  }],
]) {
  test(`terminate() wins over ${name}`, async (t) => {
    const worker = spawn(t, wt, body, { resourceLimits: { maxOldGenerationSizeMb: 256 } });
    worker.on('error', () => {});
    assert.equal((await once(worker, 'message'))[0], 'in');
    worker.postMessage('enter the handler');
    const code = exited(worker);
    await deadline(worker.terminate(), 'terminate()');
    assert.equal(await code, 1);
  });
}

test('postMessage after the exit is silent: no error, nothing detached, whatever the value', async (t) => {
  const worker = spawn(t, wt, () => {});
  await exited(worker);
  const buffer = new ArrayBuffer(4);
  for (const args of [[1], [() => {}], [buffer, [buffer]], [{ a: [1] }], [], [1, 1]]) {
    assert.equal(worker.postMessage(...args), undefined);
  }
  assert.equal(buffer.byteLength, 4);
  assert.doesNotThrow(() => { worker.ref(); worker.unref(); });
  assert.equal(worker.threadId, -1);
});

test('worker.postMessage returns undefined and refuses what a port refuses', (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.on('message', () => {}));
  const reference = spawn(t, stock, ({ parentPort }) => parentPort.on('message', () => {}), { module: 'node:worker_threads' });
  assert.equal(worker.postMessage(1), undefined);
  for (const args of [[], [() => {}], [1, 1], [1, [1]], [1, { transfer: 5 }], [Symbol('x')], [new wt.MessageChannel().port1]]) {
    assert.deepEqual(outcome(() => worker.postMessage(...args)), outcome(() => reference.postMessage(...args)));
  }
});

test('a worker is an EventEmitter: a throwing message listener does not keep later messages back', async (t) => {
  const outer = spawn(t, wt, ({ parentPort, wt: { Worker } }) => {
    const log = [];
    process.on('uncaughtException', ({ message }) => log.push(message));
    const inner = new Worker('const { parentPort } = require("worker_threads"); [1, 2, 3].forEach((n) => parentPort.postMessage(n));', { eval: true });
    inner.on('message', (n) => {
      log.push(n);
      if (n === 1) throw new Error('from the listener');
    });
    inner.on('exit', () => parentPort.postMessage(log));
  });
  assert.ok(outer instanceof EventEmitter);
  assert.deepEqual((await once(outer, 'message'))[0], [1, 'from the listener', 2, 3]);
});

test('removing the message listener of a worker does not stop or lose what comes after a new one', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.on('message', (n) => parentPort.postMessage(n)));
  worker.postMessage(1);
  assert.deepEqual(await once(worker, 'message'), [1]);
  const mail = inbox(worker);
  worker.postMessage(2);
  assert.equal(await mail.next(), 2);
  assert.equal(worker.listenerCount('message'), 1);
});

test('stdout and stderr of a worker are complete before its exit', async (t) => {
  const worker = spawn(t, wt, () => {
    process.stdout.write('o'.repeat(100_000));
    process.stderr.write('e'.repeat(100_000));
    process.stdout.write('end');
  }, { stdout: true, stderr: true });
  let [out, err] = ['', ''];
  worker.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  worker.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  await exited(worker);
  await until(() => out.endsWith('end') && err.length === 100_000, 'the output');
  assert.equal(out.length, 100_003);
});

test("a worker that the built-in's constructor has made in the name of the class", async () => {
  const text = `
    const { parentPort } = require('node:worker_threads');
    parentPort.once('message', (value) => parentPort.postMessage([value]));`;
  const worker = Reflect.construct(stock.Worker, [text, { eval: true }], wt.Worker);
  worker.postMessage('there');
  const events = await history(worker);
  // Of two ports of Node's own either may be looked at first.
  assert.deepEqual(events.filter((event) => event !== 'online'), [['message', ['there']], ['exit', 0, -1]]);
  assert.ok(events.includes('online'));
});
