'use strict';
// Many messages in a row that only the built-in takes: whoever leaves the fast way for them comes back to it in order.

const test = require('node:test');
const assert = require('node:assert/strict');
const { createContext, runInContext } = require('node:vm');
const { farThread, moveHere } = require('../support/far.js');
const { deadline, inbox, once, until } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');
const { spawn } = require('../support/threads.js');
const { ROADS } = require('../support/roads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** Posts numbered messages: `runs` says how many in turn that are, and are not, for the built-in. Returns the next number. */
const post = ({ port }, runs, from = 0) => {
  let n = from;
  runs.forEach((count, index) => {
    for (let i = 0; i < count; i++, n++) {
      if (index % 2 === 1) port.postMessage({ n });
      else if (n % 2 === 0) port.postMessage(Object.assign(Object.create({ of: 'some class' }), { n }));
      else {
        const buffer = new ArrayBuffer(8);
        port.postMessage({ n, buffer }, [buffer]);
      }
    }
  });
  return n;
};
/** The same, all for the built-in but for those in the odd places. */
const RUNS = [200, 1, 70, 3, 300, 40, 1, 1, 130, 2, 64, 1, 65, 1, 66, 5];
const TOTAL = RUNS.reduce((sum, count) => sum + count);
const numbers = (messages) => messages.map(({ n }) => n);

test('runs of both kinds, posted at once', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(post, RUNS);
  const mail = inbox(near);
  assert.deepEqual(numbers(await mail.take(TOTAL)), sequence(TOTAL));
});

test('runs of both kinds, read while they come', async (t) => {
  const { port1, port2 } = new wt.MessageChannel();
  t.after(() => port1.close());
  const mail = inbox(port1);
  const worker = spawn(t, wt, ({ parentPort, workerData: { runs, source } }) => {
    const posting = require('node:vm').runInThisContext(`(${source})`);
    parentPort.once('message', async (port) => {
      port.on('message', () => {});
      for (let round = 0, n = 0; round < 20; round++) {
        n = posting({ port }, runs, n);
        if (round % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    });
  }, { workerData: { runs: RUNS, source: String(post) } });
  worker.postMessage(port2, [port2]);
  assert.deepEqual(numbers(await mail.take(20 * TOTAL)), sequence(20 * TOTAL));
});

test('receiveMessageOnPort takes them in order', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const seen = [];
  for (let from = 0; from < 4 * TOTAL; from += TOTAL) {
    far.run(post, RUNS, from);
    for (let i = 0; i < TOTAL - 20; i++) seen.push(wt.receiveMessageOnPort(near)?.message);
  }
  for (let i = 0; i < 4 * 20; i++) seen.push(wt.receiveMessageOnPort(near)?.message);
  assert.deepEqual(numbers(seen), sequence(4 * TOTAL));
  assert.equal(wt.receiveMessageOnPort(near), undefined);
});

test('posts in a getter of one of them, and one that fails', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(post, [100]);
  const thrown = far.run(({ port }) => {
    const inner = () => {
      port.postMessage({ n: 100 });
      port.postMessage(Object.assign(Object.create({}), { n: 101 }));
      port.postMessage('text');
      return 102;
    };
    port.postMessage(Object.create({}, { n: { enumerable: true, get: inner } }));
    try {
      port.postMessage(Object.assign(Object.create({}), { refused() {} }));
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(thrown, 'DataCloneError');
  far.run(post, [100, 1, 100], 103);
  const seen = await inbox(near).take(305);
  assert.equal(seen[102], 'text');
  seen.splice(102, 1);
  assert.deepEqual(numbers(seen), sequence(304));
});

for (const [name, move] of Object.entries({ ...ROADS, 'a transfer': (port) => moveHere(wt, port) })) {
  // A move that does not ask is learned of late: what is posted until then must not change its way (docs/limitations.md).
  const later = name in ROADS ? [100] : [100, 2, 100];
  const count = later.reduce((sum, run) => sum + run);
  for (const read of [0, 30, 150]) {
    test(`${name}, after ${read} have been read: what was posted goes along, and what is posted later comes behind it`, async (t) => {
      const { near, far } = await farThread(t, wt).channel();
      far.run(post, [200]);
      const mail = inbox(near);
      const first = await mail.take(read);
      near.removeAllListeners('message');
      const moved = move(near);
      t.after(() => moved.close());
      far.run(post, later, 200);
      first.push(...mail.queue);
      const next = inbox(moved);
      assert.deepEqual(numbers([...first, ...(await next.take(200 + count - first.length))]), sequence(200 + count));
      far.run(post, [0, 1, 100, 10], 200 + count);
      assert.deepEqual(numbers(await next.take(111)), sequence(111, 200 + count));
    });
  }
}

for (const [name, move] of Object.entries(ROADS)) {
  test(`${name} of the sender: the far end gets what was posted before and after, in order`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    const logOver = () => far.run(({ kept }) => kept.log);
    far.run(({ port, kept }) => {
      kept.log = [];
      port.on('message', ({ n }) => kept.log.push(n));
      port.on('close', () => kept.log.push('close'));
    });
    near.postMessage({ n: 0 });
    await until(() => logOver().length === 1, 'the first message over there');
    post({ port: near }, [200], 1);
    const moved = move(near);
    post({ port: moved }, [100, 3, 100], 201);
    await until(() => logOver().length === 404, 'the messages over there');
    moved.close();
    await until(() => logOver().includes('close'), "'close' over there");
    assert.deepEqual(logOver(), [...sequence(404), 'close']);
  });
}

test('a context that knows nothing of the module', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(post, [150]);
  const port = wt.moveMessagePortToContext(near, createContext());
  t.after(() => port.close());
  far.run(post, [150, 10, 100], 150);
  const listen = `(port, log) => new Promise((resolve) => {
    port.onmessage = ({ data }) => void (log.push(data.n) === 410 && resolve(log));
    port.start();
  })`;
  assert.deepEqual(await deadline(runInContext(listen, createContext())(port, [], 410), 'the messages'), sequence(410));
});

test('the sender moves while it posts them', async (t) => {
  const farm = farThread(t, wt);
  const { port1: near, port2 } = new wt.MessageChannel();
  t.after(() => near.close());
  const mail = inbox(near);
  post({ port: port2 }, [100]);
  const far = await farm.adopt(port2);
  far.run(post, [200, 1, 150], 100);
  far.run(({ port, ports, wt: module }) => {
    const { port1, port2: other } = new module.MessageChannel();
    port1.postMessage(port, [port]);
    ports.set('moved', module.receiveMessageOnPort(other).message);
    port1.close();
  });
  far.run(({ ports }, source, ...args) => {
    const port = ports.get('moved');
    require('node:vm').runInThisContext(`(${source})`)({ port }, ...args);
    port.close();
  }, String(post), [100, 2, 100], 451);
  assert.deepEqual(numbers(await mail.take(653)), sequence(653));
});

test("they come ahead of 'close'", async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const log = [];
  const closed = once(near, 'close');
  near.on('message', ({ n }) => log.push(n));
  far.run(({ port }, source, runs) => {
    require('node:vm').runInThisContext(`(${source})`)({ port }, runs);
    port.close();
  }, String(post), [...RUNS, 100]);
  await deadline(closed, "'close'");
  assert.deepEqual(log, sequence(TOTAL + 100));
});

test("a worker's come ahead of its 'exit'", async (t) => {
  const log = [];
  const worker = spawn(t, wt, ({ parentPort, workerData: { runs, source } }) => {
    parentPort.once('message', () => {
      require('node:vm').runInThisContext(`(${source})`)({ port: parentPort }, runs);
      process.exit(3);
    });
  }, { workerData: { runs: [...RUNS, 100], source: String(post) } });
  worker.on('message', ({ n }) => log.push(n));
  worker.postMessage('go');
  assert.deepEqual(await once(worker, 'exit'), [3]);
  assert.deepEqual(log, sequence(TOTAL + 100));
});
