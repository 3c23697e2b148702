'use strict';
// Random values against structuredClone, and random schedules of operations against a model. Seeds are printed.

const test = require('node:test');
const assert = require('node:assert/strict');
const { channel, spawn } = require('../support/threads.js');
const { deadline, inbox } = require('../support/deadline.js');
const { describe } = require('../support/describe.js');
const { outcome } = require('../support/outcome.js');
const { generator, seeded } = require('../support/random.js');
const { randomValue } = require('../support/random-value.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const sameOutcome = (ours, theirs, seed) => {
  assert.equal('thrown' in ours, 'thrown' in theirs, `value seed ${seed}: ${JSON.stringify([ours, theirs]).slice(0, 500)}`);
  if ('thrown' in theirs) assert.deepEqual([ours.thrown, ours.name], [theirs.thrown, theirs.name], `value seed ${seed}`);
  else assert.equal(ours.returned, theirs.returned, `value seed ${seed}`);
};

test('2,000 random values arrive as structuredClone would make them', (t) => {
  const { port1, port2 } = channel(t, wt);
  const random = seeded(t);
  for (let round = 0; round < 2000; round++) {
    const seed = random.below(2 ** 31);
    const theirs = outcome(() => describe(structuredClone(randomValue(generator(seed)))));
    const ours = outcome(() => {
      port1.postMessage(randomValue(generator(seed)));
      return describe(wt.receiveMessageOnPort(port2).message);
    });
    sameOutcome(ours, theirs, seed);
  }
});

test('1,000 random values in one burst through a worker and back', async (t) => {
  const random = seeded(t);
  const worker = spawn(t, wt, ({ parentPort, workerData, require }) => {
    const { describe } = require(workerData);
    parentPort.on('message', (value) => parentPort.postMessage([describe(value), value]));
  }, { workerData: require.resolve('../support/describe.js') });
  const mail = inbox(worker);
  const sent = [];
  while (sent.length < 1000) {
    const seed = random.below(2 ** 31);
    const clone = outcome(() => structuredClone(randomValue(generator(seed))));
    if (!('returned' in clone)) continue;
    sent.push([seed, clone.returned]);
    worker.postMessage(randomValue(generator(seed)));
  }
  for (const [seed, clone] of sent) {
    const [there, back] = await mail.next();
    assert.equal(there, describe(clone), `value seed ${seed}`);
    assert.equal(describe(back), describe(structuredClone(clone)), `value seed ${seed}, back`);
  }
});

/** One channel with its model: two queues of what each end has still to receive. */
class Model {
  constructor(wt) {
    const { port1, port2 } = new wt.MessageChannel();
    this.ports = [port1, port2];
    this.queues = [[], []];
  }
}

const OPERATIONS = {
  post({ random, model, next }) {
    const end = random.below(2);
    const n = next();
    const value = random.chance(0.3) ? { n, shared: new SharedArrayBuffer(1) } : random.pick([n, { n }, [n], String(n)]);
    model.ports[end].postMessage(value);
    model.queues[1 - end].push(n);
  },
  fail({ random, model }) {
    assert.throws(() => model.ports[random.below(2)].postMessage({ f: () => {} }));
  },
  receive({ random, model }) {
    const end = random.below(2);
    const expected = model.queues[end].shift();
    const received = wt.receiveMessageOnPort(model.ports[end]);
    if (expected === undefined) assert.equal(received, undefined);
    else assert.equal(Number(received.message.n ?? received.message), expected);
  },
  move({ random, model, road }) {
    const end = random.below(2);
    const port = model.ports[end];
    road.port1.postMessage([port], [port]);
    [model.ports[end]] = wt.receiveMessageOnPort(road.port2).message;
  },
  moveBoth({ model, road }) {
    road.port1.postMessage(model.ports, model.ports);
    model.ports = wt.receiveMessageOnPort(road.port2).message;
  },
  moveByStructuredClone({ random, model }) {
    const end = random.below(2);
    const port = model.ports[end];
    model.ports[end] = structuredClone(port, { transfer: [port] });
  },
  listenOnce({ random, model }) {
    const port = model.ports[random.below(2)];
    const listener = () => assert.fail('a listener that was removed in the same turn');
    port.on('message', listener);
    port.off('message', listener);
  },
};

for (const [name, withStock] of [['by the module only', false], ['also by structuredClone', true]]) {
  test(`5,000 random posts, reads and moves of ten channels (${name}) agree with a queue`, (t) => {
    const random = seeded(t);
    const road = channel(t, wt);
    const models = Array.from({ length: 10 }, () => new Model(wt));
    t.after(() => models.forEach(({ ports }) => ports[0].close()));
    let posted = 0;
    const weighted = ['post', 'post', 'post', 'post', 'receive', 'receive', 'receive', 'fail', 'move', 'moveBoth', 'listenOnce'];
    if (withStock) weighted.push('moveByStructuredClone');
    const log = [];
    for (let round = 0; round < 5000; round++) {
      const name = random.pick(weighted);
      const model = random.pick(models);
      log.push(`${name} ${models.indexOf(model)}`);
      try {
        OPERATIONS[name]({ random, model, road, next: () => posted++ });
      } catch (error) {
        t.diagnostic(`the last operations: ${log.slice(-30).join(', ')}`);
        throw error;
      }
    }
    for (const model of models) {
      for (const end of [0, 1]) {
        while (model.queues[end].length > 0) OPERATIONS.receive({ random: { below: () => end }, model });
        assert.equal(wt.receiveMessageOnPort(model.ports[end]), undefined);
      }
    }
  });
}

test('ports handed to and fro between two threads at random keep the order of their messages', async (t) => {
  const random = seeded(t);
  const worker = spawn(t, wt, ({ parentPort }) => {
    // Sends every port back at once, after posting one message through it.
    parentPort.on('message', ({ port, n }) => {
      port.postMessage(n % 3 ? { n } : { n, shared: new SharedArrayBuffer(1) });
      parentPort.postMessage({ port, n }, [port]);
    });
  });
  const mail = inbox(worker);
  const channels = Array.from({ length: 8 }, () => channel(t, wt));
  const states = channels.map(({ port1, port2 }) => ({ fixed: port1, moving: port2, sent: 0, expected: [], inward: [] }));
  for (let round = 0; round < 40; round++) {
    const moved = states.filter(() => random.chance(0.6));
    for (const state of moved) {
      const n = state.sent++;
      for (let extra = random.below(4); extra > 0; extra--) {
        state.inward.push(`in ${n} ${extra}`);
        state.fixed.postMessage(`in ${n} ${extra}`);
      }
      worker.postMessage({ port: state.moving, n }, [state.moving]);
      state.expected.push(n);
    }
    for (const state of moved) state.moving = (await mail.next()).port;
  }
  for (const state of states) {
    const got = [];
    const all = new Promise((resolve) => {
      state.fixed.on('message', ({ n }) => got.push(n) === state.expected.length && resolve());
    });
    if (state.expected.length > 0) await deadline(all, 'the messages of a port');
    assert.deepEqual(got, state.expected);
    const inward = [];
    for (let next; (next = wt.receiveMessageOnPort(state.moving)) !== undefined; ) inward.push(next.message);
    assert.deepEqual(inward, state.inward);
  }
});
