'use strict';
// BroadcastChannel between threads: members that come, go, post and end in the middle of traffic.

const test = require('node:test');
const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const { farThread } = require('../support/far.js');
const { spawn, exited } = require('../support/threads.js');
const { inbox, until, settle, deadline } = require('../support/deadline.js');
const { sequence } = require('../support/mixture.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

let names = 0;
const fresh = () => `far group ${process.pid} ${names++}`;

/** A member of this thread, closed after the test, and what it hears. */
function member(t, name) {
  const channel = new wt.BroadcastChannel(name);
  t.after(() => channel.close());
  const heard = [];
  channel.onmessage = ({ data }) => heard.push(data);
  return { channel, heard };
}

/** Threads that run `body` with a member each; resolves when all have said 'ready'. */
async function threads(t, count, name, body, data = {}) {
  const workers = sequence(count).map((index) => {
    const worker = spawn(t, wt, body, { workerData: { name, index, ...data } });
    return { worker, mail: inbox(worker) };
  });
  for (const { mail } of workers) assert.equal(await mail.next(), 'ready');
  return workers;
}

test('members in many threads that all post: each hears each message of the others once, and each sender in order', async (t) => {
  const [COUNT, POSTS] = [3, 200];
  const name = fresh();
  const { channel, heard } = member(t, name);
  const body = ({ wt, parentPort, workerData: { name, index, count, posts } }) => {
    const channel = new wt.BroadcastChannel(name);
    const heard = [];
    let posted = 0;
    const postSome = () => {
      for (let n = 0; n < 7 && posted < posts; n++, posted++) {
        channel.postMessage(posted % 50 === 49 ? { from: index, n: posted, shared: new SharedArrayBuffer(1) } : { from: index, n: posted });
      }
      if (posted < posts) setImmediate(postSome);
    };
    channel.onmessage = ({ data }) => {
      if (data === 'go') postSome();
      else heard.push([data.from, data.n]);
      if (heard.length === count * posts) parentPort.postMessage(heard);
    };
    parentPort.postMessage('ready');
  };
  const workers = await threads(t, COUNT, name, body, { count: COUNT, posts: POSTS });
  channel.postMessage('go');
  for (let n = 0; n < POSTS; n++) {
    channel.postMessage({ from: COUNT, n });
    if (n % 20 === 0) await new Promise(setImmediate);
  }
  const logs = [];
  for (const { mail } of workers) logs.push(await mail.next());
  await until(() => heard.length === COUNT * POSTS, 'all messages in main');
  logs.push(heard.map(({ from, n }) => [from, n]));
  for (const [index, log] of logs.entries()) {
    for (const from of sequence(COUNT + 1)) {
      const own = log.filter(([sender]) => sender === from).map(([, n]) => n);
      assert.deepEqual(own, from === index ? [] : sequence(POSTS), `what ${index} heard of ${from}`);
    }
  }
});

test('receiveMessageOnPort takes what a member waits for: its listener still gets the rest', async (t) => {
  const names = [fresh(), fresh()];
  const { channel, heard } = member(t, names[0]);
  member(t, names[1]).channel.onmessage = () => sequence(17).forEach(() => heard.push(wt.receiveMessageOnPort(channel)?.message));
  const far = farThread(t, wt);
  far.run(({ kept, wt }, names) => void (kept.channels = names.map((name) => new wt.BroadcastChannel(name))), names);
  await settle();
  far.run(({ kept: { channels } }) => {
    for (let n = 0; n < 20; n++) channels[0].postMessage(n === 0 ? new SharedArrayBuffer(1) : n);
    channels[1].postMessage('go');
  });
  await until(() => heard.filter(Number).length === 19, 'all messages');
  assert.deepEqual(heard.filter(Number), sequence(19, 1));
});

test('a member that is posted to from a handler answers, a thousand times to and fro', async (t) => {
  const name = fresh();
  const { channel } = member(t, name);
  await threads(t, 1, name, ({ wt, parentPort, workerData: { name } }) => {
    const channel = new wt.BroadcastChannel(name);
    channel.onmessage = ({ data }) => channel.postMessage(data + 1);
    parentPort.postMessage('ready');
  });
  const done = new Promise((resolve) => {
    channel.onmessage = ({ data }) => (data < 2000 ? channel.postMessage(data + 1) : resolve(data));
  });
  channel.postMessage(0);
  assert.equal(await deadline(done, 'the last answer'), 2001);
});

test('a member that closes in a handler hears no more, and the others go on', async (t) => {
  const name = fresh();
  const { channel } = member(t, name);
  const [closing, staying] = await threads(t, 2, name, ({ wt, parentPort, workerData: { name, index } }) => {
    const channel = new wt.BroadcastChannel(name);
    const heard = [];
    channel.onmessage = ({ data }) => {
      heard.push(data);
      if (index === 0 && data === 10) {
        channel.close();
        setTimeout(() => parentPort.postMessage(heard), 20);
      }
      if (data === 99) {
        parentPort.postMessage(heard);
        channel.close();
      }
    };
    parentPort.postMessage('ready');
  });
  for (const n of sequence(100)) channel.postMessage(n);
  assert.deepEqual(await closing.mail.next(), sequence(11));
  assert.deepEqual(await staying.mail.next(), sequence(100));
});

/** A member that hears floods of numbered messages: only how many of each round, and what was out of turn. */
function counter(t, name) {
  const { channel } = member(t, name);
  const [counts, others] = [[0, 0, 0], []];
  channel.onmessage = ({ data }) => void (data.round in counts && counts[data.round] === data.n ? counts[data.round]++ : others.push(data));
  return { channel, counts, others };
}

test('a thread that is terminated while it posts: what was heard has no gap, and the group lives on', async (t) => {
  const name = fresh();
  const members = sequence(2).map(() => counter(t, name));
  for (const round of sequence(3)) {
    const [{ worker }] = await threads(t, 1, name, ({ wt, parentPort, workerData: { name, round } }) => {
      const channel = new wt.BroadcastChannel(name);
      parentPort.postMessage('ready');
      for (let n = 0; ; n++) channel.postMessage(n % 100 === 99 ? { round, n, shared: new SharedArrayBuffer(1) } : { round, n });
    }, { round });
    await until(() => members.every(({ counts }) => counts[round] > 200), 'traffic');
    await deadline(worker.terminate(), 'terminate()');
    await settle();
  }
  members[0].channel.postMessage('after');
  await until(() => members[1].others.length > 0, 'a message of a living member');
  assert.deepEqual(members.map(({ others }) => others), [[], ['after']]);
});

test('a thread that is terminated while it is posted to does not disturb the others', async (t) => {
  const name = fresh();
  const { channel } = member(t, name);
  const { heard } = member(t, name);
  const [{ worker }] = await threads(t, 1, name, ({ wt, parentPort, workerData: { name } }) => {
    new wt.BroadcastChannel(name).onmessage = () => {};
    parentPort.postMessage('ready');
  });
  const gone = exited(worker);
  for (const n of sequence(500)) {
    channel.postMessage(n);
    if (n === 250) worker.terminate();
    if (n % 100 === 0) await new Promise(setImmediate);
  }
  await gone;
  channel.postMessage(500);
  await until(() => heard.length === 501, 'all messages');
  assert.deepEqual(heard, sequence(501));
});

test('a member that joins in the middle of traffic hears everything from some message on', async (t) => {
  const name = fresh();
  const { channel } = member(t, name);
  const body = ({ wt, parentPort, workerData: { name } }) => {
    parentPort.postMessage('ready');
    parentPort.once('message', () => {
      const logs = [];
      let ended = 0;
      for (let n = 0; n < 20; n++) {
        const channel = new wt.BroadcastChannel(name);
        const log = [];
        logs.push(log);
        channel.onmessage = ({ data }) => {
          if (data !== 'end') return log.push(data.n);
          channel.close();
          if (++ended === 20) parentPort.postMessage(logs);
        };
      }
      parentPort.postMessage('joined');
    });
  };
  const [{ worker, mail }] = await threads(t, 1, name, body);
  worker.postMessage('join');
  // Who joins behind the end hears nothing, so that waits for the thread.
  let hasJoined = false;
  const joined = mail.next().then(() => (hasJoined = true));
  let n = 0;
  for (; n < 3000 || (!hasJoined && n < 1e6); n++) {
    channel.postMessage(n % 10 === 9 ? { n, shared: new SharedArrayBuffer(1) } : { n });
    if (n % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await joined;
  channel.postMessage('end');
  const logs = await mail.next('what the members heard');
  for (const log of logs) assert.deepEqual(log, sequence(log.length, n - log.length));
});

test('many members in two threads: each hears each message of the others once', async (t) => {
  const MEMBERS = 100;
  const name = fresh();
  const here = sequence(MEMBERS).map(() => member(t, name));
  const [{ mail }] = await threads(t, 1, name, ({ wt, parentPort, workerData: { name, members } }) => {
    const channels = Array.from({ length: members }, () => new wt.BroadcastChannel(name));
    const counts = channels.map(() => 0);
    channels.forEach((channel, index) => {
      channel.onmessage = () => {
        counts[index]++;
        if (counts.reduce((a, b) => a + b) === members * members) {
          channels[0].postMessage('from there');
          parentPort.postMessage(counts);
        }
      };
    });
    parentPort.postMessage('ready');
  }, { members: MEMBERS });
  here.forEach(({ channel }, index) => channel.postMessage({ index }));
  assert.deepEqual(await mail.next(), Array(MEMBERS).fill(MEMBERS));
  await until(() => here.every(({ heard }) => heard.includes('from there')), 'the message from there');
  for (const [index, { heard }] of here.entries()) {
    assert.deepEqual(heard, [...sequence(MEMBERS).filter((n) => n !== index).map((n) => ({ index: n })), 'from there']);
  }
});

test('receiveMessageOnPort takes what other threads have posted, in order, and listeners the rest', async (t) => {
  const name = fresh();
  const { channel, heard } = member(t, name);
  const [{ mail }] = await threads(t, 1, name, ({ wt, parentPort, workerData: { name } }) => {
    const channel = new wt.BroadcastChannel(name);
    channel.onmessage = () => {
      for (let n = 0; n < 60; n++) channel.postMessage(n % 10 === 9 ? { n, shared: new SharedArrayBuffer(1) } : { n });
      parentPort.postMessage('posted');
    };
    parentPort.postMessage('ready');
  });
  const taken = [];
  channel.postMessage('go');
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (let turn = 0; taken.length < 30 && turn < 10_000; turn++) {
    const received = wt.receiveMessageOnPort(channel);
    if (received === undefined) Atomics.wait(wait, 0, 0, 1);
    else taken.push(received.message);
  }
  assert.equal(await mail.next(), 'posted');
  await until(() => taken.length + heard.length === 60, 'the rest');
  assert.deepEqual([...taken, ...heard].map(({ n }) => n), sequence(60));
});

test('what a receiver cannot decode is a messageerror, between the messages around it', async (t) => {
  const name = fresh();
  const { channel, heard } = member(t, name);
  channel.onmessageerror = (event) => heard.push([event.type, event.constructor.name, event.data.name, event.data.message]);
  const worker = spawn(t, wt, ({ wt, workerData: name }) => {
    const channel = new wt.BroadcastChannel(name);
    let nested = 0;
    for (let level = 0; level < 30_000; level++) nested = [nested];
    channel.postMessage('before');
    channel.postMessage(nested);
    channel.postMessage('between');
    channel.postMessage({ nested, shared: new SharedArrayBuffer(1) });
    channel.postMessage('after');
    channel.close();
  }, { workerData: name, resourceLimits: { stackSizeMb: 64 } });
  await exited(worker);
  await until(() => heard.includes('after'), 'the last message');
  const overflow = ['messageerror', 'MessageEvent', 'RangeError', 'Maximum call stack size exceeded'];
  assert.deepEqual(heard, ['before', overflow, 'between', overflow, 'after']);
});

test('what cannot be cloned throws and reaches nobody; the order around it holds', async (t) => {
  const name = fresh();
  const { channel } = member(t, name);
  const { heard } = member(t, name);
  const others = await threads(t, 1, name, ({ wt, parentPort, workerData: { name } }) => {
    const channel = new wt.BroadcastChannel(name);
    const heard = [];
    channel.onmessage = ({ data }) => {
      heard.push(data);
      if (data === 'end') parentPort.postMessage(heard);
    };
    parentPort.postMessage('ready');
  });
  const expected = [];
  for (const n of sequence(40)) {
    assert.throws(() => channel.postMessage({ n, f: () => {} }), { name: 'DataCloneError', code: 25 });
    channel.postMessage(n);
    expected.push(n);
  }
  channel.postMessage('end');
  assert.deepEqual(await others[0].mail.next(), [...expected, 'end']);
  await until(() => heard.includes('end'), 'the end');
  assert.deepEqual(heard, [...expected, 'end']);
});

test('a getter in a message runs once, and what it posts comes first', async (t) => {
  const name = fresh();
  const { channel } = member(t, name);
  const { heard } = member(t, name);
  let ran = 0;
  channel.postMessage('before');
  channel.postMessage({
    get inner() {
      ran++;
      channel.postMessage('inside');
      return ran;
    },
  });
  channel.postMessage('behind');
  await until(() => heard.includes('behind'), 'the last message');
  assert.equal(ran, 1);
  assert.deepEqual(heard, ['before', 'inside', { inner: 1 }, 'behind']);
});

test('a getter that closes its own channel', async (t) => {
  const name = fresh();
  const { channel } = member(t, name);
  const { channel: third, heard } = member(t, name);
  channel.postMessage('before');
  channel.postMessage({
    get inner() {
      channel.close();
      return 1;
    },
  });
  assert.throws(() => channel.postMessage(1), { name: 'InvalidStateError' });
  const { channel: later } = member(t, name);
  for (const n of sequence(40)) later.postMessage(n);
  third.postMessage('own');
  await until(() => heard.includes(39), 'the last message');
  assert.deepEqual(heard, ['before', { inner: 1 }, ...sequence(40)]);
});

test('what a thread posts right before it exits is heard', async (t) => {
  const name = fresh();
  const { heard } = member(t, name);
  for (const [round, end] of ['close', 'exit'].entries()) {
    const worker = spawn(t, wt, ({ wt, workerData: { name, round, end } }) => {
      const channel = new wt.BroadcastChannel(name);
      for (let n = 0; n < 20; n++) channel.postMessage(n === 10 ? { round, n, shared: new SharedArrayBuffer(1) } : { round, n });
      if (end === 'close') channel.close();
      else process.exit(0);
    }, { workerData: { name, round, end } });
    await exited(worker);
  }
  await until(() => heard.length === 40, 'all messages');
  assert.deepEqual(heard.map(({ round, n }) => [round, n]), [0, 1].flatMap((round) => sequence(20).map((n) => [round, n])));
});

test('names are compared as Node compares them', async (t) => {
  const heard = [];
  const pairs = [['a\0b', 'a\0c'], ['x\ud800', 'x\ud801'], ['e\0', 'e'], ['ü字', 'ü字']];
  for (const [index, [one, two]] of pairs.entries()) {
    const prefix = fresh();
    const { channel } = member(t, prefix + one);
    const { channel: other } = member(t, prefix + two);
    other.onmessage = ({ data }) => heard.push(data);
    channel.postMessage(index);
  }
  await until(() => heard.length === pairs.length, 'all pairs');
});

test('handlers see the async context in which the channel was made', async (t) => {
  const storage = new AsyncLocalStorage();
  const name = fresh();
  const made = storage.run('made', () => member(t, name));
  const seen = [];
  const done = storage.run('listening', () => new Promise((resolve) => {
    made.channel.onmessage = () => seen.push(storage.getStore()) === 3 && resolve();
  }));
  const { channel } = member(t, name);
  for (const n of sequence(3)) storage.run('posting', () => channel.postMessage(n));
  await deadline(done, 'three messages');
  assert.deepEqual(seen, Array(3).fill('made'));
});

test('nextTicks and microtasks run between two messages', async (t) => {
  const name = fresh();
  const { channel } = member(t, name);
  const { channel: reader } = member(t, name);
  const order = [];
  reader.onmessage = ({ data }) => {
    order.push(data);
    process.nextTick(() => order.push(`tick ${data}`));
    Promise.resolve().then(() => order.push(`microtask ${data}`));
  };
  for (const n of sequence(3)) channel.postMessage(n);
  await until(() => order.length === 9, 'all of it');
  assert.deepEqual(order, sequence(3).flatMap((n) => [n, `tick ${n}`, `microtask ${n}`]));
});

test('more than one destination takes no host objects, one does', async (t) => {
  const name = fresh();
  const key = require('node:crypto').createSecretKey(Buffer.from('secret'));
  const { channel } = member(t, name);
  const { heard } = member(t, name);
  channel.postMessage({ key });
  await until(() => heard.length === 1, 'the key');
  assert.equal(heard[0].key.export().toString(), 'secret');
  const { heard: third } = member(t, name);
  assert.throws(() => channel.postMessage({ key }), { message: 'Message could not be posted.' });
  channel.postMessage('last');
  await until(() => heard.length === 2 && third.length === 1, 'the last message');
  assert.deepEqual([heard[1], third[0]], ['last', 'last']);
});

test('a subclass, its own properties, and what a channel looks like', (t) => {
  class Mine extends wt.BroadcastChannel {}
  const mine = new Mine(fresh());
  t.after(() => mine.close());
  assert.ok(mine instanceof wt.BroadcastChannel && mine instanceof globalThis.BroadcastChannel);
  assert.equal(wt.BroadcastChannel, globalThis.BroadcastChannel);
  const own = Reflect.ownKeys(mine).map(String).filter((key) => !key.includes('maxEventTargetListeners'));
  assert.deepEqual(own.filter((key) => !/kEvents|kHandlers/.test(key)), ['Symbol(kType)', 'Symbol(kName)', 'Symbol(kHandle)', 'Symbol(kOnMessage)', 'Symbol(kOnMessageError)']);
  assert.match(require('node:util').inspect(mine), /^BroadcastChannel \{ name: 'far group .*', active: true \}$/);
  assert.deepEqual(Object.keys(Object.getOwnPropertyDescriptors(wt.BroadcastChannel.prototype)), ['constructor', 'name', 'close', 'postMessage', 'ref', 'unref', 'onmessage', 'onmessageerror']);
});
