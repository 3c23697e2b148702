'use strict';
// A queue as a value in messages: where it arrives as a queue, and what happens where it cannot.

const test = require('node:test');
const assert = require('node:assert/strict');
const nodeThreads = require('node:worker_threads');
const wt = require('threadport');
const { deadline, inbox, once } = require('../support/deadline.js');
const { run } = require('../support/program.js');
const { channel, exited, modulePath, spawn } = require('../support/threads.js');

const { SharedQueue } = wt;
const QUEUE = 'threadport.SharedQueue';

/** Is `arrived` attached to the memory of `queue`? */
function assertSame(arrived, queue, value = { here: 1 }) {
  assert.ok(arrived instanceof SharedQueue);
  assert.equal(Object.getPrototypeOf(arrived), SharedQueue.prototype);
  assert.equal(arrived.capacity, queue.capacity);
  assert.equal(queue.tryPush(value), true);
  assert.deepEqual(arrived.tryPop(), value);
  assert.equal(arrived.tryPush(value), true);
  assert.deepEqual(queue.tryPop(), value);
}

/** A worker that answers each message with what it holds now, and pushes a word into each queue in it. */
function echo({ parentPort }) {
  parentPort.on('message', (value) => {
    if (value?.port) {
      value.port.on('message', (inner) => value.port.postMessage(inner));
      value.port.postMessage('ready');
    } else parentPort.postMessage(value);
  });
}

const codecs = { structured: { a: [1, new Map([[1, 2]])] }, bytes: new Uint8Array([1, 2, 3]), json: { a: [1, null] } };

for (const [codec, value] of Object.entries(codecs)) {
  test(`a queue with the codec '${codec}' goes to a worker and comes back, attached to the same memory`, async (t) => {
    const worker = spawn(t, wt, echo);
    const messages = inbox(worker);
    const q = new SharedQueue({ capacity: 4096, codec });
    worker.postMessage(q);
    assertSame(await messages.next(), q, value);
    for (let i = 0; i < 3; i++) {
      worker.postMessage(i);
      worker.postMessage({ i, q });
      worker.postMessage(new (class Exotic { i = i; })());
      assert.equal(await messages.next(), i);
      const { i: same, q: arrived } = await messages.next();
      assert.equal(same, i);
      assertSame(arrived, q, value);
      assert.deepEqual(await messages.next(), { i });
    }
  });
}

test('a worker uses the queue that it was sent, blocking, while the sender uses its own', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => {
    parentPort.once('message', ({ jobs, results }) => {
      for (let job; (job = jobs.popSync()) !== null; ) results.pushSync(job * 2);
      results.close();
    });
  });
  const [jobs, results] = [new SharedQueue(), new SharedQueue()];
  worker.postMessage({ jobs, results });
  for (let i = 0; i < 100; i++) await jobs.push(i);
  await jobs.push(null);
  const seen = [];
  const reading = (async () => {
    for await (const value of results) seen.push(value);
  })();
  await deadline(reading, 'the results');
  assert.deepEqual(seen, Array.from({ length: 100 }, (_, i) => i * 2));
  await exited(worker);
});

/** Values with queues in them, and where they are. */
const places = {
  'an array': (q) => [[q], (v) => [v[0]]],
  'an object without a prototype': (q) => [{ __proto__: null, q }, (v) => [v.q]],
  'a Map, as key and value': (q) => [new Map([[q, { q }], ['a', q]]), (v) => [[...v.keys()][0], v.get('a'), [...v.values()][0].q]],
  'a Set': (q) => [new Set([1, q]), (v) => [[...v][1]]],
  'a long array': (q) => [[...new Array(500).fill(7), q], (v) => [v[500]]],
  'an array with a named property': (q) => [Object.assign([1], { q }), (v) => [v.q]],
  'a sparse array': (q) => {
    const array = [];
    array[1e6] = q;
    return [array, (v) => [v[1e6]]];
  },
  'an instance of a class': (q) => [new (class Box { inside = { q }; })(), (v) => [v.inside.q]],
  'a getter': (q) => [{ get q() { return q; } }, (v) => [v.q]],
  'a cycle': (q) => {
    const value = { q, list: [q] };
    value.self = value;
    value.list.push(value);
    return [value, (v) => [v.q, v.list[0], v.self.q, v.list[1].self.list[1].q]];
  },
  'a list of 1,000 links': (q) => {
    let value = { q };
    for (let i = 0; i < 1000; i++) value = { next: value };
    return [value, (v) => {
      while (v.next) v = v.next;
      return [v.q];
    }];
  },
};

const roads = {
  'a worker and back': async (t) => {
    const worker = spawn(t, wt, echo);
    const messages = inbox(worker);
    return (value) => {
      worker.postMessage(value);
      return messages.next();
    };
  },
  'a port of its own to a worker and back': async (t) => {
    const worker = spawn(t, wt, echo);
    const { port1, port2 } = channel(t, wt);
    const messages = inbox(port1);
    worker.postMessage({ port: port2 }, [port2]);
    assert.equal(await messages.next(), 'ready');
    return (value) => {
      port1.postMessage(value);
      return messages.next();
    };
  },
  'two ports of one thread': (t) => {
    const { port1, port2 } = channel(t, wt);
    const messages = inbox(port2);
    return (value) => {
      port1.postMessage(value);
      return messages.next();
    };
  },
  receiveMessageOnPort: (t) => {
    const { port1, port2 } = channel(t, wt);
    return (value) => {
      port1.postMessage(value);
      return wt.receiveMessageOnPort(port2).message;
    };
  },
};

for (const [road, open] of Object.entries(roads)) {
  test(`by ${road}: wherever a queue is in a value, and one queue is one object`, async (t) => {
    const post = await open(t);
    for (const [place, make] of Object.entries(places)) {
      const q = new SharedQueue({ capacity: 4096 });
      const [value, find] = make(q);
      const arrived = find(await post(value));
      for (const one of arrived) assert.equal(one, arrived[0], place);
      assertSame(arrived[0], q);
    }
  });
}

test('several queues in one message, and the same queue in several messages: an object each time', (t) => {
  const { port1, port2 } = channel(t, wt);
  const [a, b] = [new SharedQueue({ capacity: 256 }), new SharedQueue({ capacity: 512, codec: 'bytes' })];
  port1.postMessage({ a, b });
  port1.postMessage({ a });
  const first = wt.receiveMessageOnPort(port2).message;
  const second = wt.receiveMessageOnPort(port2).message;
  assertSame(first.a, a);
  assertSame(first.b, b, new Uint8Array([1]));
  assertSame(second.a, a);
  assert.notEqual(first.a, second.a);
  assert.notEqual(first.a, a);
});

test('a getter that returns a queue runs once between two ports of one thread', (t) => {
  const { port1, port2 } = channel(t, wt);
  const q = new SharedQueue();
  let runs = 0;
  port1.postMessage({ get q() {
    runs++;
    return q;
  } });
  assert.equal(runs, 1);
  assertSame(wt.receiveMessageOnPort(port2).message.q, q);
});

test('a getter that posts a queue of its own, and a queue of the message behind it', async (t) => {
  const worker = spawn(t, wt, echo);
  const messages = inbox(worker);
  const [inner, outer] = [new SharedQueue({ capacity: 256 }), new SharedQueue({ capacity: 512 })];
  let posted = false;
  worker.postMessage({
    get first() {
      if (!posted) worker.postMessage({ inner });
      posted = true;
      return 1;
    },
    outer,
  });
  assertSame((await messages.next()).inner, inner);
  assertSame((await messages.next()).outer, outer);
  worker.postMessage({ again: outer });
  assertSame((await messages.next()).again, outer);
});

test('beside a port and a transferred buffer in the same message', async (t) => {
  const worker = spawn(t, wt, ({ parentPort }) => {
    parentPort.on('message', ({ q, port, buffer }) => port.postMessage({ q, size: buffer.byteLength }));
  });
  const { port1, port2 } = channel(t, wt);
  const messages = inbox(port1);
  const q = new SharedQueue();
  const buffer = new ArrayBuffer(100);
  worker.postMessage({ q, port: port2, buffer }, [port2, buffer]);
  const { q: arrived, size } = await messages.next();
  assert.equal(size, 100);
  assert.equal(buffer.byteLength, 0);
  assertSame(arrived, q);
});

test('messages with queues keep their order, wait in an unstarted port, and move with it', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const queues = Array.from({ length: 5 }, () => new SharedQueue({ capacity: 256 }));
  queues.forEach((q, i) => {
    port1.postMessage({ q });
    port1.postMessage(i);
  });
  const worker = spawn(t, wt, ({ parentPort }) => {
    parentPort.once('message', ({ port }) => {
      port.on('message', (value) => {
        if (typeof value === 'number') parentPort.postMessage(value);
        else value.q.tryPush('over there');
      });
    });
  });
  const messages = inbox(worker);
  worker.postMessage({ port: port2 }, [port2]);
  assert.deepEqual(await messages.take(5), [0, 1, 2, 3, 4]);
  for (const q of queues) assert.equal(q.tryPop(), 'over there');
});

test('in workerData, to a worker that loads the package late as well', async (t) => {
  const q = new SharedQueue({ capacity: 4096 });
  const worker = spawn(t, wt, ({ workerData, wt, require }) => {
    const { q, again } = workerData;
    const isOne = require('node:worker_threads').workerData === workerData && q === again && q instanceof wt.SharedQueue;
    q.pushSync({ isOne });
  }, { workerData: { q, again: q } });
  assert.deepEqual(await deadline(q.pop(), 'the word of the worker'), { isOne: true });
  await exited(worker);

  const late = new wt.Worker(`
    const { workerData, parentPort } = require('node:worker_threads');
    parentPort.once('message', () => {
      const before = Object.keys(workerData.q);
      require(${JSON.stringify(modulePath)});
      workerData.q.pushSync(before);
    });
  `, { eval: true, workerData: { q } });
  t.after(() => late.terminate());
  late.postMessage('go');
  assert.deepEqual(await deadline(q.pop(), 'the word of the late worker'), [QUEUE]);
});

test('a message that waited for a worker to load the package brings its queue', async (t) => {
  const q = new SharedQueue({ capacity: 4096 });
  const worker = new wt.Worker(`
    const { parentPort, receiveMessageOnPort } = require(${JSON.stringify(modulePath)});
    parentPort.once('message', ({ q }) => q.pushSync('here'));
  `, { eval: true });
  t.after(() => worker.terminate());
  worker.postMessage({ q });
  assert.equal(await deadline(q.pop(), 'the word of the worker'), 'here');
});

test('where the package is not loaded a queue is an object that holds its buffer', async (t) => {
  const q = new SharedQueue({ capacity: 4096 });
  const worker = new wt.Worker(`
    const { parentPort } = require('node:worker_threads');
    parentPort.once('message', ({ q }) => parentPort.postMessage([Object.keys(q), Object.values(q)[0]]));
  `, { eval: true });
  t.after(() => worker.terminate());
  worker.postMessage({ q });
  const [[keys, buffer]] = await once(worker, 'message');
  assert.deepEqual(keys, [QUEUE]);
  assertSame(SharedQueue.from(buffer), q);
});

test("threadport/register: structuredClone, and the program's own workers", async () => {
  const { code, lines, stderr } = await run(['-e', `
    require('threadport/register');
    const { SharedQueue } = require('threadport');
    const { Worker } = require('node:worker_threads');
    const q = new SharedQueue();
    const clone = structuredClone({ q, list: [q] });
    const moved = structuredClone({ q, buffer: new ArrayBuffer(4) }, { transfer: [] });
    console.log(clone.q instanceof SharedQueue, clone.q === clone.list[0], clone.q !== q, moved.q instanceof SharedQueue);
    q.tryPush('cloned');
    console.log(clone.q.tryPop());
    const body = "const { workerData: q, parentPort } = require('node:worker_threads'); parentPort.postMessage(q.popSync());";
    const worker = new Worker(body, { eval: true, workerData: q });
    worker.once('message', console.log);
    q.tryPush('pulled');
  `]);
  assert.equal(stderr, '');
  assert.deepEqual(lines, ['true true true true', 'cloned', 'pulled']);
  assert.equal(code, 0);
});

const codec = { encode: (value) => Buffer.from(value), decode: (bytes) => Buffer.from(bytes).toString() };

test('a queue with a codec of the user is refused before anything is sent, and everything goes on', async (t) => {
  const worker = spawn(t, wt, echo);
  const messages = inbox(worker);
  const q = new SharedQueue({ codec });
  const refused = { name: 'DataCloneError', code: 'ERR_THREADPORT_DATA_CLONE', message: /buffer/ };
  const buffer = new ArrayBuffer(8);
  worker.postMessage('first');
  assert.equal(await messages.next(), 'first');
  assert.throws(() => worker.postMessage({ q }), refused);
  assert.throws(() => worker.postMessage({ buffer, q }, [buffer]), refused);
  assert.equal(buffer.byteLength, 8);
  const { port1, port2 } = channel(t, wt);
  assert.throws(() => port1.postMessage([q]), refused);
  assert.equal(wt.receiveMessageOnPort(port2), undefined);
  assert.throws(() => new wt.Worker('', { eval: true, workerData: q }), refused);
  worker.postMessage({ buffer: q.buffer });
  q.tryPush('text');
  assert.equal(SharedQueue.from((await messages.next()).buffer, { codec }).tryPop(), 'text');
});

test('whoever clones without us gets an error that says what to send', async () => {
  const q = new SharedQueue();
  const refused = { name: 'DataCloneError', message: /SharedQueue.*buffer/ };
  assert.throws(() => structuredClone({ q }), refused);
  const { port1, port2 } = new nodeThreads.MessageChannel();
  assert.throws(() => port1.postMessage([q]), refused);
  port1.close();
  port2.close();
  assert.throws(() => new nodeThreads.Worker('', { eval: true, workerData: { q } }), refused);
  const broadcast = new wt.BroadcastChannel('queues');
  assert.throws(() => broadcast.postMessage(q), refused);
  broadcast.close();
  assert.throws(() => new SharedQueue().tryPush(q), { code: 'ERR_THREADPORT_DATA_CLONE' });
});

test('a closed port takes no queue, and does not mind', (t) => {
  const { port1, port2 } = channel(t, wt);
  port1.close();
  port1.postMessage(new SharedQueue());
  assert.equal(wt.receiveMessageOnPort(port2), undefined);
});

test('a closed queue arrives closed; one that is frozen or has properties of its own arrives as a queue', (t) => {
  const { port1, port2 } = channel(t, wt);
  const [closed, frozen] = [new SharedQueue(), Object.freeze(new SharedQueue())];
  closed.tryPush('left');
  closed.close();
  const named = Object.assign(new SharedQueue(), { label: 'jobs' });
  port1.postMessage({ closed, frozen, named });
  const arrived = wt.receiveMessageOnPort(port2).message;
  assert.equal(arrived.closed.closed, true);
  assert.equal(arrived.closed.tryPop(), 'left');
  assertSame(arrived.frozen, frozen);
  assertSame(arrived.named, named);
  assert.equal(arrived.named.label, 'jobs');
});

test('what only looks like a queue in a message stays what it is', (t) => {
  const { port1, port2 } = channel(t, wt);
  const q = new SharedQueue({ codec });
  const value = { [QUEUE]: 1, list: [{ [QUEUE]: new SharedArrayBuffer(8) }, { [QUEUE]: q.buffer }], real: new SharedQueue() };
  port1.postMessage(value);
  const { real, list, [QUEUE]: one } = wt.receiveMessageOnPort(port2).message;
  assert.equal(one, 1);
  assert.ok(!(list[0] instanceof SharedQueue) && !(list[1] instanceof SharedQueue));
  assertSame(real, value.real);
});

test('a queue has no method by which it could be taken for a plain object, and can be looked at', () => {
  const q = new SharedQueue();
  assert.deepEqual(Object.keys(q), [QUEUE]);
  assert.equal(JSON.stringify({ q }), '{"q":{}}');
  assert.doesNotThrow(() => ({ ...q }));
});
