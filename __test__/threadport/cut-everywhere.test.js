'use strict';
// A program is ended at each place where V8 may end it in turn: at most what was being posted or read is lost.

const test = require('node:test');
const assert = require('node:assert/strict');
const { until } = require('../support/deadline.js');
const { forEachEntry } = require('../support/every-entry.js');

const instance = (fields) => Object.assign(Object.create({ of: 'a class' }), fields);
const many = (port, count) => {
  for (let i = 0; i < count; i++) port.postMessage(instance({ n: 'many' }));
};

/** Over there what comes is noted; a port that comes is read, too. */
function listen(far) {
  far.run(({ port, kept }) => {
    kept.log = [];
    kept.inner = [];
    port.on('message', ({ n, port: inner }) => {
      kept.log.push(n);
      inner?.on('message', (value) => kept.inner.push(value));
    });
  });
}

const logOf = (far) => far.run(({ kept }) => kept.log);

async function logAfter(near, far) {
  near.postMessage({ n: 'after' });
  near.postMessage(instance({ n: 'an instance' }));
  near.postMessage({ n: 'end' });
  await until(() => logOf(far).at(-1) === 'end', 'the last one');
  return logOf(far).filter((n) => n !== 'many');
}

const POSTS = {
  'a plain object': { act: (port) => port.postMessage({ n: 'X' }) },
  'an instance': { act: (port) => port.postMessage(instance({ n: 'X' })) },
  'an instance, after many': { before: 70, act: (port) => port.postMessage(instance({ n: 'X' })) },
  'a plain object, after many instances': { before: 70, act: (port) => port.postMessage({ n: 'X' }) },
  'the instance with which the lane rests': { before: 64, act: (port) => port.postMessage(instance({ n: 'X' })) },
  'an object whose getter posts': {
    inner: ['I', 'J'],
    act: (port) => port.postMessage(Object.create({}, {
      n: {
        enumerable: true,
        get() {
          port.postMessage({ n: 'I' });
          port.postMessage(instance({ n: 'J' }));
          return 'X';
        },
      },
    })),
  },
};
for (const [name, { act, before = 0, inner = [] }] of Object.entries(POSTS)) test(`a post of ${name} is ended anywhere: it arrives or not, all else does`, (t) =>
  forEachEntry(t, {
    async open(thread) {
      const { near, far } = await thread.channel();
      listen(far);
      near.postMessage({ n: 'first' });
      await until(() => logOf(far).length === 1, 'the first one');
      many(near, before);
      return { near, far };
    },
    act: ({ near }) => act(near),
    async check({ near, far }, isCut) {
      const all = [...inner, 'X'];
      const posted = (await logAfter(near, far)).slice(1, -3);
      assert.deepEqual(posted, all.slice(0, posted.length));
      if (!isCut) assert.deepEqual(posted, all);
      assert.deepEqual(logOf(far).slice(-3), ['after', 'an instance', 'end']);
    },
  }));

/** Both ends in this thread. */
function pair(wt) {
  const { port1, port2 } = new wt.MessageChannel();
  return {
    moved: port2,
    other: {
      post: (...values) => values.forEach((value) => port1.postMessage(value)),
      close: () => port1.close(),
    },
  };
}

const failing = (near, moved) => {
  try {
    near.postMessage({ moved, get n() { throw new Error('of the getter'); } }, [moved]);
  } catch {}
};
const TRANSFERS = {
  'to another thread': { act: (near, moved) => near.postMessage({ n: 'X', port: moved }, [moved]) },
  'to another thread, of a port whose other end is here': { local: true, act: (near, moved) => near.postMessage({ n: 'X', port: moved }, [moved]) },
  'that fails, of a port whose other end is here': { local: true, act: failing },
  'to another thread, of a port that has a listener': { started: true, act: (near, moved) => near.postMessage({ n: 'X', port: moved }, [moved]) },
  'that fails': { act: failing },
  'that fails, of a port that has a listener': { started: true, act: failing },
};
for (const [name, { act, started, local }] of Object.entries(TRANSFERS)) test(`a transfer ${name} is ended anywhere: what waits in the port arrives, here or there`, (t) =>
  forEachEntry(t, {
    async open(thread, wt) {
      const { near, far } = await thread.channel();
      listen(far);
      const { moved, other } = local ? pair(wt) : await thread.channel().then(({ near, far }) => ({ moved: near, other: far }));
      const got = [];
      if (started) moved.on('message', (value) => got.push(value));
      other.post('w1', 'w2');
      return { near, far, moved, other, got };
    },
    act: ({ near, moved }) => act(near, moved),
    async check({ near, far, moved, other, got }) {
      other.post('w3');
      const log = await logAfter(near, far);
      const hasMoved = log[0] === 'X';
      assert.deepEqual(log.slice(hasMoved ? 1 : 0), ['after', 'an instance', 'end']);
      if (!hasMoved && !started) moved.on('message', (value) => got.push(value));
      const all = () => [...got, ...far.run(({ kept }) => kept.inner)];
      await until(() => all().length >= 3, 'all of them');
      assert.deepEqual(all(), ['w1', 'w2', 'w3']);
      if (!hasMoved) moved.close();
      other.close?.();
    },
  }));

test('a post that takes back what nobody reads any more is ended anywhere: all of that arrives', (t) =>
  forEachEntry(t, {
    async open(thread) {
      const { near, far } = await thread.channel();
      far.run(({ port }) => {
        const first = () => port.off('message', first);
        port.on('message', first);
      });
      near.postMessage({ n: 'first' });
      await until(() => far.run(({ port }) => port.listenerCount('message')) === 0, 'the first message');
      for (let n = 0; n < 6; n++) near.postMessage({ n });
      far.run(({ port, wt, kept }) => {
        const vm = require('node:vm');
        const context = vm.createContext();
        kept.log = [];
        vm.runInContext(`(port, log) => {
          port.onmessage = ({ data }) => void log.push(data.n);
          port.start();
        }`, context)(wt.moveMessagePortToContext(port, context), kept.log);
      });
      return { near, far };
    },
    act: ({ near }) => near.postMessage({ n: 'X' }),
    async check({ near, far }, isCut) {
      near.postMessage({ n: 'end' });
      await until(() => logOf(far).at(-1) === 'end', 'the last one');
      const log = logOf(far);
      const hasX = log.at(-2) === 'X';
      assert.deepEqual(log, [0, 1, 2, 3, 4, 5, ...(hasX || !isCut ? ['X'] : []), 'end']);
    },
  }));

const SENDERS = {
  'both ways in turn': {
    count: 12,
    send: ({ port }) => {
      const other = (n) => Object.assign(Object.create({ of: 'a class' }), { n });
      for (let n = 0; n < 12; n++) port.postMessage(n % 3 === 1 ? other(n) : { n });
    },
  },
  'posts that fail between them': {
    count: 8,
    send: ({ port }) => {
      const other = (n) => Object.assign(Object.create({ of: 'a class' }), { n });
      for (let n = 0; n < 8; n++) {
        port.postMessage(n % 2 === 1 ? other(n) : { n });
        try {
          port.postMessage(Object.create({}, { n: { enumerable: true, value: () => {} } }));
        } catch {}
      }
    },
  },
  'ports in which messages wait': {
    count: 4,
    send: ({ port, wt, kept }) => {
      kept.ports = [];
      for (let n = 0; n < 4; n++) {
        const { port1, port2 } = new wt.MessageChannel();
        port1.postMessage(`${n}: 1`);
        kept.ports.push(port1);
        port.postMessage({ n, inner: port2 }, [port2]);
        port1.postMessage(`${n}: 2`);
      }
    },
  },
};
for (const [name, { count, send }] of Object.entries(SENDERS)) test(`a program that reads is ended anywhere, ${name}: no more than one message is lost, none comes late`, (t) =>
  forEachEntry(t, {
    async open(thread, wt) {
      const { near, far } = await thread.channel();
      far.run(send);
      return { near, far, wt, got: [], inner: [] };
    },
    act({ near, wt, got }) {
      for (let found; (found = wt.receiveMessageOnPort(near)) !== undefined; ) got.push(found.message);
    },
    async check({ near, far, got, inner }) {
      near.on('message', (message) => got.push(message));
      far.run(({ port }) => void port.postMessage({ n: 'end' }));
      await until(() => got.at(-1)?.n === 'end', 'the last one');
      const numbers = got.slice(0, -1).map(({ n }) => n);
      assert.ok(numbers.length >= count - 1, `only ${numbers}`);
      assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
      const ports = got.filter((message) => message.inner !== undefined);
      for (const { inner: port } of ports) port.on('message', (value) => inner.push(value));
      await until(() => inner.length === 2 * ports.length, 'what waits in the ports');
      assert.deepEqual(inner.sort(), ports.flatMap(({ n }) => [`${n}: 1`, `${n}: 2`]));
      for (const { inner: port } of ports) port.close();
    },
  }));

test('a post and a close are ended anywhere: the port can be closed, and what was posted arrives ahead of that', (t) =>
  forEachEntry(t, {
    async open(thread) {
      const { near, far } = await thread.channel();
      listen(far);
      far.run(({ port, kept }) => void port.on('close', () => kept.log.push('close')));
      near.postMessage({ n: 'first' });
      near.postMessage(instance({ n: 'second' }));
      return { near, far };
    },
    act({ near }) {
      near.postMessage({ n: 'X' });
      near.postMessage(instance({ n: 'Y' }));
      near.close();
    },
    async check({ near, far }, isCut) {
      near.close();
      await until(() => logOf(far).at(-1) === 'close', 'the close');
      const posted = logOf(far).slice(2, -1);
      assert.deepEqual(posted, ['X', 'Y'].slice(0, posted.length));
      if (!isCut) assert.equal(posted.length, 2);
    },
  }));

test('a push and a pop are ended anywhere: no other message of the queue is lost', (t) =>
  forEachEntry(t, {
    async open(_, { SharedQueue }) {
      const queue = new SharedQueue();
      for (let n = 0; n < 5; n++) queue.tryPush({ n });
      return { near: { close() {} }, queue, got: [] };
    },
    act({ queue, got }) {
      queue.tryPush({ n: 'X' });
      for (let n = 0; n < 3; n++) got.push(queue.tryPop().n);
    },
    async check({ queue, got }) {
      queue.tryPush({ n: 5 });
      for (let found; (found = queue.tryPop()) !== undefined; ) got.push(found.n);
      const numbers = got.filter((n) => n !== 'X');
      assert.deepEqual(numbers, [...numbers].sort());
      assert.ok(numbers.length >= 5 && numbers.at(-1) === 5, `only ${numbers}`);
      assert.ok(got.indexOf('X') < 0 || got.indexOf('X') === got.length - 2, String(got));
    },
  }));
