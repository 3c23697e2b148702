'use strict';
// A thread that is blocked on a port whose other end is in a thread that has not loaded the package: it may end before it does.

const test = require('node:test');
const assert = require('node:assert/strict');
const builtin = require('node:worker_threads');
const wt = require('threadport');
const { deadline, inbox, once } = require('../support/deadline.js');
const { run } = require('../support/program.js');
const { channel, modulePath, spawn } = require('../support/threads.js');

const CLOSED = 'ERR_THREADPORT_CLOSED';
const plain = "const { workerData: port } = require('node:worker_threads');";
const pause = (ms) => `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms});`;

/** script of the other thread -> what is received of it */
const ENDS = {
  '}{': [CLOSED],
  'throw 1': [CLOSED],
  'process.exit()': [CLOSED],
  '': [CLOSED],
  [`${plain} for (let n = 0; n < 3; n++) port.postMessage(n); throw 1`]: [0, 1, 2, CLOSED],
  [`${plain} port.postMessage(1); ${pause(200)} port.postMessage(2); ${pause(200)} port.close(); setTimeout(() => {}, 60_000)`]: [1, 2, CLOSED],
};

const LATE_COUNT = 40;
/** Begins as a plain script; then loads the package and posts by the lane, and by the carrier now and then. */
const LATE = `${plain}
port.postMessage('plain');
${pause(150)}
port.postMessage('plain too');
const end = Date.now() + 300;
while (Date.now() < end);
require(${JSON.stringify(modulePath)});
for (let n = 0; n < ${LATE_COUNT}; n++) {
  if (n === 20) ${pause(150)}
  port.postMessage(n % 7 === 3 ? { n, shared: new SharedArrayBuffer(1) } : { n });
}
throw 1;`;

/** In the main thread, which is blocked all the while, or in a worker. */
async function blocked(place, body) {
  const program = `
    const wt = require(${JSON.stringify(modulePath)});
    const builtin = require('node:worker_threads');
    const receivers = { receiveSync: (port) => port.receiveSync(), receiveAnySync: (port) => wt.receiveAnySync([port]).value };
    function all(port, receive) {
      const got = [];
      while (got.length < 100) {
        try {
          got.push(receive(port));
        } catch (error) {
          got.push(error.code);
          break;
        }
      }
      return got;
    }
    (${body})().then((result) => console.log(JSON.stringify(result))).then(() => process.exit());`;
  const source = place === 'main' ? program : `new (require('node:worker_threads').Worker)(${JSON.stringify(program)}, { eval: true })`;
  const { code, stdout, stderr } = await run(['-e', source]);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  return JSON.parse(stdout);
}

for (const place of ['main', 'worker']) {
  for (const name of ['receiveSync', 'receiveAnySync']) {
    test(`${name} in the ${place} thread: the other thread ends, or closes, before it has loaded the package`, async () => {
      const results = await blocked(place, `async () => {
        const results = [];
        for (const script of ${JSON.stringify(Object.keys(ENDS))}) {
          for (const { Worker } of [wt, builtin]) {
            const { port1, port2 } = new wt.MessageChannel();
            const worker = new Worker(script, { eval: true, workerData: port2, transferList: [port2] }).on('error', () => {});
            const got = all(port1, receivers.${name});
            const again = all(port1, receivers.${name});
            const none = port1.tryReceive('none');
            await new Promise((resolve) => port1.once('close', resolve));
            results.push({ got, again, none });
            worker.terminate();
          }
        }
        return results;
      }`);
      const expected = Object.values(ENDS).flatMap((got) => [got, got]).map((got) => ({ got, again: [CLOSED], none: 'none' }));
      assert.deepEqual(results, expected);
    });

    test(`${name} in the ${place} thread: all of a thread that loads the package late comes, in order, and then its end`, async () => {
      const results = await blocked(place, `async () => [wt, builtin].map(({ Worker }) => {
        const { port1, port2 } = new wt.MessageChannel();
        new Worker(${JSON.stringify(LATE)}, { eval: true, workerData: port2, transferList: [port2] }).on('error', () => {});
        return all(port1, receivers.${name}).map((value) => value.n ?? value);
      })`);
      const expected = ['plain', 'plain too', ...Array.from({ length: LATE_COUNT }, (_, n) => n), CLOSED];
      assert.deepEqual(results, [expected, expected]);
    });
  }

  test(`in the ${place} thread: the port is in a message that nobody has received when its thread ends`, async () => {
    const results = await blocked(place, `async () => {
      const { port1, port2 } = new wt.MessageChannel();
      const worker = new wt.Worker(${JSON.stringify(`${pause(150)} throw 1`)}, { eval: true }).on('error', () => {});
      worker.postMessage({ port2 }, [port2]);
      return all(port1, receivers.receiveSync);
    }`);
    assert.deepEqual(results, [CLOSED]);
  });
}

test('receiveAnySync: a source whose thread has ended is left out', async (t) => {
  const lost = channel(t, wt);
  new wt.Worker('throw 1', { eval: true, workerData: lost.port2, transferList: [lost.port2] }).on('error', () => {});
  const { port1, port2 } = channel(t, wt);
  const script = `${plain} ${pause(300)} port.postMessage('late');`;
  const worker = new wt.Worker(script, { eval: true, workerData: port2, transferList: [port2] });
  assert.deepEqual(wt.receiveAnySync([lost.port1, port1], { timeout: 10_000 }), { source: port1, value: 'late' });
  assert.throws(() => wt.receiveAnySync([lost.port1, port1], { timeout: 10_000 }), { code: CLOSED });
  await once(worker, 'exit');
});

test('a wait of some time does not take an open port for a closed one', async (t) => {
  const marked = channel(t, wt);
  const { port1, port2 } = channel(t, wt);
  const worker = spawn(t, wt, ({ wt, parentPort, workerData: { port, marked } }) => {
    wt.markAsUntransferable(marked);
    for (const one of [parentPort, port, marked]) {
      parentPort.postMessage('waiting');
      parentPort.postMessage(one.receiveSync());
      parentPort.postMessage('waiting');
      parentPort.postMessage(wt.receiveAnySync([one]).value);
    }
  }, { workerData: { port: port1, marked: marked.port1 }, transferList: [port1, marked.port1] });
  const { next } = inbox(worker);
  for (const post of [worker, port2, marked.port2]) {
    for (const value of ['one', 'two']) {
      assert.equal(await next(), 'waiting');
      await new Promise((resolve) => setTimeout(resolve, 250));
      post.postMessage(value);
      assert.equal(await next(), value);
    }
  }
});

test('a port whose other end a worker of the built-in has is open, though its own object here is gone', async (t) => {
  const { port1, port2 } = channel(t, wt);
  assert.equal(port2.tryReceive(), undefined);
  const gone = once(port2, 'close');
  const script = `${plain} port.on('message', (value) => value === 'end' ? port.close() : port.postMessage(value));`;
  const worker = new builtin.Worker(script, { eval: true, workerData: port2, transferList: [port2] });
  t.after(() => worker.terminate());
  await gone;
  setTimeout(() => port1.postMessage('by receiveAny'), 30);
  assert.equal((await deadline(wt.receiveAny([port1]), 'a message')).value, 'by receiveAny');
  setTimeout(() => port1.postMessage('by an iteration'), 30);
  for await (const value of port1) {
    assert.equal(value, 'by an iteration');
    port1.postMessage('by receiveSync');
    assert.equal(port1.receiveSync(), 'by receiveSync');
    port1.postMessage('end');
  }
  assert.throws(() => port1.receiveSync(), { code: CLOSED });
});
