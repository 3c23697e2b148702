'use strict';
// bufferedAmount, highWaterMark and 'drain' of ports, workers and parentPort.

const test = require('node:test');
const assert = require('node:assert/strict');
const { blockedWorker } = require('../support/blocked.js');
const { channel, modulePath, spawn } = require('../support/threads.js');
const { deadline, inbox, once, settle, until } = require('../support/deadline.js');

const wt = require('threadport');

/** What a program can ask before and after: a port to a worker that reads only when it is released. */
const ENDS = {
  'a port to another thread': async (t) => {
    const { port1, port2 } = channel(t, wt);
    const blocked = await blockedWorker(t, wt, ({ data: port, block }) => {
      port.on('message', (value) => value === 'block' && block());
      port.postMessage('ready');
    }, { data: port2, transferList: [port2] });
    await once(port1, 'message');
    return { ...blocked, end: port1 };
  },
  'a Worker': async (t) => {
    const blocked = await blockedWorker(t, wt, ({ parentPort, block }) => {
      parentPort.on('message', (value) => value === 'block' && block());
      parentPort.postMessage('ready');
    });
    await once(blocked.worker, 'message');
    return { ...blocked, end: blocked.worker };
  },
};

const PAYLOADS = {
  'a text of 10,000 characters': ['x'.repeat(10_000), 10_000],
  'a CJK text of 10,000 characters': ['字'.repeat(10_000), 20_000],
  'an array of 1,000 doubles': [Array.from({ length: 1000 }, (_, n) => n + 0.5), 8000],
  'an object with a text of 5,000': [{ text: 'y'.repeat(5000), n: 1 }, 5000],
  'a Uint8Array of 100,000': [new Uint8Array(100_000), 100_000],
  'a text of 1 MiB': ['z'.repeat(1 << 20), 1 << 20],
};

for (const [name, make] of Object.entries(ENDS)) {
  for (const [payload, [value, bytes]] of Object.entries(PAYLOADS)) {
    test(`${name}: bufferedAmount is 0, grows by at least the bytes of ${payload}, and is 0 again when it was read`, async (t) => {
      const { end, release, waitUntilBlocked } = await make(t);
      await until(() => end.bufferedAmount === 0, 'nothing buffered');
      end.postMessage('block');
      waitUntilBlocked();
      let before = end.bufferedAmount;
      for (let n = 0; n < 3; n++) {
        end.postMessage(value);
        assert.ok(end.bufferedAmount >= before + bytes, `${before} then ${end.bufferedAmount}`);
        before = end.bufferedAmount;
      }
      assert.ok(before <= 3 * (bytes * 2 + 4096), `not wildly more than was posted: ${before}`);
      release();
      await until(() => end.bufferedAmount === 0, 'nothing buffered');
    });
  }

  test(`${name}: a carried message counts, and is 0 again when it was read`, async (t) => {
    const { end, release, waitUntilBlocked } = await make(t);
    end.postMessage('block');
    waitUntilBlocked();
    const before = end.bufferedAmount;
    end.postMessage({ shared: new SharedArrayBuffer(8), text: 'plain' });
    assert.ok(end.bufferedAmount > before);
    release();
    await until(() => end.bufferedAmount === 0, 'nothing buffered');
  });

  test(`${name}: 'drain' comes once for each time that bufferedAmount falls below highWaterMark`, async (t) => {
    const { end, release, waitUntilBlocked } = await make(t);
    end.highWaterMark = 10_000;
    let drains = 0;
    end.on('drain', () => {
      drains++;
      assert.ok(end.bufferedAmount < 10_000, `at 'drain': ${end.bufferedAmount}`);
    });
    for (let crossing = 1; crossing <= 3; crossing++) {
      end.postMessage('block');
      waitUntilBlocked();
      for (let n = 0; n < 20; n++) end.postMessage('x'.repeat(1000));
      assert.ok(end.bufferedAmount >= 10_000);
      await settle();
      assert.equal(drains, crossing - 1);
      release();
      await until(() => drains === crossing, `'drain' ${crossing}`);
      await until(() => end.bufferedAmount === 0, 'nothing buffered');
      await settle();
      assert.equal(drains, crossing);
    }
  });

  test(`${name}: no 'drain' without a crossing of highWaterMark`, async (t) => {
    const { end, release, waitUntilBlocked } = await make(t);
    end.highWaterMark = 1e6;
    end.on('drain', assert.fail);
    end.postMessage('block');
    waitUntilBlocked();
    for (let n = 0; n < 20; n++) end.postMessage('x'.repeat(1000));
    release();
    await until(() => end.bufferedAmount === 0, 'nothing buffered');
    await settle();
  });
}

test("'drain' reaches both faces of a port, as an Event with the port as target", async (t) => {
  const { end, release, waitUntilBlocked } = await ENDS['a port to another thread'](t);
  end.highWaterMark = 1000;
  const onEvent = new Promise((resolve) => end.addEventListener('drain', resolve));
  const onFace = new Promise((resolve) => end.on('drain', () => resolve('on')));
  end.postMessage('block');
  waitUntilBlocked();
  end.postMessage('x'.repeat(5000));
  release();
  const event = await deadline(onEvent, "'drain' event");
  assert.ok(event instanceof Event);
  assert.equal(event.type, 'drain');
  assert.equal(event.target, end);
  assert.equal(await deadline(onFace, "'drain'"), 'on');
});

test("parentPort: bufferedAmount grows while the parent does not read, and 'drain' comes when it has", async (t) => {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = spawn(t, wt, ({ parentPort, workerData: gate }) => {
    parentPort.on('message', () => {
      parentPort.highWaterMark = 10_000;
      const amounts = [parentPort.bufferedAmount];
      for (let n = 0; n < 20; n++) {
        parentPort.postMessage('x'.repeat(1000));
        amounts.push(parentPort.bufferedAmount);
      }
      parentPort.on('drain', () => parentPort.postMessage({ amounts, atDrain: parentPort.bufferedAmount }));
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
    });
    parentPort.postMessage('ready');
  }, { workerData: gate });
  const mail = inbox(worker);
  assert.equal(await mail.next(), 'ready');
  worker.postMessage('go');
  assert.equal(Atomics.wait(gate, 0, 0, 10_000), 'ok');
  const texts = await mail.take(20);
  assert.ok(texts.every((text) => text.length === 1000));
  const { amounts, atDrain } = await mail.next("the report after 'drain'");
  for (let n = 1; n <= 20; n++) assert.ok(amounts[n] >= amounts[n - 1] + 1000, amounts.join());
  assert.ok(atDrain < 10_000);
});

test('a channel within one thread: bufferedAmount counts what was posted and not yet received', async (t) => {
  const { port1, port2 } = channel(t, wt);
  assert.deepEqual([port1.bufferedAmount, port2.bufferedAmount], [0, 0]);
  port1.postMessage('x'.repeat(10_000));
  port1.postMessage({ text: 'y'.repeat(10_000) });
  assert.ok(port1.bufferedAmount >= 20_000, String(port1.bufferedAmount));
  assert.equal(port2.bufferedAmount, 0);
  wt.receiveMessageOnPort(port2);
  assert.ok(port1.bufferedAmount >= 10_000 && port1.bufferedAmount < 20_000, String(port1.bufferedAmount));
  await once(port2, 'message');
  await until(() => port1.bufferedAmount === 0, 'nothing buffered');
});

test("a channel within one thread: 'drain' comes when a full queue was read", async (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.highWaterMark = 5000;
  let drains = 0;
  port1.on('drain', () => drains++);
  for (let n = 0; n < 10; n++) port1.postMessage('x'.repeat(1000));
  await settle();
  assert.equal(drains, 0);
  await inbox(port2).take(10);
  await until(() => drains === 1, "'drain'");
  await settle();
  assert.equal(drains, 1);
});

class Boxed {
  constructor(text) {
    this.text = text;
  }
}

for (const [what, box] of [['lane', (text) => ({ text })], ['carrier', (text) => new Boxed(text)], ['both', (text, n) => (n % 3 ? { text } : new Boxed(text))]]) {
  test(`a writer that waits for drain never buffers much more than highWaterMark, and everything arrives (${what})`, async (t) => {
    const { port1, port2 } = channel(t, wt);
    spawn(t, wt, ({ workerData: port }) => {
      let got = 0;
      port.on('message', ({ text }) => {
        got += text.length;
        if (got === 2000 * 5000) port.postMessage('all');
      });
      port.postMessage('ready');
    }, { workerData: port2, transferList: [port2] });
    const mail = inbox(port1);
    await mail.next();
    port1.highWaterMark = 64 * 1024;
    const text = 'x'.repeat(5000);
    let most = 0;
    for (let n = 0; n < 2000; n++) {
      if (port1.bufferedAmount >= port1.highWaterMark) await once(port1, 'drain');
      port1.postMessage(box(text, n));
      most = Math.max(most, port1.bufferedAmount);
    }
    assert.equal(await mail.next(), 'all');
    assert.ok(most < 64 * 1024 + 3 * 5000, `at most ${most}`);
  });
}

for (const [name, make] of Object.entries(ENDS)) {
  test(`${name}: at maxBufferedBytes postMessage throws, sends and detaches nothing, and goes on after 'drain'`, async (t) => {
    const { end, release, waitUntilBlocked } = await make(t);
    await until(() => end.bufferedAmount === 0, 'nothing buffered');
    assert.equal(end.maxBufferedBytes, Infinity);
    end.highWaterMark = 20_000;
    end.maxBufferedBytes = 50_000;
    end.postMessage('block');
    waitUntilBlocked();
    let sent = 0;
    const refused = { name: 'Error', code: 'ERR_THREADPORT_BACKPRESSURE' };
    const flood = () => {
      for (; sent < 1000; sent++) end.postMessage(sent % 5 === 0 ? { exotic: new SharedArrayBuffer(8), text: 'x'.repeat(2000) } : 'x'.repeat(2000));
    };
    assert.throws(flood, refused);
    assert.ok(sent >= 10 && sent < 50, `${sent}`);
    const full = end.bufferedAmount;
    const bytes = new Uint8Array(10);
    const { port1, port2 } = channel(t, wt);
    let looked = false;
    const value = { bytes, port2, get looked() { return (looked = true); } };
    assert.throws(() => end.postMessage(value, [bytes.buffer, port2]), refused);
    assert.equal(bytes.length, 10);
    assert.equal(looked, false);
    port1.postMessage('still here');
    assert.equal(wt.receiveMessageOnPort(port2).message, 'still here');
    assert.equal(end.bufferedAmount, full);
    const drained = once(end, 'drain');
    release();
    await drained;
    end.maxBufferedBytes = Infinity;
    flood();
    assert.equal(sent, 1000);
    await until(() => end.bufferedAmount === 0, 'nothing buffered');
  });
}

test('maxBufferedBytes within one thread, and of parentPort', async (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.maxBufferedBytes = 1000;
  port1.postMessage('x'.repeat(2000));
  assert.throws(() => port1.postMessage(1), { code: 'ERR_THREADPORT_BACKPRESSURE' });
  assert.equal(port2.receiveSync().length, 2000);
  port1.postMessage(1);
  assert.equal(port2.receiveSync(), 1);
  const worker = spawn(t, wt, ({ parentPort }) => {
    parentPort.maxBufferedBytes = 100_000;
    try {
      for (let n = 0; n < 1000; n++) parentPort.postMessage('x'.repeat(1000));
    } catch (error) {
      parentPort.maxBufferedBytes = Infinity;
      parentPort.postMessage(error.code);
    }
    parentPort.on('message', () => {});
  });
  const mail = inbox(worker);
  let code;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  while ((code = await mail.next()).startsWith('x'));
  assert.equal(code, 'ERR_THREADPORT_BACKPRESSURE');
});

for (const [name, make] of [
  ['a port', (t) => channel(t, wt).port1],
  ['a Worker', (t) => spawn(t, wt, ({ parentPort }) => parentPort.on('message', () => {}))],
]) {
  test(`${name}: highWaterMark is a positive number, can be set, and keeps what was set`, (t) => {
    const end = make(t);
    assert.equal(typeof end.highWaterMark, 'number');
    assert.ok(end.highWaterMark > 0);
    for (const value of [1, 1000, 2 ** 31, 2 ** 40]) {
      end.highWaterMark = value;
      assert.equal(end.highWaterMark, value);
    }
  });

  for (const property of ['highWaterMark', 'maxBufferedBytes']) {
    test(`${name}: ${property} refuses what is no size, with a code, and stays as it was`, (t) => {
      const end = make(t);
      end[property] = 4321;
      for (const bad of [-1, NaN, -Infinity, -0.5]) {
        assert.throws(() => { end[property] = bad; }, (error) => error instanceof RangeError && typeof error.code === 'string', String(bad));
      }
      for (const bad of ['1000', null, undefined, {}, [], true, 10n, Symbol('size'), () => 1]) {
        assert.throws(() => { end[property] = bad; }, (error) => error instanceof TypeError && typeof error.code === 'string', String(bad));
      }
      assert.equal(end[property], 4321);
    });
  }

  test(`${name}: bufferedAmount cannot be set`, (t) => {
    const end = make(t);
    assert.throws(() => { end.bufferedAmount = 5; }, TypeError);
    assert.equal(end.bufferedAmount, 0);
  });
}

test('the accessors of a closed port and of a worker that has ended keep what they are set to, and refuse the same', async (t) => {
  const { port1 } = channel(t, wt);
  const closed = once(port1, 'close');
  port1.close();
  await closed;
  const worker = spawn(t, wt, () => {});
  await deadline(new Promise((resolve) => worker.once('exit', resolve)), "'exit'");
  worker.postMessage('x'.repeat(1000));
  for (const end of [port1, worker]) {
    assert.equal(end.bufferedAmount, 0);
    for (const name of ['highWaterMark', 'maxBufferedBytes']) {
      end[name] = 5;
      assert.equal(end[name], 5);
      assert.throws(() => (end[name] = 'x'), { code: 'ERR_INVALID_ARG_TYPE' });
      assert.throws(() => (end[name] = 0), { code: 'ERR_OUT_OF_RANGE' });
      assert.equal(end[name], 5);
    }
  }
});

test('bufferedAmount falls to 0 when the thread that should read is terminated', async (t) => {
  const { end, worker, waitUntilBlocked } = await ENDS['a port to another thread'](t);
  end.postMessage('block');
  waitUntilBlocked();
  end.postMessage('x'.repeat(100_000));
  const closed = once(end, 'close');
  await deadline(worker.terminate(), 'terminate()');
  await closed;
  assert.equal(end.bufferedAmount, 0);
});

test('the accessors refuse a receiver that is no port of ours', () => {
  for (const name of ['bufferedAmount', 'highWaterMark']) {
    let owner = wt.MessagePort.prototype;
    while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner);
    if (owner === null) continue;
    const { get } = Object.getOwnPropertyDescriptor(owner, name);
    for (const receiver of [{}, null, undefined, 1, Object.create(wt.MessagePort.prototype)]) {
      assert.doesNotThrow(() => {
        try {
          get.call(receiver);
        } catch (error) {
          if (!(error instanceof TypeError)) throw error;
        }
      });
    }
  }
});

test('what a worker has read before it loaded the package is no longer counted once it uses the lane', async (t) => {
  const worker = new wt.Worker(`
    const { parentPort, receiveMessageOnPort } = require('node:worker_threads');
    for (let n = 0, end = Date.now() + 10_000; n < 3 && Date.now() < end; ) if (receiveMessageOnPort(parentPort)) n++;
    require(${JSON.stringify(modulePath)});
    parentPort.on('message', (value) => value === 'answer' && parentPort.postMessage(value));
  `, { eval: true });
  t.after(() => deadline(worker.terminate(), 'terminate() after the test'));
  for (let n = 0; n < 5; n++) worker.postMessage('x'.repeat(1000));
  const ask = () => {
    worker.postMessage('answer');
    return once(worker, 'message');
  };
  await ask();
  // By now it reads: this one goes by the lane.
  await ask();
  await until(() => worker.bufferedAmount === 0, 'bufferedAmount of 0');
});
