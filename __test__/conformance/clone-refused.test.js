'use strict';
// What cannot be cloned, what is borderline, and hostile objects: the outcome is the built-in's, word for word.

const test = require('node:test');
const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { channel } = require('../support/threads.js');
const { describe } = require('../support/describe.js');
const { outcome } = require('../support/outcome.js');
const { sequence } = require('../support/mixture.js');
const { REFUSED, BORDERLINE } = require('../support/values/refused.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** What posting does, and what then arrives, in a form that can be compared. */
function attempt(t, module, make) {
  const { port1, port2 } = channel(t, module);
  const posted = outcome(() => port1.postMessage(make()));
  if ('thrown' in posted) return { posted, next: module.receiveMessageOnPort(port2) };
  return { posted, arrived: outcome(() => describe(module.receiveMessageOnPort(port2).message)) };
}

for (const [name, make] of Object.entries(REFUSED)) {
  test(`${name} is refused as the built-in does`, (t) => {
    const [ours, theirs] = [wt, stock].map((module) => attempt(t, module, make));
    assert.ok('thrown' in theirs.posted);
    assert.deepEqual(ours, theirs);
  });
}

for (const [name, make] of Object.entries(BORDERLINE)) {
  test(`${name} has the outcome of the built-in`, (t) => {
    const [ours, theirs] = [wt, stock].map((module) => attempt(t, module, make));
    assert.deepEqual(ours, theirs);
  });
}

test('the DataCloneError of a function is a DOMException with the source text', (t) => {
  const { port1 } = channel(t, wt);
  assert.throws(() => port1.postMessage(() => {}), (error) => {
    assert.ok(error instanceof DOMException);
    assert.ok(error instanceof Error);
    assert.equal(error.name, 'DataCloneError');
    assert.equal(error.code, DOMException.DATA_CLONE_ERR);
    assert.equal(error.message, '() => {} could not be cloned.');
    assert.match(error.stack, /DataCloneError: \(\) => \{\} could not be cloned/);
    return true;
  });
});

test('a getter runs once, in the order of the keys, with the object as this', (t) => {
  const { port1, port2 } = channel(t, wt);
  const log = [];
  const value = {
    get a() { log.push(['a', this === value]); return 1; },
    b: { get c() { log.push(['c', this === value.b]); return 2; } },
    get d() { log.push(['d', this === value]); return 3; },
  };
  port1.postMessage(value);
  assert.deepEqual(log, [['a', true], ['c', true], ['d', true]]);
  assert.deepEqual(wt.receiveMessageOnPort(port2).message, { a: 1, b: { c: 2 }, d: 3 });
});

test('getters before the place of a failure run once too, and nothing is sent', (t) => {
  const { port1, port2 } = channel(t, wt);
  let calls = 0;
  const value = { get counted() { return ++calls; }, refused: () => {}, get never() { return ++calls; } };
  assert.throws(() => port1.postMessage(value), { name: 'DataCloneError' });
  assert.equal(calls, 1);
  assert.equal(wt.receiveMessageOnPort(port2), undefined);
});

test('a getter beside a value that only the stock serializer carries runs once', (t) => {
  const { port1, port2 } = channel(t, wt);
  let calls = 0;
  const value = { get before() { return ++calls; }, shared: new SharedArrayBuffer(1), get after() { return ++calls; } };
  port1.postMessage(value);
  const { message } = wt.receiveMessageOnPort(port2);
  assert.equal(calls, 2);
  assert.deepEqual([message.before, message.after], [1, 2]);
});

test('postMessage called inside a getter of a message, ten deep', (t) => {
  const { port1, port2 } = channel(t, wt);
  const nested = (level) => ({
    level,
    get inner() {
      if (level < 10) port1.postMessage(nested(level + 1));
      return level;
    },
  });
  port1.postMessage(nested(0));
  const levels = sequence(11).map(() => wt.receiveMessageOnPort(port2).message.level);
  assert.deepEqual(levels, sequence(11).reverse());
});

test('ten thousand failed posts leave the port as it was', (t) => {
  const { port1, port2 } = channel(t, wt);
  const refused = [{ a: [1, 'x', () => {}] }, new Proxy({}, {}), { get a() { throw new Error('no'); } }];
  for (let n = 0; n < 10_000; n++) assert.throws(() => port1.postMessage(refused[n % 3]));
  port1.postMessage({ fine: true });
  assert.deepEqual(wt.receiveMessageOnPort(port2), { message: { fine: true } });
});
