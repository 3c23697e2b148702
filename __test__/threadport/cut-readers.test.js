'use strict';
// Who listens, waits or blocks is ended at each place where V8 may do so in turn: at most what was being read is lost.

const test = require('node:test');
const assert = require('node:assert/strict');
const { settle, until } = require('../support/deadline.js');
const { assertRest, forEachEntry } = require('../support/every-entry.js');

const COUNT = 6;

/** Every second one goes by the built-in port. */
const post = ({ port }) => {
  for (let n = 0; n < 6; n++) port.postMessage(n % 2 === 0 ? { n } : Object.assign(Object.create({ of: 'a class' }), { n }));
};

async function open(thread, wt) {
  const { near, far } = await thread.channel();
  far.run(post);
  return { near, far, wt, got: [] };
}

/** What comes to a listener, up to the last one. */
async function rest({ near, far, got }) {
  near.on('message', ({ n }) => got.push(n));
  far.run(({ port }) => void port.postMessage({ n: 6 }));
  await until(() => got.at(-1) === 6, 'the last one');
}

const LISTENERS = {
  'on()': ({ near, got }) => near.on('message', ({ n }) => got.push(n)),
  'once()': ({ near, got }) => near.once('message', ({ n }) => got.push(n)),
  'addEventListener() and start()': ({ near, got }) => {
    near.addEventListener('message', ({ data }) => got.push(data.n));
    near.start();
  },
  'on() and off()': ({ near }) => {
    const listener = () => {};
    near.on('message', listener);
    near.off('message', listener);
  },
};
for (const [name, act] of Object.entries(LISTENERS)) test(`${name} is ended anywhere: every message comes, in order`, (t) =>
  forEachEntry(t, {
    open,
    act,
    async check(scene) {
      scene.near.removeAllListeners('message');
      await rest(scene);
      assertRest(scene.got, COUNT + 1, 0);
    },
  }));

const READERS = {
  'tryReceive()': ({ near, got }) => {
    for (let found; (found = near.tryReceive()) !== undefined; ) got.push(found.n);
  },
  'receiveSync()': ({ near, got }) => {
    for (let i = 0; i < COUNT; i++) got.push(near.receiveSync(1).n);
  },
  'receiveAnySync()': ({ near, got, wt }) => {
    for (let i = 0; i < COUNT; i++) got.push(wt.receiveAnySync([near], { timeout: 1 }).value.n);
  },
};
for (const [name, act] of Object.entries(READERS)) test(`${name} is ended anywhere: no more than one message is lost`, (t) =>
  forEachEntry(t, {
    open,
    act,
    async check(scene) {
      await rest(scene);
      assertRest(scene.got, COUNT + 1, 1);
    },
  }));

const INSIDE = {
  'reads its port': ({ near, got, wt }) => {
    for (let i = 0; i < 3; i++) got.push(wt.receiveMessageOnPort(near).message.n);
  },
  'reads its port, and posts': ({ near, got, wt }) => {
    near.postMessage('plain');
    got.push(wt.receiveMessageOnPort(near).message.n);
    near.postMessage(Object.create({ of: 'a class' }));
  },
  'moves its port, and fails': ({ near, wt }) => {
    const { port1 } = new wt.MessageChannel();
    assert.throws(() => port1.postMessage([near, () => {}], [near]), { name: 'DataCloneError' });
    port1.close();
  },
};
for (const [name, act] of Object.entries(INSIDE)) test(`a handler that ${name} is ended anywhere: no more than one message is lost`, (t) =>
  forEachEntry(t, {
    open,
    run: ({ near, got }, body) => new Promise((resolve, reject) => {
      near.once('message', ({ n }) => {
        got.push(n);
        try {
          resolve(body());
        } catch (error) {
          reject(error);
        }
      });
    }),
    act,
    async check(scene) {
      await rest(scene);
      assertRest(scene.got, COUNT + 1, name.includes('reads') ? 1 : 0);
    },
  }));

test('receiveAny() is ended anywhere: no more than one message is lost', (t) =>
  forEachEntry(t, {
    open,
    act({ near, got, wt }) {
      for (let i = 0; i < 3; i++) wt.receiveAny([near]).then(({ value }) => got.push(value.n));
    },
    async check(scene) {
      await settle();
      await rest(scene);
      assertRest(scene.got, COUNT + 1, 1);
    },
  }));

test('a handler moves its port, fails, is ended anywhere, and posts: that arrives', (t) =>
  forEachEntry(t, {
    async open(thread, wt) {
      const { near, far } = await thread.channel();
      far.run(({ port, kept }) => {
        kept.log = [];
        port.on('message', (message) => kept.log.push(message));
      });
      near.postMessage('first');
      await until(() => far.run(({ kept }) => kept.log).length === 1, 'the first message');
      near.postMessage('second');
      far.post('go');
      return { near, far, wt };
    },
    run: ({ near }, body) => new Promise((resolve) => {
      near.on('message', () => {
        const isCut = body();
        near.postMessage('back');
        resolve(isCut);
      });
    }),
    act({ near, wt }) {
      const { port1 } = new wt.MessageChannel();
      try {
        port1.postMessage([near, () => {}], [near]);
      } catch {}
    },
    async check({ far }) {
      await until(() => far.run(({ kept }) => kept.log).at(-1) === 'back', 'the message back');
    },
  }));
