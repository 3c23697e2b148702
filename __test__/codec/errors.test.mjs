/** Errors arrive as stock makes them, and what stock would have to convert goes by the carrier. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { assertSame, makePair, REFUSED } from './support.mjs';

class Custom extends Error {}
const named = (name) => Object.assign(new Error('m'), { name });
const withStack = (error, stack) => Object.defineProperty(error, 'stack', { value: stack, configurable: true });

const errors = {
  plain: new Error('m'), 'without a message': new Error(), 'with an empty message': new Error(''), type: new TypeError('t'),
  range: new RangeError('r'), syntax: new SyntaxError('s'), reference: new ReferenceError('e'), eval: new EvalError('v'), uri: new URIError('u'),
  subclass: new Custom('c'), 'renamed to a class': named('TypeError'), 'renamed to anything': named('Anything'),
  'own properties are dropped': Object.assign(new Error('m'), { code: 'ECODE', extra: {} }), aggregate: new AggregateError([1], 'agg'),
  'cause': new Error('m', { cause: 'because' }), 'undefined cause': new Error('m', { cause: undefined }), 'own stack': withStack(new Error('m'), 'my stack'),
};

for (const name of Object.keys(errors)) {
  test(`error: ${name}`, () => {
    const { roundTrip } = makePair();
    assertSame(roundTrip(errors[name]), structuredClone(errors[name]));
    const pair = { a: errors[name], b: errors[name] };
    assertSame(roundTrip(pair), structuredClone(pair));
  });
}

test('limits of stack traces are respected and kept', () => {
  const { roundTrip } = makePair();
  const limit = Error.stackTraceLimit;
  roundTrip(new Error('x'));
  assert.equal(Error.stackTraceLimit, limit);
});

test('errors that need conversions are refused', () => {
  const { roundTrip } = makePair();
  for (const error of [
    Object.defineProperty(new Error(), 'message', { value: 5 }), Object.defineProperty(new Error(), 'message', { get: () => 'x' }),
    Object.assign(new Error('m'), { name: 5 }), withStack(new Error('m'), 5),
  ]) assert.equal(roundTrip(error), REFUSED);
});
