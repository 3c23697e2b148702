'use strict';
// Dates, collections, expressions and errors: name -> maker.

const dates = {
  'date': () => new Date(1_700_000_000_123),
  'date before 1970': () => new Date(-1),
  'date -0': () => new Date(-0),
  'invalid date': () => new Date(NaN),
  'the extreme dates': () => [new Date(8.64e15), new Date(-8.64e15)],
  'date with a property': () => Object.assign(new Date(5), { extra: 1 }),
  'subclass of Date': () => new (class Day extends Date {})(5),
  'date with an own getTime': () => Object.assign(new Date(5), { getTime: () => 6, valueOf: () => 7 }),
  'date with a null prototype': () => Object.setPrototypeOf(new Date(5), null),
};

const collections = {
  'empty Map': () => new Map(),
  'Map of primitives': () => new Map([[1, 'a'], ['1', 'b'], [NaN, 'nan'], [0, 'zero'], [undefined, null], [1n, true]]),
  'Map with object keys': () => { const key = { k: 1 }; return [new Map([[key, 'by object'], [[1], new Map()]]), key]; },
  'Map with itself as key and value': () => { const map = new Map(); return map.set(map, map).set('x', [map]); },
  'Map of 2,000 entries': () => new Map(Array.from({ length: 2000 }, (_, n) => [`key ${n}`, { n }])),
  'Map with a property': () => Object.assign(new Map([[1, 2]]), { extra: 1 }),
  'subclass of Map': () => new (class Table extends Map {})([[1, 2]]),
  'Map whose iteration was patched': () => Object.assign(new Map([[1, 2]]), { entries: null, forEach: null, [Symbol.iterator]: null }),
  'Map that a getter changes while it is read': () => { const map = new Map(); return map.set('a', { get x() { map.set('late', 1); map.delete('b'); return 1; } }).set('b', 2); },
  'Map after deletions': () => { const map = new Map([[1, 1], [2, 2], [3, 3]]); map.delete(2); map.set(1, 'again'); return map; },
  'empty Set': () => new Set(),
  'Set of mixed values': () => new Set([1, '1', NaN, -0, undefined, {}, [], new Set([1])]),
  'Set with itself': () => { const set = new Set([1]); return set.add(set).add(2); },
  'Set of 2,000': () => new Set(Array.from({ length: 2000 }, (_, n) => n * 3)),
  'Set with a property': () => Object.assign(new Set([1]), { extra: 1 }),
  'subclass of Set': () => new (class Bag extends Set {})([1, 2]),
  'Set that a getter changes while it is read': () => { const set = new Set(); return set.add({ get x() { set.add('late'); return 1; } }).add(2); },
  'Set of Map of Set': () => new Set([new Map([[new Set([1]), new Set([2])]])]),
};

const expressions = {
  'RegExp': () => /a(b)?/,
  'RegExp with all flags of u': () => /./dgimsuy,
  'RegExp with v': () => new RegExp('[a-z]', 'v'),
  'RegExp with slashes and line ends': () => [new RegExp('a/b\\/c\n'), new RegExp(''), /[/]\u2028/],
  'RegExp with lastIndex': () => Object.assign(/x/g, { lastIndex: 5 }),
  'RegExp with a property': () => Object.assign(/x/, { extra: 1 }),
  'subclass of RegExp': () => new (class Pattern extends RegExp {})('x', 'i'),
  'RegExp with lone surrogates': () => new RegExp('\ud800[字]'),
};

class CustomError extends TypeError {
  name = 'CustomError';
  code = 'E_CUSTOM';
}
class PosingError extends Error {
  get name() {
    return 'RangeError';
  }
}
const without = (error, ...names) => {
  for (const name of names) delete error[name];
  return error;
};
const errors = {};
for (const Type of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
  errors[Type.name] = () => new Type(`a ${Type.name} with \ud800 and 字`);
}
Object.assign(errors, {
  'error without message': () => new Error(),
  'error with an empty message': () => new Error(''),
  'error with a cause': () => new Error('outer', { cause: new TypeError('inner', { cause: 'root' }) }),
  'error with an undefined cause': () => new Error('outer', { cause: undefined }),
  'error with an object as cause': () => { const cause = { a: [1] }; return [new Error('x', { cause }), cause]; },
  'error with an enumerable cause': () => Object.assign(new Error('x'), { cause: 1 }),
  'error with more properties': () => Object.assign(new Error('x'), { code: 'E_X', errno: -1, info: { a: 1 } }),
  'error with an own name of a built-in': () => Object.assign(new Error('x'), { name: 'TypeError' }),
  'error with an own other name': () => Object.assign(new Error('x'), { name: 'Whatever' }),
  'error with a name that is no string': () => Object.assign(new Error('x'), { name: 5 }),
  'error of a class of its own': () => new CustomError('custom'),
  'error with a getter as name': () => new PosingError('posing'),
  'error without stack': () => without(new Error('x'), 'stack'),
  'error without stack and message': () => without(new Error('x'), 'stack', 'message'),
  'error with a stack that is no string': () => Object.defineProperty(new Error('x'), 'stack', { value: 5 }),
  'error with another stack': () => Object.defineProperty(new Error('x'), 'stack', { value: 'my stack' }),
  'error with an enumerable message': () => Object.defineProperty(new Error('x'), 'message', { value: 'y', enumerable: true }),
  'error with a message that is no string': () => Object.assign(new Error(), { message: 42 }),
  'error with a getter as message': () => Object.defineProperty(new Error('x'), 'message', { get: () => 'computed' }),
  'error with a null prototype': () => Object.setPrototypeOf(new TypeError('x'), null),
  'error with an object prototype': () => Object.setPrototypeOf(new TypeError('x'), Object.prototype),
  'AggregateError': () => new AggregateError([new Error('a'), 1], 'many'),
  'AggregateError with a cause': () => new AggregateError([], 'many', { cause: 1 }),
  'frozen error': () => Object.freeze(new RangeError('cold')),
  'the same error twice': () => { const error = new Error('x'); return [error, { error }]; },
  'an object that inherits from Error': () => Object.assign(Object.create(Error.prototype), { message: 'not really' }),
  'a system error': () => { try { return require('node:fs').readFileSync('/nonexistent/file'); } catch (error) { return error; } },
  'an AssertionError': () => { try { return require('node:assert').equal(1, 2, 'no'); } catch (error) { return error; } },
});

module.exports = { ...dates, ...collections, ...expressions, ...errors };
