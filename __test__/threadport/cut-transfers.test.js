'use strict';
// Transfers, and what is taken back, are ended at each place where V8 may do so in turn: what waits in a port arrives, here or there.

const test = require('node:test');
const assert = require('node:assert/strict');
const { until } = require('../support/deadline.js');
const { forEachEntry } = require('../support/every-entry.js');
const { listen, logAfter, logOf } = require('../support/far-log.js');

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
