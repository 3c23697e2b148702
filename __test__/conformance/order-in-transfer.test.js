'use strict';
// Messages posted before, during and after the move of a port, within a thread and through two of them.

const test = require('node:test');
const assert = require('node:assert/strict');
const { channel, spawn } = require('../support/threads.js');
const { deadline, inbox, once } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** Reads a port to its end without waiting. */
function drain(port) {
  const received = [];
  for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) received.push(next.message);
  return received;
}

/** A worker that keeps a list of ports by name and does as it is told: enough to move ports about. */
function porter(t) {
  return spawn(t, wt, ({ parentPort, wt: { receiveMessageOnPort } }) => {
    const ports = new Map();
    const orders = {
      keep: ({ name, port }) => ports.set(name, port),
      post: ({ name, values }) => values.forEach((value) => ports.get(name).postMessage(value)),
      forward: ({ name, to }) => {
        const port = ports.get(name);
        ports.get(to).postMessage({ order: 'keep', name, port }, [port]);
      },
      obey: ({ name }) => ports.get(name).on('message', obey),
      listen: ({ name, count }) => {
        const seen = [];
        const port = ports.get(name);
        port.on('message', function listener(value) {
          seen.push(value);
          if (seen.length === count) parentPort.postMessage({ name, seen });
        });
        port.on('close', () => parentPort.postMessage({ name, closed: true, seen }));
      },
      read: ({ name }) => {
        const seen = [];
        for (let next; (next = receiveMessageOnPort(ports.get(name))) !== undefined; ) seen.push(next.message);
        parentPort.postMessage({ name, seen });
      },
    };
    const obey = (message) => orders[message.order](message);
    parentPort.on('message', obey);
  });
}

test('within a thread: before, during and after the move, at the moving end', (t) => {
  const { port1, port2 } = channel(t, wt);
  const road = channel(t, wt);
  port1.postMessage(1);
  road.port1.postMessage(port2, [port2]);
  port1.postMessage(2);
  const moved = wt.receiveMessageOnPort(road.port2).message;
  port1.postMessage(3);
  assert.deepEqual(drain(moved), [1, 2, 3]);
  moved.postMessage('back');
  assert.deepEqual(drain(port1), ['back']);
});

test('within a thread: what the moving end had sent before comes before what it sends after', (t) => {
  const { port1, port2 } = channel(t, wt);
  const road = channel(t, wt);
  port2.postMessage(1);
  road.port1.postMessage(port2, [port2]);
  port2.postMessage('ignored: the old object is detached');
  const moved = wt.receiveMessageOnPort(road.port2).message;
  moved.postMessage(2);
  assert.deepEqual(drain(port1), [1, 2]);
});

test('within a thread: both ends move at once', (t) => {
  const { port1, port2 } = channel(t, wt);
  const road = channel(t, wt);
  port1.postMessage('a1');
  port2.postMessage('b1');
  road.port1.postMessage([port1, port2], [port1, port2]);
  const [left, right] = wt.receiveMessageOnPort(road.port2).message;
  left.postMessage('a2');
  right.postMessage('b2');
  assert.deepEqual(drain(right), ['a1', 'a2']);
  assert.deepEqual(drain(left), ['b1', 'b2']);
  left.close();
});

test('within a thread: fifty moves with one message at each', (t) => {
  const { port1, port2 } = channel(t, wt);
  const road = channel(t, wt);
  let moving = port2;
  for (let hop = 0; hop < 50; hop++) {
    port1.postMessage({ hop });
    road.port1.postMessage(moving, [moving]);
    moving = wt.receiveMessageOnPort(road.port2).message;
    moving.postMessage(hop);
  }
  assert.deepEqual(drain(moving), sequence(50).map((hop) => ({ hop })));
  assert.deepEqual(drain(port1), sequence(50));
});

test('a port that was being read moves in its own handler: the rest goes to the new object', async (t) => {
  const { port1, port2 } = channel(t, wt);
  const road = channel(t, wt);
  const seen = [];
  const moved = new Promise((resolve) => {
    port2.on('message', (value) => {
      seen.push(value);
      if (value === 1) road.port1.postMessage(port2, [port2]);
    });
    road.port2.once('message', resolve);
  });
  for (const value of sequence(5)) port1.postMessage(value);
  const closed = once(port2, 'close');
  const fresh = await deadline(moved, 'the moved port');
  const mail = inbox(fresh);
  port1.postMessage(5);
  assert.deepEqual(await mail.take(4), [2, 3, 4, 5]);
  assert.deepEqual(seen, [0, 1]);
  await closed;
  fresh.close();
});

test("the old object gets 'close' after its port has moved, the other end does not", async (t) => {
  const { port1, port2 } = channel(t, wt);
  const road = channel(t, wt);
  port1.on('close', assert.fail);
  const closed = once(port2, 'close');
  road.port1.postMessage(port2, [port2]);
  await closed;
  assert.equal(port2.hasRef(), false);
  const moved = wt.receiveMessageOnPort(road.port2).message;
  port1.postMessage('still open');
  assert.deepEqual(drain(moved), ['still open']);
  port1.off('close', assert.fail);
  port1.removeAllListeners('close');
  moved.close();
});

test('main to w1 to w2: messages queued in both directions at every stage keep their order', async (t) => {
  const [w1, w2] = [porter(t), porter(t)];
  const mail = inbox(w2);
  const road = channel(t, wt);
  const { port1, port2 } = channel(t, wt);
  w1.postMessage({ order: 'keep', name: 'road', port: road.port1 }, [road.port1]);
  w2.postMessage({ order: 'keep', name: 'road', port: road.port2 }, [road.port2]);
  w2.postMessage({ order: 'obey', name: 'road' });
  port1.postMessage('in 1');
  port2.postMessage('out 1');
  w1.postMessage({ order: 'keep', name: 'moving', port: port2 }, [port2]);
  port1.postMessage({ text: 'in 2', shared: new SharedArrayBuffer(1) });
  w1.postMessage({ order: 'post', name: 'moving', values: ['out 2', new Map([['out', 3]])] });
  w1.postMessage({ order: 'forward', name: 'moving', to: 'road' });
  port1.postMessage('in 3');
  const out = inbox(port1);
  assert.deepEqual(await out.take(3), ['out 1', 'out 2', new Map([['out', 3]])]);
  port1.postMessage('in 4');
  w1.postMessage({ order: 'post', name: 'road', values: [
    { order: 'listen', name: 'moving', count: 4 },
    { order: 'post', name: 'moving', values: ['out 4'] },
  ] });
  const { seen } = await mail.next();
  assert.deepEqual(seen.map((value) => value.text ?? value), ['in 1', 'in 2', 'in 3', 'in 4']);
  assert.equal(await out.next(), 'out 4');
});

/** Rounds of: new channel, transfer one end, post, post, close; the receiver must see both, then 'close'. */
const receiveRounds = ({ parentPort, workerData }) => {
  const port = workerData?.port ?? parentPort;
  let done = 0;
  port.on('message', ({ round, moved }) => {
    const seen = [];
    moved.on('message', (value) => seen.push(value.n ?? value));
    moved.on('close', () => {
      if (seen.join() !== `${round},${round + 0.5}`) parentPort.postMessage(`round ${round} saw ${seen.join()}`);
      if (++done === 500) parentPort.postMessage('all rounds');
    });
  });
};

/** What round `n` posts second: now and then something that is no plain value. */
const second = (n) => (n % 3 === 0 ? { n: n + 0.5, shared: new SharedArrayBuffer(1) } : n + 0.5);

test('500 rounds of transfer, post, post, close from main to a worker lose nothing', async (t) => {
  const worker = spawn(t, wt, receiveRounds);
  const mail = inbox(worker);
  for (let round = 0; round < 500; round++) {
    const { port1, port2 } = new wt.MessageChannel();
    worker.postMessage({ round, moved: port2 }, [port2]);
    port1.postMessage(round);
    port1.postMessage(second(round));
    port1.close();
  }
  assert.equal(await mail.next('the report', 20_000), 'all rounds');
});

test('500 rounds of post, transfer, post, close from worker to worker through two threads lose nothing', async (t) => {
  const direct = channel(t, wt);
  const receiver = spawn(t, wt, receiveRounds, { workerData: { port: direct.port2 }, transferList: [direct.port2] });
  const relay = spawn(t, wt, ({ parentPort, workerData }) => {
    parentPort.on('message', (message) => workerData.port.postMessage(message, [message.moved]));
  }, { workerData: { port: direct.port1 }, transferList: [direct.port1] });
  const mail = inbox(receiver);
  relay.on('message', assert.fail);
  for (let round = 0; round < 500; round++) {
    const { port1, port2 } = new wt.MessageChannel();
    port1.postMessage(round);
    relay.postMessage({ round, moved: port2 }, [port2]);
    port1.postMessage(second(round));
    port1.close();
  }
  assert.equal(await mail.next('the report', 20_000), 'all rounds');
});

test('a port that is flooded from another thread bounces between channels without losing its sequence', async (t) => {
  const total = 4000;
  const { port1, port2 } = channel(t, wt);
  spawn(t, wt, ({ workerData: { port, total } }) => {
    let sent = 0;
    const pump = () => {
      for (let burst = 0; burst < 50 && sent < total; burst++, sent++) {
        port.postMessage(sent % 17 === 0 ? { n: sent, shared: new SharedArrayBuffer(1) } : { n: sent });
      }
      if (sent < total) setImmediate(pump);
    };
    pump();
  }, { workerData: { port: port2, total }, transferList: [port2] });
  const road = channel(t, wt);
  const seen = [];
  let moves = 0;
  const all = new Promise((resolve) => {
    const take = (port) => {
      port.on('message', ({ n }) => {
        seen.push(n);
        if (seen.length === total) {
          port.close();
          resolve();
        } else if (n % 100 === 99) {
          moves++;
          road.port1.postMessage(port, [port]);
        }
      });
    };
    road.port2.on('message', take);
    take(port1);
  });
  await deadline(all, `${total} messages`, 20_000);
  assert.deepEqual(seen, sequence(total));
  assert.ok(moves > 10);
});

test('a port that moves after its peer closed still brings the queue, then closes', async (t) => {
  const worker = porter(t);
  const mail = inbox(worker);
  const { port1, port2 } = channel(t, wt);
  port1.postMessage('one');
  port1.postMessage({ two: new SharedArrayBuffer(1) });
  port1.close();
  worker.postMessage({ order: 'keep', name: 'late', port: port2 }, [port2]);
  worker.postMessage({ order: 'listen', name: 'late', count: -1 });
  const { closed, seen } = await mail.next();
  assert.equal(closed, true);
  assert.deepEqual(seen.map((value) => (typeof value === 'string' ? value : 'two' in value)), ['one', true]);
});

test("when a port in flight is dropped with the channel that carried it, its other end gets 'close'", async (t) => {
  const { port1, port2 } = channel(t, wt);
  const road = channel(t, wt);
  road.port1.postMessage(port2, [port2]);
  port1.on('message', () => {});
  const closed = once(port1, 'close');
  road.port2.close();
  await closed;
});
