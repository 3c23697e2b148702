'use strict';
// A program is ended at each place where V8 may end it in turn: at most what was being posted or read is lost.

const test = require('node:test');
const assert = require('node:assert/strict');
const { until } = require('../support/deadline.js');
const { forEachEntry } = require('../support/every-entry.js');
const { instance, listen, logAfter, logOf } = require('../support/far-log.js');

const many = (port, count) => {
  for (let i = 0; i < count; i++) port.postMessage(instance({ n: 'many' }));
};

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
