'use strict';
// Programs that are cut short while they post, read or move ports.

const test = require('node:test');
const assert = require('node:assert/strict');
const { cutShort, forever } = require('../support/cut-short.js');
const { farThread } = require('../support/far.js');
const { inbox, once, until } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');
const { channel, spawn } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const CUTS = 60;

const MESSAGES = {
  'large objects': { more: Array.from({ length: 2000 }, (_, i) => ({ a: i, b: `s${i}` })) },
  'what is carried': { shared: new SharedArrayBuffer(8) },
  'plain objects': { one: 1 },
};
for (const [name, more] of Object.entries(MESSAGES)) test(`a program that posts ${name} is cut short again and again: all that it has posted arrives, and what comes after`, async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(({ port }) => void port.on('message', ({ n }) => port.postMessage(n)));
  const posted = { begun: 0, ended: 0 };
  const back = [];
  near.on('message', (n) => back.push(n));
  for (let cut = 1; cut <= CUTS; cut++) {
    const before = posted.ended = posted.begun;
    const run = () => {
      for (;;) {
        posted.begun++;
        near.postMessage({ n: posted.begun, more });
        posted.ended = posted.begun;
      }
    };
    cutShort(run, 1 + cut % 3);
    near.postMessage({ n: `cut ${cut}`, more });
    near.postMessage({ n: -cut });
    await until(() => back.at(-1) === -cut, `the answer behind cut ${cut}`);
    const whole = sequence(posted.ended - before, before + 1);
    const after = [`cut ${cut}`, -cut];
    // The one that was cut short may have been posted, or not.
    const isThere = back.at(-3) === posted.begun && posted.begun > posted.ended;
    assert.deepEqual(back.splice(0), [...whole, ...(isThere ? [posted.begun] : []), ...after]);
  }
  if ('bufferedAmount' in near) await until(() => near.bufferedAmount === 0, 'nothing is under way');
});

test('a program that reads by receiveMessageOnPort is cut short again and again: no more than one message is lost by each, and none comes late', async (t) => {
  const COUNT = 40_000;
  const thread = farThread(t, wt);
  const { near, far } = await thread.channel();
  far.run(({ port, kept }, count) => {
    let n = 0;
    const shared = new SharedArrayBuffer(1);
    kept.post = () => {
      for (let i = 0; i < 500 && n < count; i++, n++) port.postMessage(n % 5 === 0 ? { n, shared } : { n });
      if (n < count) setImmediate(kept.post);
      else port.postMessage({ n: 'end' });
    };
    setImmediate(kept.post);
  }, COUNT);
  const got = [];
  const run = () => {
    for (;;) {
      const found = wt.receiveMessageOnPort(near);
      if (found) got.push(found.message.n);
    }
  };
  let cuts = 0;
  for (; cuts < CUTS; cuts++) {
    cutShort(run, 2);
    await new Promise(setImmediate);
  }
  near.on('message', ({ n }) => got.push(n));
  await until(() => got.at(-1) === 'end', 'the end');
  got.pop();
  assert.ok(COUNT - got.length <= cuts, `${COUNT - got.length} lost by ${cuts}`);
  for (let i = 1; i < got.length; i++) assert.ok(got[i] > got[i - 1], `${got[i]} behind ${got[i - 1]}`);
});

const endless = (moved) => ({ get never() { return forever(); }, moved });
const TRANSFERS = {
  'to another thread': (moved, port) => port.postMessage(endless(moved), [moved]),
  'to a worker': (moved) => new wt.Worker('', { eval: true, workerData: endless(moved), transferList: [moved] }),
  'by structuredClone': (moved) => structuredClone(endless(moved), { transfer: [moved] }),
};
for (const [name, transfer] of Object.entries(TRANSFERS)) test(`a transfer ${name} is cut short: the port stays`, async (t) => {
  const thread = farThread(t, wt);
  const { near: moved, far } = await thread.channel();
  const { near: port, far: other } = await thread.channel();
  far.run(({ port }) => {
    port.postMessage('before');
    port.on('message', (value) => port.postMessage(`${value} back`));
  });
  cutShort(() => void transfer(moved, port));
  const got = [];
  moved.on('message', (value) => got.push(value));
  moved.postMessage('after');
  await until(() => got.length === 2, 'both');
  assert.deepEqual(got, ['before', 'after back']);
  other.run(({ port }) => void port.on('message', (value) => port.postMessage(value)));
  port.postMessage('the other port');
  assert.deepEqual(await once(port, 'message'), ['the other port']);
});

test('within one thread a transfer is cut short: the port stays', async (t) => {
  const { port1: moved, port2 } = channel(t, wt);
  const { port1: port } = channel(t, wt);
  port2.postMessage('before');
  cutShort(() => port.postMessage(endless(moved), [moved]));
  port2.postMessage('after');
  const worker = spawn(t, wt, ({ parentPort }) => parentPort.on('message', (port) => {
    port.on('message', (value) => parentPort.postMessage(value));
  }));
  const got = [];
  worker.on('message', (value) => got.push(value));
  worker.postMessage(moved, [moved]);
  await until(() => got.length === 2, 'both');
  assert.deepEqual(got, ['before', 'after']);
});

/** Reads from `port` until it is cut short. Returns what it has got. */
function readSome(port, ms = 2) {
  const got = [];
  cutShort(() => {
    for (;;) {
      const found = wt.receiveMessageOnPort(port);
      if (found) got.push(found.message.n);
    }
  }, ms);
  return got;
}

function assertAscending(numbers) {
  for (let i = 1; i < numbers.length; i++) assert.ok(numbers[i] > numbers[i - 1], `${numbers[i]} behind ${numbers[i - 1]}`);
}

test('within one thread a program that reads is cut short, another port is asked, then a listener comes: no more than one message is lost', async (t) => {
  const COUNT = 6000;
  const { port1: other } = channel(t, wt);
  for (let round = 0; round < 40; round++) {
    const { port1, port2 } = new wt.MessageChannel();
    for (let n = 0; n < COUNT; n++) port1.postMessage({ n });
    port1.postMessage({ n: COUNT });
    const got = readSome(port2);
    wt.receiveMessageOnPort(other);
    if (got.at(-1) !== COUNT) {
      port2.on('message', ({ n }) => got.push(n));
      port1.postMessage({ n: COUNT + 1 });
      await until(() => got.at(-1) === COUNT + 1, 'the last one');
      assert.ok(got.length > COUNT, `${COUNT + 2 - got.length} lost`);
    }
    assertAscending(got);
    port1.close();
  }
});

test('a read is cut short in a handler of another port, where a listener is added then: no more than one message is lost, and none comes late', async (t) => {
  const COUNT = 6000;
  const thread = farThread(t, wt);
  for (let round = 0; round < 60; round++) {
    const { near, far } = await thread.channel();
    const { near: other, far: farOther } = await thread.channel();
    far.run(({ port }, count) => {
      for (let n = 0; n < count; n++) port.postMessage(n % 3 === 0 ? Object.assign(Object.create({ of: 'a class' }), { n }) : { n });
      port.postMessage({ n: count });
    }, COUNT);
    let got;
    other.once('message', () => {
      got = readSome(near);
      near.on('message', ({ n }) => got.push(n));
    });
    farOther.run(({ port }) => void port.postMessage('now'));
    await until(() => got !== undefined, 'the cut');
    far.run(({ port }, count) => void port.postMessage({ n: count + 1 }), COUNT);
    await until(() => got.at(-1) === COUNT + 1, 'the last one');
    assert.ok(got.length > COUNT, `${COUNT + 2 - got.length} lost`);
    assertAscending(got);
  }
});

test('a post in a getter of another one is cut short in the clone: what is posted later comes in order', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  far.run(({ port }) => void port.on('message', ({ n }) => port.postMessage(n)));
  const { next } = inbox(near);
  const carried = (fields) => Object.assign(Object.create({ of: 'a class' }), fields);
  near.postMessage({ n: 'first' });
  assert.equal(await next(), 'first');
  const big = Array.from({ length: 300_000 }, (_, i) => i + 0.5);
  for (let round = 0; round < 8; round++) {
    const outer = Object.create({}, {
      n: {
        enumerable: true,
        get() {
          near.postMessage(carried({ n: 'inner', big }));
          return forever();
        },
      },
    });
    cutShort(() => near.postMessage(outer), 3 + round);
    near.postMessage({ n: `plain ${round}` });
    near.postMessage(carried({ n: `carried ${round}` }));
    let answer = await next();
    if (answer === 'inner') answer = await next();
    assert.equal(answer, `plain ${round}`);
    assert.equal(await next(), `carried ${round}`);
  }
});

test('a transfer of many ports is cut short: all are in use as before, or have moved', async (t) => {
  const COUNT = 1500;
  const worker = spawn(t, wt, ({ parentPort }) => void parentPort.on('message', () => {}));
  await once(worker, 'online');
  for (let round = 0; round < 20; round++) {
    const pairs = Array.from({ length: COUNT }, () => new wt.MessageChannel());
    const list = pairs.map(({ port2 }) => port2);
    cutShort(() => {
      worker.postMessage({ list }, list);
      forever();
    }, 1 + round);
    await new Promise(setImmediate);
    let delivered = 0;
    for (const { port1, port2 } of pairs) {
      port2.on('message', () => delivered++);
      port1.postMessage(1);
    }
    await until(() => delivered === COUNT || isDetached(list[0]), 'a message at each port');
    for (const { port1 } of pairs) port1.close();
  }
});

test('a transfer of ports is cut short in a worker that has just begun: each of them ends with its other end', async (t) => {
  const file = require.resolve('../support/cut-short.js');
  const body = ({ parentPort, workerData: { file, ms }, require, wt }) => {
    const COUNT = 300;
    const { cutShort, forever } = require(file);
    const pairs = Array.from({ length: COUNT }, () => new wt.MessageChannel());
    const list = pairs.map(({ port2 }) => port2);
    const { port1: port } = new wt.MessageChannel();
    cutShort(() => {
      port.postMessage(list, list);
      forever();
    }, ms);
    let open = COUNT;
    for (const { port1, port2 } of pairs) {
      port2.on('message', () => {});
      port2.on('close', () => {
        if (--open === 0) parentPort.postMessage('all have ended');
      });
      port1.close();
    }
    port.close();
  };
  for (let round = 0; round < 30; round++) {
    const worker = spawn(t, wt, body, { workerData: { file, ms: 1 + round % 5 } });
    const exit = once(worker, 'exit');
    assert.deepEqual(await once(worker, 'message'), ['all have ended']);
    assert.deepEqual(await exit, [0]);
  }
});

/** Has the port moved? Node looks at each port of a list before it looks for the next. */
function isDetached(port) {
  const { port1 } = new wt.MessageChannel();
  try {
    port1.postMessage(0, [port, port]);
  } catch (error) {
    return /already detached/.test(error.message);
  } finally {
    port1.close();
  }
  return false;
}

test('a post is cut short that is the first one since the other end went to a context: what was on its way arrives', async (t) => {
  const COUNT = 60_000;
  const thread = farThread(t, wt);
  const { port1: near, port2 } = new wt.MessageChannel();
  t.after(() => near.close());
  const far = await thread.adopt(port2);
  far.run(({ port }) => {
    const first = () => port.off('message', first);
    port.on('message', first);
  });
  near.postMessage({ n: -1 });
  await until(() => far.run(({ port }) => port.listenerCount('message')) === 0, 'the first message');
  for (let n = 0; n < COUNT; n++) near.postMessage({ n });
  far.run(({ port, wt: module, kept }) => {
    const vm = require('node:vm');
    const context = vm.createContext();
    kept.log = [];
    vm.runInContext(`(port, log) => {
      port.onmessage = ({ data }) => void log.push(data.n);
      port.start();
    }`, context)(module.moveMessagePortToContext(port, context), kept.log);
  });
  cutShort(() => {
    near.postMessage({ n: COUNT });
    forever();
  }, 5);
  near.postMessage({ n: COUNT + 1 });
  const last = () => far.run(({ kept }) => kept.log.at(-1));
  await until(() => last() === COUNT + 1, 'the last one');
  const log = far.run(({ kept }) => kept.log);
  // The one that was cut short may have been posted, or not.
  if (log.at(-2) === COUNT) log.splice(-2, 1);
  assert.deepEqual(log, [...sequence(COUNT), COUNT + 1]);
});

test('a worker whose first post is cut short moves a port: what waits in the port comes along', async (t) => {
  const COUNT = 10;
  const flags = new Int32Array(new SharedArrayBuffer(16));
  const file = require.resolve('../support/cut-short.js');
  const worker = spawn(t, wt, ({ parentPort, workerData: { flags, file }, require }) => {
    const { cutShort, forever } = require(file);
    const change = (index) => {
      Atomics.store(flags, index, 1);
      Atomics.notify(flags, index);
    };
    parentPort.once('message', ({ port }) => {
      const listener = () => {};
      port.on('message', listener);
      change(0);
      Atomics.wait(flags, 1, 0, 10_000);
      port.off('message', listener);
      cutShort(() => parentPort.postMessage(Object.create({}, { n: { enumerable: true, get: forever } })));
      change(2);
      Atomics.wait(flags, 3, 0, 10_000);
      parentPort.postMessage({ port }, [port]);
    });
  }, { workerData: { flags, file } });
  const change = (index) => {
    Atomics.store(flags, index, 1);
    Atomics.notify(flags, index);
  };
  const { port1, port2 } = new wt.MessageChannel();
  worker.postMessage({ port: port2 }, [port2]);
  Atomics.wait(flags, 0, 0, 10_000);
  for (let n = 0; n < COUNT; n++) port1.postMessage({ n });
  port1.close();
  change(1);
  Atomics.wait(flags, 2, 0, 10_000);
  const moved = once(worker, 'message');
  await once(worker, 'online');
  change(3);
  const [{ port }] = await moved;
  assert.deepEqual((await inbox(port).take(COUNT)).map(({ n }) => n), sequence(COUNT));
});

test('an inspector ends a handler of what the built-in has delivered: what comes later is delivered', async (t) => {
  const COUNT = 20;
  const worker = spawn(t, wt, ({ parentPort, require }) => {
    const session = new (require('node:inspector').Session)();
    session.connect();
    parentPort.on('message', ({ n }) => {
      parentPort.postMessage(n);
      if (n !== 5) return;
      session.post('Runtime.terminateExecution');
      for (;;);
    });
  });
  const { next } = inbox(worker);
  for (let n = 0; n < COUNT; n++) {
    worker.postMessage(Object.assign(Object.create({ of: 'a class' }), { n }));
    assert.equal(await next(), n);
  }
});
