'use strict';
// What a program can see of its values being cloned: which getters and traps run, and in which order, also where the post fails.

const test = require('node:test');
const assert = require('node:assert/strict');
const vm = require('node:vm');
const stock = require('node:worker_threads');
const { describe } = require('../support/describe.js');
const { farThread } = require('../support/far.js');
const { outcome } = require('../support/outcome.js');
const { channel } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** Accessors under `keys` that say when they are read. */
function spied(log, name, keys, target = {}) {
  for (const key of keys) {
    const get = () => {
      log(`${name}.${key}`);
      return `${name} ${key}`;
    };
    Object.defineProperty(target, key, { get, enumerable: true, configurable: true });
  }
  return target;
}

/** A proxy that says which of its traps run, for which property. */
function proxied(log, name, target) {
  const traps = Object.getOwnPropertyNames(Reflect).map((trap) => [trap, (...args) => {
    log(`${name} ${trap} ${typeof args[1] === 'string' ? args[1] : ''}`);
    return Reflect[trap](...args);
  }]);
  return new Proxy(target, Object.fromEntries(traps));
}

/** name -> (log) => value */
const VALUES = {
  'getters in objects, arrays, Maps and Sets': (log) => ({
    first: spied(log, 'object', ['b', 'a', '1', '0']),
    list: [spied(log, 'element', ['x']), spied(log, 'array', [0, 2], []), spied(log, 'last', ['y'])],
    map: new Map([[spied(log, 'key', ['k']), spied(log, 'entry', ['v'])], [1, spied(log, 'entry 2', ['v'])]]),
    set: new Set([spied(log, 'member', ['m']), spied(log, 'member 2', ['m'])]),
    last: spied(log, 'end', ['z']),
  }),
  'getters as array extras': (log) => spied(log, 'array', ['extra', '-1', 1], [0]),
  'getters on a class instance and its prototype': (log) => {
    class Point {
      get inherited() {
        log('never: inherited');
        return 1;
      }
    }
    return spied(log, 'own', ['x', 'y'], new Point());
  },
  'getters on an error': (log) => ({
    error: spied(log, 'error', ['cause', 'stack', 'message', 'name', 'extra'], new Error('x')),
    inherited: Object.setPrototypeOf(new Error('y'), spied(log, 'prototype', ['name', 'message', 'stack'])),
  }),
  'getters on boxed values, dates and expressions': (log) =>
    [new Number(1), new String('s'), new Date(1), /x/, new Uint8Array(2)].map((value, n) => spied(log, `value ${n}`, ['extra'], value)),
  'getters on the prototype of a Map': (log) => {
    class Table extends Map {}
    spied(log, 'prototype', ['size', 'entries', 'forEach'], Table.prototype);
    return new Table([[1, 2]]);
  },
  'Symbol.toStringTag, toJSON, toPrimitive, species and iterators': (log) => {
    const value = spied(log, 'object', ['toJSON', 'valueOf', 'toString', 'then']);
    for (const symbol of [Symbol.toStringTag, Symbol.toPrimitive, Symbol.species, Symbol.iterator]) {
      Object.defineProperty(value, symbol, { get: () => log('never: a symbol'), enumerable: true });
    }
    return value;
  },
  'a getter that throws behind others': (log) => ({
    before: spied(log, 'before', ['a']),
    get fails() { log('fails'); throw new RangeError('from a getter'); },
    after: spied(log, 'after', ['a']),
  }),
  'a getter that throws in a Map in an array': (log) => [
    spied(log, 'before', ['a']),
    new Map([[spied(log, 'key', ['a']), { get fails() { log('fails'); throw new TypeError('deep'); } }]]),
    spied(log, 'after', ['a']),
  ],
  'a getter that deletes the next key, adds one and changes one': (log) => ({
    get first() { log('first'); delete this.second; this.third = 'changed'; this.late = 'never'; return 1; },
    second: 2,
    third: 3,
  }),
  'a getter that makes the next key a getter': (log) => ({
    get first() { log('first'); spied(log, 'this', ['second'], this); return 1; },
    second: 2,
  }),
  'a getter that empties the array around it': (log) => {
    const list = [1, { get empties() { log('empties'); list.length = 0; list.push('new'); return 2; } }, 3, 4];
    return list;
  },
  'a getter that clears the Map around it': (log) => {
    const map = new Map([[1, { get clears() { log('clears'); map.clear(); return 1; } }], [2, spied(log, 'cleared', ['a'])]]);
    return map;
  },
  'a proxy': (log) => ({ before: 1, proxy: proxied(log, 'proxy', { a: 1 }) }),
  'a proxy of an array': (log) => proxied(log, 'proxy', [1, 2]),
  'a proxy of a function': (log) => [proxied(log, 'proxy', () => {})],
  'a proxy as prototype': (log) => Object.setPrototypeOf({ a: 1, b: [2] }, proxied(log, 'prototype', {})),
  'a proxy as prototype of an array': (log) => Object.setPrototypeOf([1, 2], proxied(log, 'prototype', Array.prototype)),
  'a proxy as prototype of an error': (log) => Object.setPrototypeOf(new Error('x', { cause: 1 }), proxied(log, 'prototype', Error.prototype)),
  'a proxy as prototype of a Map': (log) => Object.setPrototypeOf(new Map([[1, 2]]), proxied(log, 'prototype', Map.prototype)),
  'a proxy as prototype of typed arrays and dates': (log) => [
    Object.setPrototypeOf(Uint8Array.of(1, 2), proxied(log, 'bytes', Uint8Array.prototype)),
    Object.setPrototypeOf(new Date(5), proxied(log, 'date', Date.prototype)),
    Object.setPrototypeOf(new ArrayBuffer(3), proxied(log, 'buffer', ArrayBuffer.prototype)),
  ],
  'getters of another realm': (log) => vm.runInNewContext(`({
    get a() { log('a'); return [1]; },
    list: Object.defineProperty([1, 2], 0, { get() { log('element'); return { inner: 1 }; }, enumerable: true }),
    get b() { log('b'); return new Map([[1, { get c() { log('c'); return 2; } }]]); },
  })`, { log }),
};

/** What only the stock serializer takes, behind a getter: between threads it may run twice (limitations). */
const CARRIED = {
  'a getter that detaches a later buffer': (log) => {
    const buffer = new ArrayBuffer(8);
    return { get detaches() { log('detaches'); structuredClone(buffer, { transfer: [buffer] }); return 1; }, buffer };
  },
  'a getter that shrinks a later buffer': (log) => {
    const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
    return { get shrinks() { log('shrinks'); buffer.resize(2); return 1; }, view: new Uint8Array(buffer, 0, 2), buffer };
  },
};

const fixed = (value) => (value instanceof Error ? Object.defineProperty(value, 'stack', { value: 'fixed' }) : value);

/** What is seen while the value is posted, and what `arrived()` says of it. */
function seen(port, make, arrived) {
  const log = [];
  const value = fixed(make((line) => void log.push(line)));
  log.length = 0;
  const posted = outcome(() => port.postMessage(value));
  return { log: [...log], posted, arrived: outcome(arrived) };
}

for (const [name, make] of Object.entries({ ...VALUES, ...CARRIED })) {
  test(`${name}: what is seen within a thread is what the built-in shows`, (t) => {
    const [ours, theirs] = [wt, stock].map((module) => {
      const { port1, port2 } = channel(t, module);
      return seen(port1, make, () => describe(module.receiveMessageOnPort(port2)?.message));
    });
    assert.deepEqual(ours, theirs);
  });
}

test('what is seen of each, posted to another thread, is what the built-in shows', async (t) => {
  const [ours, theirs] = [await farThread(t, wt).channel(), await farThread(t, stock).channel()];
  for (const [name, make] of Object.entries(VALUES)) {
    await t.test(name, () => {
      // Twice: the shape of a value may have been learnt.
      for (let round = 0; round < 2; round++) {
        const [here, there] = [ours, theirs].map(({ near, far }) => seen(near, make, () => far.drain()));
        assert.deepEqual(here, there);
      }
    });
  }
});
