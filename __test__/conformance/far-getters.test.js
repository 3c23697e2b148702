'use strict';
// Getters in a posted value that use the very port that is being posted to, whose other end lives in another thread.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { farThread } = require('../support/far.js');
const { once, until } = require('../support/deadline.js');
const { outcome } = require('../support/outcome.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const ACTIONS = {
  'posts a plain value': (port) => port.postMessage({ inner: 1 }),
  'posts a value with a getter': (port) => port.postMessage({ get inner() { return 1; } }),
  'posts what goes another way': (port) => port.postMessage(new Map([['inner', 1]])),
  'posts a buffer': (port) => {
    const buffer = new ArrayBuffer(4);
    port.postMessage({ buffer }, [buffer]);
  },
  'posts a port': (port) => {
    const { port1, port2 } = new globalThis.MessageChannel();
    port1.close();
    port.postMessage({ port2 }, [port2]);
  },
  'posts several': (port) => {
    port.postMessage(1);
    port.postMessage(new Set([2]));
    port.postMessage({ get three() { port.postMessage('deeper'); return 3; } });
    port.postMessage([4]);
  },
  'posts and throws': (port) => {
    port.postMessage('posted');
    throw new Error('no');
  },
  'posts a refused value': (port) => {
    port.postMessage(1);
    port.postMessage(() => {});
  },
};

/** Everything that has arrived over there, as text: ports and buffers by their kind. */
const arrived = (far) => far.run(({ port, wt, describe }) => {
  const all = [];
  for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) {
    const { message } = next;
    if (message?.port2) {
      message.port2.close();
      all.push('a port');
    } else all.push(describe(message));
  }
  return all;
});

/** A getter that acts once: a value may be looked at twice. */
function outer(act) {
  let done = false;
  return { get first() {
    if (!done) {
      done = true;
      act();
    }
    return 'outer';
  } };
}

for (const [name, act] of Object.entries(ACTIONS)) {
  for (const [kind, make] of Object.entries({
    alone: (act) => [outer(act)],
    'with a map': (act) => [[outer(act), new Map([[1, 2]])]],
    'with a buffer in the list': (act) => {
      const buffer = new ArrayBuffer(2);
      return [{ value: outer(act), buffer }, [buffer]];
    },
    'with a port in the list': (act) => {
      const { port1, port2 } = new globalThis.MessageChannel();
      port1.close();
      return [{ value: outer(act), port2 }, [port2]];
    },
  })) {
    test(`a getter, ${kind}, that ${name}: the order of the built-in`, async (t) => {
      const results = [];
      for (const module of [wt, stock]) {
        const { near, far } = await farThread(t, module).channel();
        near.postMessage('before');
        const result = outcome(() => near.postMessage(...make(() => act(near))));
        near.postMessage('after');
        near.postMessage(new Map());
        near.postMessage('last');
        results.push([result, arrived(far)]);
      }
      assert.deepEqual(results[0], results[1]);
    });
  }
}

for (const [name, list] of Object.entries({ plain: () => undefined, 'with a buffer': () => [new ArrayBuffer(1)] })) {
  test(`a getter that closes the port, ${name}: the outcome of the built-in`, async (t) => {
    const results = [];
    for (const module of [wt, stock]) {
      const { near, far } = await farThread(t, module).channel();
      far.run(({ port, kept }) => {
        kept.log = [];
        port.on('message', (value) => kept.log.push(value));
        port.on('close', () => kept.log.push('close'));
      });
      near.postMessage('before');
      const closed = once(near, 'close');
      const result = outcome(() => near.postMessage(outer(() => near.close()), list()));
      near.postMessage('after');
      await closed;
      await until(() => far.run(({ kept }) => kept.log.includes('close')), "'close' over there");
      results.push([result, far.run(({ kept }) => kept.log)]);
    }
    assert.deepEqual(results[0], results[1]);
  });
}

test('a getter beside ports of the module that posts ports itself: each message has its own', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const make = (name) => {
    const { port1, port2 } = new wt.MessageChannel();
    t.after(() => port1.close());
    port1.postMessage({ name });
    return { port1, port2 };
  };
  const [one, two, three] = ['one', 'two', 'three'].map(make);
  near.postMessage({
    value: outer(() => {
      near.postMessage(new Map());
      near.postMessage({ port: two.port2 }, [two.port2]);
    }),
    port: one.port2,
  }, [one.port2]);
  near.postMessage({ port: three.port2 }, [three.port2]);
  const got = far.run(({ port, wt, kept }) => {
    const names = [];
    kept.ports = [];
    for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) {
      const { port: moved } = next.message;
      if (!moved) continue;
      names.push(wt.receiveMessageOnPort(moved).message.name);
      kept.ports.push(moved);
    }
    return names;
  });
  assert.deepEqual(got, ['two', 'one', 'three']);
  for (const { port1 } of [two, one, three]) for (const n of [1, 2, 3]) port1.postMessage({ n });
  const later = far.run(({ kept, wt }) => kept.ports.map((port) => [1, 2, 3].map(() => wt.receiveMessageOnPort(port)?.message.n)));
  assert.deepEqual(later, [[1, 2, 3], [1, 2, 3], [1, 2, 3]]);
  far.run(({ kept }) => kept.ports.forEach((port) => { port.postMessage({ back: 1 }); port.postMessage({ back: 2 }); }));
  for (const { port1 } of [two, one, three]) {
    for (const back of [1, 2]) assert.deepEqual(wt.receiveMessageOnPort(port1), { message: { back } });
  }
});

test('a post that fails after its getter has posted a port: the port of the failed one stays and works', async (t) => {
  const { near, far } = await farThread(t, wt).channel();
  const [one, two] = [new wt.MessageChannel(), new wt.MessageChannel()];
  t.after(() => [one, two].forEach(({ port1 }) => port1.close()));
  const value = { value: outer(() => near.postMessage({ port: two.port2 }, [two.port2])), port: one.port2, no: () => {} };
  assert.throws(() => near.postMessage(value, [one.port2]), { name: 'DataCloneError' });
  two.port1.postMessage('two');
  one.port1.postMessage('here');
  assert.deepEqual(wt.receiveMessageOnPort(one.port2), { message: 'here' });
  near.postMessage({ port: one.port2 }, [one.port2]);
  one.port1.postMessage('there');
  const got = far.run(({ port, wt }) => [1, 2].map(() => wt.receiveMessageOnPort(wt.receiveMessageOnPort(port).message.port).message));
  assert.deepEqual(got, ['two', 'there']);
});

for (const [name, list] of Object.entries({ plain: () => undefined, 'with a buffer': () => [new ArrayBuffer(1)] })) {
  test(`a getter that transfers the port away, ${name}: the outcome of the built-in`, async (t) => {
    const results = [];
    for (const module of [wt, stock]) {
      const { near, far } = await farThread(t, module).channel();
      const road = new module.MessageChannel();
      near.postMessage('before');
      const result = outcome(() => near.postMessage(outer(() => road.port1.postMessage(near, [near])), list()));
      near.postMessage('nowhere');
      const { message: moved } = module.receiveMessageOnPort(road.port2);
      moved.postMessage('after');
      moved.postMessage(new Map());
      moved.postMessage('last');
      results.push([result, arrived(far)]);
      far.post('back', new Map());
      const log = [];
      moved.on('message', (value) => log.push(value));
      await until(() => log.length === 2, 'the way back');
      moved.close();
      road.port1.close();
    }
    assert.deepEqual(results[0], results[1]);
  });
}

// What is noted of a message's size must not change how it travels.
for (const lengths of [[40], [41, 40], [42, 41, 40], [43, 40, 41]]) {
  test(`a getter fails to transfer the port, behind messages of ${lengths.join(', ')} characters: all arrive in order`, async (t) => {
    const { near, far } = await farThread(t, wt).channel();
    const other = new wt.MessageChannel();
    t.after(() => other.port1.close());
    class Item {
      constructor(id, text) {
        this.id = id;
        this.text = text;
      }
    }
    const sent = [];
    const post = (message) => {
      sent.push(message.id);
      near.postMessage(message);
    };
    for (let n = 0; n < 5; n++) post({ id: `plain ${n}` });
    for (const length of lengths) {
      // Who looks has the next one measured.
      void near.bufferedAmount;
      post(new Item(`of ${length}`, 'x'.repeat(length)));
    }
    const item = new Item('with a getter', '');
    Object.defineProperty(item, 'fails', {
      enumerable: true,
      get() {
        assert.throws(() => other.port1.postMessage(0, [near, near]), { name: 'DataCloneError' });
      },
    });
    post(item);
    for (let n = 0; n < 4; n++) post(n % 2 === 0 ? { id: `after ${n}` } : new Item(`after ${n}`, ''));
    const ids = () => far.run(({ port, wt }) => {
      const all = [];
      for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) all.push(next.message.id);
      return all;
    });
    assert.deepEqual(ids(), sent);
  });
}

for (const fails of [true, false]) {
  test(`a getter fails to transfer the port, and the post, which carries another one, ${fails ? 'fails as well: that one is still here' : 'goes on: that one arrives'}, with its messages`, async (t) => {
    const thread = farThread(t, wt);
    const { near, far } = await thread.channel();
    const { near: carried, far: peer } = await thread.channel();
    const road = new wt.MessageChannel();
    t.after(() => road.port1.close());
    carried.postMessage('to the peer');
    peer.post({ n: 1 }, { n: 2 });
    const value = {
      carried,
      get fails() {
        assert.throws(() => road.port1.postMessage([near, () => {}], [near]), { name: 'DataCloneError' });
        if (fails) throw new RangeError('no');
        return true;
      },
    };
    const post = () => near.postMessage(value, [carried]);
    if (fails) assert.throws(post, { message: 'no' });
    else post();
    // At once: what the other side notices later would be no help.
    if (fails) assert.deepEqual([wt.receiveMessageOnPort(carried), wt.receiveMessageOnPort(carried)], [{ message: { n: 1 } }, { message: { n: 2 } }]);
    near.postMessage('behind');
    const read = ({ port, wt, kept }) => {
      const all = [];
      for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) {
        if (next.message.carried !== undefined) kept.port = next.message.carried;
        all.push(next.message.n ?? next.message.carried?.constructor.name ?? next.message);
      }
      return all;
    };
    assert.deepEqual(far.run(read), fails ? ['behind'] : ['MessagePort', 'behind']);
    peer.post({ n: 3 });
    const later = fails
      ? [wt.receiveMessageOnPort(carried)?.message.n]
      : far.run(({ kept, wt }) => [1, 2, 3].map(() => wt.receiveMessageOnPort(kept.port)?.message.n));
    assert.deepEqual(later, fails ? [3] : [1, 2, 3]);
    if (fails) carried.postMessage('after');
    else far.run(({ kept }) => kept.port.postMessage('after'));
    assert.deepEqual(peer.run(read), ['to the peer', 'after']);
    // Whoever waits for them is told, too.
    const heard = [];
    if (fails) carried.on('message', ({ n }) => heard.push(n));
    else far.run(({ kept }) => void kept.port.on('message', ({ n }) => kept.port.postMessage(n)));
    peer.post({ n: 4 });
    if (fails) await until(() => heard.length === 1, 'the message that is listened for');
    else await until(() => peer.run(read).length === 1, 'the answer');
  });
}
