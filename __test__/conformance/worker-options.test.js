'use strict';
// Every option of Worker, and what the constructor refuses.

const test = require('node:test');
const assert = require('node:assert/strict');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const stock = require('node:worker_threads');
const { channel, spawn, exited, source, specifier } = require('../support/threads.js');
const { deadline, inbox, once } = require('../support/deadline.js');
const { fixture } = require('../support/program.js');
const { outcome } = require('../support/outcome.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** The answer of a worker that evaluates `body` and posts what it returns. */
async function answer(t, body, options) {
  const worker = spawn(t, wt, `async (tools) => tools.parentPort.postMessage(await (${body})(tools))`, options);
  return (await once(worker, 'message'))[0];
}

test('Worker is a subclass of the built-in one and can be subclassed', async (t) => {
  class Special extends wt.Worker {
    constructor(...args) {
      super(...args);
      this.special = true;
    }
  }
  const worker = new Special('require("node:worker_threads").parentPort.postMessage("special")', { eval: true });
  t.after(() => worker.terminate());
  assert.ok(worker instanceof stock.Worker);
  assert.ok(worker instanceof wt.Worker);
  assert.equal(worker.special, true);
  assert.deepEqual(await once(worker, 'message'), ['special']);
});

for (const [name, make] of [
  ['an absolute path', () => fixture('echo.js')],
  ['a path relative to the current folder', () => `./${path.relative(process.cwd(), fixture('echo.js'))}`],
  ['a file: URL', () => pathToFileURL(fixture('echo.js'))],
  ['an ESM file', () => fixture('echo.mjs')],
  ['a file: URL of an ESM file', () => pathToFileURL(fixture('echo.mjs'))],
]) {
  test(`the program can be ${name}`, async (t) => {
    const worker = new wt.Worker(make());
    t.after(() => worker.terminate());
    const mail = inbox(worker);
    const sent = ['text', { a: [1] }, new SharedArrayBuffer(2)];
    for (const value of sent) worker.postMessage(value);
    const [text, object, shared] = await mail.take(3);
    assert.deepEqual([text, object, shared.byteLength], ['text', { a: [1] }, 2]);
  });
}

test('the program can be a data: URL', async (t) => {
  const worker = new wt.Worker(new URL('data:text/javascript,import { parentPort } from "node:worker_threads"; parentPort.postMessage("data")'));
  t.after(() => worker.terminate());
  assert.deepEqual(await once(worker, 'message'), ['data']);
});

test('eval: the source runs with require, and process.argv has its name', async (t) => {
  const result = await answer(t, '() => [typeof require, typeof module, process.argv.length]');
  assert.deepEqual(result, ['function', 'object', 2]);
});

test('env: a copy by default, the given object, or SHARE_ENV', async (t) => {
  process.env.THREADPORT_TEST_COPY = 'from main';
  t.after(() => {
    delete process.env.THREADPORT_TEST_COPY;
    delete process.env.THREADPORT_TEST_SHARED;
  });
  const write = '() => { process.env.THREADPORT_TEST_SHARED = "from worker"; return process.env.THREADPORT_TEST_COPY; }';
  assert.equal(await answer(t, write), 'from main');
  assert.equal(process.env.THREADPORT_TEST_SHARED, undefined);
  assert.equal(await answer(t, write, { env: { THREADPORT_TEST_COPY: 'given' } }), 'given');
  assert.equal(process.env.THREADPORT_TEST_SHARED, undefined);
  assert.equal(await answer(t, write, { env: wt.SHARE_ENV }), 'from main');
  assert.equal(process.env.THREADPORT_TEST_SHARED, 'from worker');
});

test('argv and execArgv reach the worker', async (t) => {
  const [argv, execArgv] = await answer(t, '() => [process.argv.slice(2), process.execArgv]', {
    argv: ['a', 2, null],
    execArgv: ['--no-warnings', '--trace-warnings'],
  });
  assert.deepEqual(argv, ['a', '2', 'null']);
  assert.deepEqual(execArgv, ['--no-warnings', '--trace-warnings']);
});

test('execArgv --require loads a file before the program', async (t) => {
  const worker = new wt.Worker('require("node:worker_threads").parentPort.postMessage(globalThis.preloaded)', {
    eval: true,
    execArgv: ['--require', fixture('preload.js')],
  });
  t.after(() => worker.terminate());
  assert.deepEqual(await once(worker, 'message'), ['preloaded by fixture']);
});

test('stdin, stdout and stderr are streams of the parent', async (t) => {
  const worker = spawn(t, wt, () => {
    process.stdin.setEncoding('utf8').on('data', (text) => process.stdout.write(text.toUpperCase()));
    process.stdin.on('end', () => process.stderr.write('ended'));
  }, { stdin: true, stdout: true, stderr: true });
  let [out, err] = ['', ''];
  worker.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  worker.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  worker.stdin.end('shout');
  const ended = Promise.all([worker.stdout, worker.stderr].map((stream) => deadline(new Promise((resolve) => stream.on('end', resolve)), 'the end')));
  assert.equal(await exited(worker), 0);
  await ended;
  assert.deepEqual([out, err], ['SHOUT', 'ended']);
});

test('without the stdio options the streams are there but stdin is null', (t) => {
  const worker = spawn(t, wt, () => {});
  assert.equal(worker.stdin, null);
  assert.equal(typeof worker.stdout.on, 'function');
  assert.equal(typeof worker.stderr.on, 'function');
});

test('resourceLimits are seen on both sides, and {} after the exit', async (t) => {
  const limits = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8, codeRangeSizeMb: 16, stackSizeMb: 2 };
  const worker = spawn(t, wt, ({ wt, parentPort }) => parentPort.postMessage(wt.resourceLimits), { resourceLimits: limits });
  assert.deepEqual(worker.resourceLimits, limits);
  const inside = inbox(worker);
  await exited(worker);
  assert.deepEqual(await inside.next(), limits);
  assert.deepEqual(worker.resourceLimits, {});
});

test('a worker beyond its heap limit ends with ERR_WORKER_OUT_OF_MEMORY', async (t) => {
  const worker = spawn(t, wt, () => {
    const kept = [];
    for (;;) kept.push(new Array(1000).fill({ a: 1 }).map((_, n) => ({ n })));
  }, { resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 } });
  const failed = new Promise((resolve) => worker.on('error', resolve));
  const code = exited(worker);
  assert.equal((await deadline(failed, "'error'")).code, 'ERR_WORKER_OUT_OF_MEMORY');
  assert.equal(await code, 1);
});

test('a worker that the parent feeds beyond its heap limit ends, and the parent goes on', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => {
    globalThis.kept = [];
    parentPort.on('message', (value) => globalThis.kept.push(value));
  }, { resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 } });
  const failed = new Promise((resolve) => worker.on('error', resolve));
  const code = exited(worker);
  const row = Array.from({ length: 5000 }, (_, n) => ({ n, text: `text ${n}` }));
  for (let n = 0; n < 40; n++) worker.postMessage(row);
  assert.equal((await deadline(failed, "'error'")).code, 'ERR_WORKER_OUT_OF_MEMORY');
  assert.equal(await code, 1);
  worker.postMessage('silent');
});

test('name, threadId, isMainThread and workerData inside a worker', async (t) => {
  const worker = spawn(t, wt, ({ wt, parentPort }) => {
    parentPort.postMessage([wt.threadId, wt.isMainThread, wt.workerData, wt.threadName]);
  }, { name: 'named worker', workerData: { map: new Map([[1, { a: 1 }]]) } });
  const { threadId } = worker;
  const [id, isMain, data, name] = (await once(worker, 'message'))[0];
  assert.equal(id, threadId);
  assert.ok(id > 0);
  assert.equal(isMain, false);
  assert.deepEqual(data, { map: new Map([[1, { a: 1 }]]) });
  if ('threadName' in stock) assert.equal(name, 'named worker');
});

test('workerData is null without the option, and a clone with it', async (t) => {
  assert.equal(await answer(t, '({ wt }) => wt.workerData === null || wt.workerData === undefined'), true);
  const workerData = { list: [1], shared: new SharedArrayBuffer(4) };
  const seen = answer(t, '({ workerData }) => { new Int32Array(workerData.shared)[0] = 5; workerData.list.push(2); return workerData.list; }', { workerData });
  assert.deepEqual(await seen, [1, 2]);
  assert.deepEqual(workerData.list, [1]);
  assert.equal(new Int32Array(workerData.shared)[0], 5);
});

test('ports in workerData, nested in objects, Maps and class instances, work on the other side', async (t) => {
  const channels = Array.from({ length: 4 }, () => new wt.MessageChannel());
  const ports = channels.map(({ port2 }) => port2);
  class Holder {
    constructor(port) {
      this.port = port;
    }
  }
  channels.forEach(({ port1 }, n) => port1.postMessage({ queued: n }));
  spawn(t, wt, ({ workerData: { deep, map, holder, set }, wt }) => {
    const found = [deep[0].port, map.get('port'), holder.port, [...set][0]];
    for (const port of found) {
      if (!(port instanceof wt.MessagePort)) throw new Error('not a port of the module');
      port.on('message', (value) => port.postMessage({ echo: value }));
    }
  }, {
    workerData: { deep: [{ port: ports[0] }], map: new Map([['port', ports[1]]]), holder: new Holder(ports[2]), set: new Set([ports[3]]) },
    transferList: ports,
  });
  for (const [n, { port1 }] of channels.entries()) {
    port1.postMessage(n);
    assert.deepEqual(await inbox(port1).take(2), [{ echo: { queued: n } }, { echo: n }]);
    port1.close();
  }
});

test('a bare port as workerData, and a buffer that moves with it', async (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const buffer = new ArrayBuffer(16);
  spawn(t, wt, ({ workerData }) => workerData.port.postMessage(workerData.buffer.byteLength), {
    workerData: { port: port2, buffer },
    transferList: [port2, buffer],
  });
  assert.equal(buffer.byteLength, 0);
  assert.deepEqual(await once(port1, 'message'), [16]);
});

test('environment data is inherited by workers and their workers, and set per thread', async (t) => {
  t.after(() => wt.setEnvironmentData('key', undefined));
  wt.setEnvironmentData('key', { from: 'main' });
  const nested = await answer(t, `({ wt }) => new Promise((resolve) => {
    const before = wt.getEnvironmentData('key');
    wt.setEnvironmentData('key', 'from worker');
    const source = 'const wt = require(' + JSON.stringify(${JSON.stringify(require.resolve(specifier))}) + '); wt.parentPort.postMessage(wt.getEnvironmentData("key"));';
    new wt.Worker(source, { eval: true }).on('message', (inner) => resolve([before, inner]));
  })`);
  assert.deepEqual(nested, [{ from: 'main' }, 'from worker']);
  assert.deepEqual(wt.getEnvironmentData('key'), { from: 'main' });
  assert.deepEqual(stock.getEnvironmentData('key'), { from: 'main' });
});

test('the constructor refuses what the built-in refuses', (t) => {
  const { port1 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const buffer = () => new ArrayBuffer(1);
  const twice = buffer();
  for (const args of [
    [], [1], [null], ['bare.js'], [new URL('http://host/path')], [new URL('file:///x.js'), { eval: true }],
    ['1', { eval: true, execArgv: ['--bogus'] }], ['1', { eval: true, env: 1 }], ['1', { eval: true, argv: 1 }],
    ['1', { eval: true, workerData: () => {} }], ['1', { eval: true, workerData: { port1 } }],
    ['1', { eval: true, workerData: 1, transferList: [twice, twice] }], ['1', { eval: true, name: 1 }],
  ]) {
    const results = [wt, stock].map((module) => outcome(() => new module.Worker(...args)));
    assert.ok(results[1].thrown);
    assert.deepEqual(results[0], results[1]);
  }
  assert.throws(() => wt.Worker('x'), TypeError);
});

test('a failed constructor leaves the ports of its transfer list usable', (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  assert.throws(() => new wt.Worker('1', { eval: true, workerData: { port2, refused: () => {} }, transferList: [port2] }));
  port1.postMessage('still');
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: 'still' });
});

test('performance, getHeapSnapshot and the other members of a worker are there', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.on('message', () => {}));
  await once(worker, 'online');
  const original = spawn(t, stock, () => {}, { module: 'node:worker_threads' });
  for (let proto = stock.Worker.prototype; proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
    for (const name of Object.getOwnPropertyNames(proto)) assert.equal(typeof worker[name], typeof original[name], name);
  }
  assert.equal(typeof worker.performance.eventLoopUtilization().utilization, 'number');
  const snapshot = await deadline(worker.getHeapSnapshot(), 'the heap snapshot');
  let bytes = 0;
  snapshot.on('data', (chunk) => (bytes += chunk.length));
  await deadline(new Promise((resolve) => snapshot.on('end', resolve)), 'the end of the snapshot');
  assert.ok(bytes > 1000);
});

test('workerData is asked for once', async (t) => {
  let asked = 0;
  const text = "const { parentPort, workerData } = require('node:worker_threads'); parentPort.postMessage(workerData.asked);";
  const { port1 } = channel(t, wt);
  const options = {
    eval: true,
    transferList: [port1],
    get workerData() {
      asked++;
      return { asked, port1 };
    },
  };
  const worker = new wt.Worker(text, options);
  t.after(() => worker.terminate());
  assert.deepEqual(await once(worker, 'message'), [1]);
  assert.equal(asked, 1);
});

test('getters of the options run on the object that was given, also those that only it can answer', async (t) => {
  class Options {
    #argv = ['private'];

    get eval() {
      return true;
    }

    get argv() {
      return this.#argv;
    }
  }
  const answers = { eval: true, argv: ['proxy'] };
  const proxy = new Proxy(answers, { get: (target, key, receiver) => (receiver === proxy ? target[key] : undefined) });
  const frozen = Object.freeze({ eval: true, argv: ['frozen'], workerData: Object.freeze({ n: 1 }), transferList: Object.freeze([]) });
  for (const [options, argument] of [[new Options(), 'private'], [proxy, 'proxy'], [frozen, 'frozen']]) {
    const worker = new wt.Worker("require('node:worker_threads').parentPort.postMessage(process.argv[2]);", options);
    t.after(() => worker.terminate());
    assert.deepEqual(await once(worker, 'message'), [argument]);
  }
});

for (const [what, id] of [['text', 'w-1'], ['undefined', undefined], ['a number of its own', 7]]) {
  test(`a subclass whose threadId is ${what} works as any`, async (t) => {
    class Named extends wt.Worker {
      get threadId() {
        return id;
      }
    }
    const worker = new Named(source(({ parentPort }) => parentPort.on('message', (value) => parentPort.postMessage(value))), { eval: true });
    t.after(() => worker.terminate());
    assert.equal(worker.threadId, id);
    for (const value of [1, { two: 2 }]) {
      worker.postMessage(value);
      assert.deepEqual(await once(worker, 'message'), [value]);
    }
  });
}
