'use strict';
// What cannot be: a clear error each, and the queue stays usable.

const test = require('node:test');
const assert = require('node:assert/strict');
const { SharedQueue } = require('threadport');
const { seeded } = require('../support/random.js');
const { run } = require('../support/program.js');

const code = (name) => ({ code: name });

function assertUsable(q, value = 1) {
  q.popMany(Infinity);
  assert.equal(q.tryPush(value), true);
  assert.deepEqual(q.tryPop(), value);
}

test('capacities', () => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity, 2 ** 40, 2 ** 31]) assert.throws(() => new SharedQueue({ capacity }), code('ERR_OUT_OF_RANGE'), String(capacity));
  for (const capacity of ['1024', null, 10n, {}]) assert.throws(() => new SharedQueue({ capacity }), code('ERR_INVALID_ARG_TYPE'));
  for (const options of [null, 5, 'x']) assert.throws(() => new SharedQueue(options), code('ERR_INVALID_ARG_TYPE'));
  assert.equal(new SharedQueue({ capacity: 1 }).capacity, 64);
  assert.equal(new SharedQueue({ capacity: 1000 }).capacity, 1024);
  assert.throws(() => SharedQueue(), TypeError);
});

test('codecs', () => {
  for (const codec of ['msgpack', '', 5, null, () => {}]) assert.throws(() => new SharedQueue({ codec }), code('ERR_INVALID_ARG_VALUE'));
  for (const codec of [{}, { encode() {} }, { decode() {} }]) assert.throws(() => new SharedQueue({ codec }), code('ERR_INVALID_ARG_TYPE'));
  const q = new SharedQueue({ codec: 'json' });
  assert.throws(() => SharedQueue.from(q.buffer, { codec: 'bytes' }), code('ERR_INVALID_ARG_VALUE'));
  const custom = new SharedQueue({ codec: { encode: (v) => v, decode: (v) => v } });
  assert.throws(() => SharedQueue.from(custom.buffer), code('ERR_INVALID_ARG_VALUE'));
});

test('buffers that are no queue\'s', () => {
  const { buffer } = new SharedQueue({ capacity: 1024 });
  for (const wrong of [undefined, null, {}, new ArrayBuffer(2000), new Uint8Array(buffer)]) {
    assert.throws(() => SharedQueue.from(wrong), code('ERR_INVALID_ARG_TYPE'));
  }
  const copy = (length) => {
    const shared = new SharedArrayBuffer(length);
    new Uint8Array(shared).set(new Uint8Array(buffer).subarray(0, length));
    return shared;
  };
  const wrong = [new SharedArrayBuffer(0), new SharedArrayBuffer(100), new SharedArrayBuffer(4096), copy(400), copy(buffer.byteLength - 8), copy(buffer.byteLength + 1024)];
  const version = copy(buffer.byteLength);
  new Int32Array(version)[1] = 77;
  const growable = new SharedArrayBuffer(buffer.byteLength, { maxByteLength: 8192 });
  new Uint8Array(growable).set(new Uint8Array(buffer));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  for (const one of [...wrong, version, growable, memory.buffer]) assert.throws(() => SharedQueue.from(one), code('ERR_INVALID_ARG_VALUE'));
  assert.throws(() => SharedQueue.from(version), /version/);
  assertUsable(SharedQueue.from(buffer));
});

test('timeouts, counts and signals', async () => {
  const q = new SharedQueue({ capacity: 1024 });
  for (const timeout of [NaN, -1, -Infinity]) {
    assert.throws(() => q.popSync(timeout), code('ERR_OUT_OF_RANGE'));
    assert.throws(() => q.pushSync(1, timeout), code('ERR_OUT_OF_RANGE'));
    assert.throws(() => q.popMany(timeout), code('ERR_OUT_OF_RANGE'));
  }
  for (const max of [0.1, 1.5]) assert.throws(() => q.popMany(max), code('ERR_OUT_OF_RANGE'));
  for (const timeout of ['5', null, {}]) {
    assert.throws(() => q.popSync(timeout), code('ERR_INVALID_ARG_TYPE'));
    assert.throws(() => q.pushSync(1, timeout), code('ERR_INVALID_ARG_TYPE'));
    assert.throws(() => q.popMany(timeout), code('ERR_INVALID_ARG_TYPE'));
  }
  for (const options of [null, 5, { signal: 5 }, { signal: {} }]) {
    await assert.rejects(q.pop(options), code('ERR_INVALID_ARG_TYPE'));
    await assert.rejects(q.push(1, options), code('ERR_INVALID_ARG_TYPE'));
  }
  q.tryPush(1);
  assert.equal(q.popSync(Infinity), 1);
  assert.deepEqual(q.popMany(0), []);
  assertUsable(q);
});

test('views over memory that is gone: nothing is pushed', async () => {
  const detached = new ArrayBuffer(8);
  const shrunk = new ArrayBuffer(8, { maxByteLength: 16 });
  const views = [detached, shrunk].flatMap((buffer) => [Uint8Array, Uint16Array, Float32Array, DataView].map((View) => new View(buffer, 4)));
  structuredClone(0, { transfer: [detached] });
  shrunk.resize(2);
  const bytes = new SharedQueue({ codec: 'bytes' });
  const own = new SharedQueue({ codec: { encode: (value) => value, decode: (value) => value } });
  for (const value of [detached, ...views]) {
    for (const q of [bytes, own]) {
      assert.throws(() => q.tryPush(value), code('ERR_INVALID_ARG_VALUE'));
      await assert.rejects(q.push(value), code('ERR_INVALID_ARG_VALUE'));
    }
  }
  assert.equal(bytes.length + own.length, 0);
  for (const empty of [new Uint8Array(0), new Uint16Array(0), new BigInt64Array(0), new DataView(new ArrayBuffer(0)), new ArrayBuffer(0)]) {
    assert.equal(bytes.tryPush(empty), true);
    assert.deepEqual(bytes.tryPop(), new Uint8Array(0));
  }
});

test('memory that says that something is under way for ever: who waits is told', async () => {
  const text = `
    const { SharedQueue, receiveAny } = require('threadport');
    const { buffer } = new SharedQueue({ capacity: 512 });
    new Int32Array(buffer)[17] += 1; // of the claims begun
    const [q, ...others] = Array.from({ length: 3 }, () => SharedQueue.from(buffer));
    q.tryPush('x');
    const ends = [q.pop(), others[0].pop(), receiveAny([others[1]])];
    Promise.all(ends.map((end) => end.catch((error) => console.log(error.code)))).then(() => {
      try { q.popSync(); } catch (error) { console.log(error.code); }
    });`;
  const { code: ended, lines } = await run(['-e', text], { ms: 60_000 });
  assert.deepEqual([ended, lines], [0, Array(4).fill('ERR_THREADPORT_CORRUPT')]);
});

test('its name', () => {
  assert.equal(SharedQueue.name, 'SharedQueue');
});

test('values that the codec refuses: nothing is pushed', async () => {
  const q = new SharedQueue({ capacity: 1 << 16 });
  const refused = [() => {}, Symbol('s'), { f() {} }, new SharedArrayBuffer(1), new (class A { x = 1; })(), new Proxy({}, {}), new WeakMap(), { deep: [{ q }] }];
  for (const value of refused) {
    assert.throws(() => q.tryPush(value), { name: 'DataCloneError', code: 'ERR_THREADPORT_DATA_CLONE' });
    assert.throws(() => q.pushSync(value), code('ERR_THREADPORT_DATA_CLONE'));
    await assert.rejects(q.push(value), code('ERR_THREADPORT_DATA_CLONE'));
  }
  assert.equal(q.length, 0);
  assertUsable(q);
  const json = new SharedQueue({ codec: 'json' });
  for (const value of [undefined, () => {}, Symbol('s')]) assert.throws(() => json.tryPush(value), code('ERR_THREADPORT_DATA_CLONE'));
  const cycle = {};
  cycle.cycle = cycle;
  assert.throws(() => json.tryPush(cycle), TypeError);
  assert.throws(() => json.tryPush(5n), TypeError);
  assertUsable(json);
  const bytes = new SharedQueue({ codec: 'bytes' });
  for (const value of [undefined, 'text', 5, {}, [1]]) assert.throws(() => bytes.tryPush(value), code('ERR_INVALID_ARG_TYPE'));
  assertUsable(bytes, new Uint8Array([1]));
});

test('a codec or getter that throws in the middle commits nothing', async () => {
  const q = new SharedQueue({ capacity: 4096 });
  const trap = { a: 'x'.repeat(1000), blob: new Uint8Array(3000), get b() { throw new RangeError('from the getter'); } };
  assert.throws(() => q.tryPush(trap), { message: 'from the getter' });
  await assert.rejects(q.push(trap), { message: 'from the getter' });
  assert.deepEqual([q.length, q.bytesUsed], [0, 0]);
  assertUsable(q);

  let fail = true;
  const codec = {
    encode(v) { if (fail) throw new RangeError('from encode'); return new Uint8Array([v]); },
    decode([v]) { if (fail) throw new RangeError('from decode'); return v; },
  };
  const own = new SharedQueue({ codec });
  assert.throws(() => own.tryPush(1), { message: 'from encode' });
  assert.equal(own.length, 0);
  fail = false;
  for (const n of [1, 2, 3]) own.tryPush(n);
  const waiting = own.popMany(1);
  fail = true;
  assert.throws(() => own.tryPop(), { message: 'from decode' });
  fail = false;
  assert.deepEqual([waiting, own.tryPop()], [[1], 3]);
  assertUsable(own);
  for (const result of [undefined, 'text', 5]) {
    const wrong = new SharedQueue({ codec: { encode: () => result, decode: (v) => v } });
    assert.throws(() => wrong.tryPush(1), { code: 'ERR_INVALID_ARG_TYPE', message: /^The "options\.codec\.encode\(\)" property must be of type Uint8Array/ });
  }
});

test('an error of decode rejects the pop that waits, and the next one goes on', async () => {
  const codec = { encode: (n) => new Uint8Array([n]), decode([n]) { if (n === 1) throw new RangeError('from decode'); return n; } };
  const q = new SharedQueue({ codec });
  const [first, second] = [q.pop(), q.pop()];
  q.tryPush(1);
  q.tryPush(2);
  await assert.rejects(first, { message: 'from decode' });
  assert.equal(await second, 2);
});

test("a text in the memory that is no JSON is ERR_THREADPORT_CORRUPT, and the queue stays usable", () => {
  const q = new SharedQueue({ codec: 'json' });
  q.tryPush({ key: 'needle' });
  const bytes = new Uint8Array(q.buffer);
  const at = Buffer.from(bytes).indexOf('{"key"');
  assert.ok(at > 0);
  bytes[at] = 0x5b;
  assert.throws(() => q.tryPop(), (error) => error.code === 'ERR_THREADPORT_CORRUPT' && error.cause instanceof SyntaxError);
  q.tryPush(2);
  assert.equal(q.tryPop(), 2);
});

test('memory that says it cannot grow, but can, is refused', () => {
  const memory = new SharedArrayBuffer(4096, { maxByteLength: 1 << 20 });
  Object.defineProperty(memory, 'growable', { value: false });
  assert.throws(() => SharedQueue.from(memory), { code: 'ERR_INVALID_ARG_VALUE', message: /it can grow/ });
});

/** What hostile memory may lead to: any of our errors, or none. */
function survives(action) {
  try {
    action();
  } catch (error) {
    const codes = ['ERR_THREADPORT_CORRUPT', 'ERR_THREADPORT_CLOSED', 'ERR_THREADPORT_TOO_LARGE', 'ERR_INVALID_ARG_VALUE'];
    if (!codes.includes(error.code)) throw error;
  }
}

test('garbage in the memory: an error or nothing, never a crash or a hang', (t) => {
  const random = seeded(t);
  for (let round = 0; round < 300; round++) {
    const codec = random.pick(['structured', 'bytes', 'json']);
    const q = new SharedQueue({ capacity: 512, codec });
    const words = new Int32Array(q.buffer);
    const value = codec === 'bytes' ? new Uint8Array(40) : { a: 1, text: 'some text', list: [1, 2, 3] };
    for (let step = 0; step < 20; step++) {
      survives(() => q.tryPush(value));
      for (let n = 0; n < 2; n++) words[random.below(words.length)] = random.chance(0.5) ? random.below(60) : random.below(2 ** 32) | 0;
      survives(() => q.tryPop());
      survives(() => q.popSync(0));
      survives(() => q.popMany(3));
      survives(() => [q.length, q.bytesUsed, q.closed]);
      survives(() => SharedQueue.from(q.buffer));
    }
  }
});

test('a header that cannot be right is ERR_THREADPORT_CORRUPT', () => {
  const q = new SharedQueue({ capacity: 512 });
  q.tryPush('text');
  const words = new Uint32Array(q.buffer);
  words[80] = 100_000; // length of the first record
  assert.throws(() => q.tryPop(), code('ERR_THREADPORT_CORRUPT'));
  const other = new SharedQueue({ capacity: 512 });
  new Uint32Array(other.buffer)[16] = 100_000; // `claimed`, far ahead of `released`
  assert.throws(() => other.tryPush(1), code('ERR_THREADPORT_CORRUPT'));
});

test('the length of a long text that cannot be right is ERR_THREADPORT_CORRUPT', () => {
  const lengths = [1 << 18, 150_100, 2 ** 31 - 1, 2 ** 31 + 150_001, 2 ** 32 - 1, 2 ** 32 - 2];
  for (const length of lengths) {
    const q = new SharedQueue({ capacity: 1 << 18, codec: 'json' });
    assert.equal(q.tryPush('x'.repeat(150_000)), true);
    const words = new Uint32Array(q.buffer);
    assert.equal(words[83], 150_002); // of the text in quotes; the highest bit says that its units have two bytes
    words[83] = length;
    assert.throws(() => q.tryPop(), code('ERR_THREADPORT_CORRUPT'), String(length));
    assertUsable(q);
  }
});

test('where the stack ends a push throws a RangeError, and pushes nothing', () => {
  const q = new SharedQueue({ capacity: 1 << 20 });
  const names = new Set();
  let [pushed, left] = [0, 300];
  // From the deepest call up, once at each depth.
  const descend = () => {
    try {
      descend();
    } catch {}
    if (left-- <= 0) return;
    try {
      if (q.tryPush({ a: { b: 1 } })) pushed++;
    } catch ({ name }) {
      names.add(name);
    }
  };
  descend();
  assert.deepEqual([...names], ['RangeError']);
  assert.ok(pushed > 0);
  assert.equal(q.length, pushed);
});

test('without the addon a SharedQueue says so', async () => {
  const program = `
    const { SharedQueue } = require('threadport');
    for (const make of [() => new SharedQueue(), () => SharedQueue.from(new SharedArrayBuffer(8))]) {
      try { make(); } catch (error) { console.log(error.code); }
    }`;
  const { lines } = await run(['-e', program], { env: { THREADPORT_DISABLE_NATIVE: '1', NODE_NO_WARNINGS: '1' } });
  assert.deepEqual(lines, ['ERR_THREADPORT_NO_NATIVE', 'ERR_THREADPORT_NO_NATIVE']);
});

test('a buffer that a getter detaches or changes after it was read is pushed as it was', () => {
  for (const size of [8, 5000]) {
    for (const act of [(b) => structuredClone(b, { transfer: [b] }), (b) => new Uint8Array(b).fill(9)]) {
      const q = new SharedQueue();
      const b = new Uint8Array(size).fill(7).buffer;
      q.tryPush({ b, get a() { act(b); return 1; } });
      assert.deepEqual(new Uint8Array(q.tryPop().b), new Uint8Array(size).fill(7));
    }
  }
});
