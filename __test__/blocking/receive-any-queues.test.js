'use strict';
// receiveAny over several queues, with what happens between its steps played by hooks.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('../support/program.js');
const { deadline } = require('../support/deadline.js');
const { SharedQueue, receiveAny } = require('threadport');

const text = (decode) => ({ encode: (value) => Buffer.from(value), decode: (bytes) => decode(Buffer.from(bytes).toString()) });

test('what comes between the look at two queues and the wait for them is found at once', async () => {
  // A program of its own: by the listener that receiveAny adds, it pushes at that very moment.
  const program = `
    const add = EventTarget.prototype.addEventListener;
    let between = () => {};
    EventTarget.prototype.addEventListener = function (...args) {
      between();
      return Reflect.apply(add, this, args);
    };
    const { SharedQueue, receiveAny } = require('threadport');
    (async () => {
      for (const ahead of [0, 1, 2]) for (let round = 0; round < 8; round++) {
        const [first, second] = [new SharedQueue(), new SharedQueue()];
        // The words on which they are waited for differ by as much as one push changes.
        for (let i = 0; i < ahead; i++) {
          second.tryPush(0);
          second.tryPop();
        }
        const other = SharedQueue.from(first.buffer);
        between = () => other.tryPush('x');
        const late = new Promise((resolve) => setTimeout(resolve, 100, 'late'));
        const found = await Promise.race([receiveAny([first, second], { signal: new AbortController().signal }), late]);
        console.log(found.value ?? found);
      }
    })();`;
  const { code, lines, stderr } = await run(['-e', program]);
  assert.deepEqual({ code, lines }, { code: 0, lines: Array(24).fill('x') }, stderr);
});

test('an abort while the message is decoded comes too late', async () => {
  const controller = new AbortController();
  const codec = text((value) => {
    controller.abort();
    return value;
  });
  const queue = new SharedQueue({ codec });
  const received = receiveAny([queue], { signal: controller.signal });
  queue.tryPush('precious');
  assert.deepEqual(await deadline(received, 'the message'), { source: queue, value: 'precious' });
  assert.equal(queue.length, 0);
});

test('a decode() of another one that waited aborts the signal of receiveAny: it rejects', async () => {
  const controller = new AbortController();
  const queue = new SharedQueue({
    codec: text((value) => {
      controller.abort();
      return value;
    }),
  });
  const first = queue.pop();
  SharedQueue.from(queue.buffer, { codec: text(String) }).tryPush('x');
  const second = receiveAny([queue], { signal: controller.signal });
  await assert.rejects(deadline(second, 'the rejection'), { name: 'AbortError' });
  assert.equal(await first, 'x');
});

test('a decode that fails is the rejection, and the message is gone', async () => {
  const failure = new Error('mine');
  const queue = new SharedQueue({ codec: text(() => { throw failure; }) });
  const received = receiveAny([queue]);
  queue.tryPush('x');
  await assert.rejects(deadline(received, 'the error'), failure);
  assert.equal(queue.length, 0);
});

for (const ways of ['pop', 'receiveAny']) {
  test(`decode() asks its own queue while ${ways} waits: each message comes once`, async () => {
    let inner;
    const codec = text((value) => {
      inner ??= receiveAny([queue], { timeout: 0 });
      return value;
    });
    const queue = new SharedQueue({ codec });
    const take = ways === 'pop' ? () => queue.pop() : async () => (await receiveAny([queue])).value;
    const received = [take(), take()];
    const far = SharedQueue.from(queue.buffer, { codec });
    far.tryPush('one');
    far.tryPush('two');
    assert.deepEqual(await deadline(Promise.all(received), 'both'), ['one', 'two']);
    assert.equal(await inner, undefined);
    assert.equal(queue.length, 0);
  });
}

test('who takes a message at once does not hear of it before those who got theirs earlier', async () => {
  const queue = new SharedQueue();
  const log = [];
  const note = (value) => log.push(value);
  const any = async () => note((await receiveAny([queue])).value);
  for (const wait of [any, () => queue.pop().then(note)]) {
    const waiting = wait();
    queue.tryPush(0);
    queue.tryPush(1);
    // It has those who wait served first.
    await deadline(Promise.all([any(), waiting]), 'both');
    assert.deepEqual(log.splice(0), [0, 1]);
  }
});
