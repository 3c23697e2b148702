'use strict';
// Objects and arrays: shapes, keys, holes, accessors, identity: name -> maker.

const keyed = (keys) => Object.fromEntries(keys.map((key, index) => [key, index]));
const numbered = (count, prefix = 'key') => keyed(Array.from({ length: count }, (_, n) => `${prefix}${n}`));
const own = (key, value) => Object.defineProperty({ before: 1 }, key, { value, enumerable: true, writable: true, configurable: true });

class Base {
  constructor() {
    this.base = 1;
  }
  get computed() {
    return 2;
  }
}
class Derived extends Base {
  #secret = 3;
  field = this.#secret;
  method() {}
}

const objects = {
  'empty object': () => ({}),
  'small object': () => ({ a: 1, b: 'two', c: null, d: undefined }),
  'JSON-RPC request': () => ({ jsonrpc: '2.0', id: 7, method: 'textDocument/hover', params: { textDocument: { uri: 'file:///a' }, position: { line: 1, character: 2 } } }),
  'integer keys come first': () => ({ b: 1, 2: 2, a: 3, 1: 4, 0: 5 }),
  'integer keys only': () => ({ 10: 'a', 2: 'b', 4294967294: 'c' }),
  'keys that only look like integers': () => keyed(['-1', '1.5', '01', '4294967295', '9007199254740993', ' 1', '1e3', '-0']),
  'the empty key': () => ({ '': 1, a: 2 }),
  'an own __proto__': () => own('__proto__', { polluted: true }),
  'an own __proto__ that is null': () => own('__proto__', null),
  'an own __proto__ from JSON': () => JSON.parse('{"__proto__":{"x":1},"y":2}'),
  'names of Object.prototype': () => ({ constructor: 1, toString: 'no function', valueOf: null, hasOwnProperty: 2, isPrototypeOf: 3 }),
  'names with a meaning elsewhere': () => ({ then: 1, toJSON: 'x', length: 3, callee: 1, name: 'n', prototype: {}, default: 1, get: 1, set: 2 }),
  'keys that are no identifiers': () => keyed(['a b', 'a-b', '"', "'", '\\', '\n', '`${x}`', '</script>', '*/', 'ключ', '字', '\u2028']),
  'keys with lone surrogates': () => keyed(['\ud800', '\udc00x', 'x\ud83d']),
  'latin1 keys': () => keyed(['é', 'ÿ', '\u0080']),
  'a key of 10,000 characters': () => ({ ['k'.repeat(10_000)]: 1 }),
  '200 keys': () => numbered(200),
  '5,000 keys': () => numbered(5000),
  '2,000 integer keys': () => keyed(Array.from({ length: 2000 }, (_, n) => String(n * 3))),
  'the same keys in two orders': () => [{ a: 1, b: 2 }, { b: 3, a: 4 }, { a: 5, b: 6 }],
  '300 different shapes': () => Array.from({ length: 300 }, (_, n) => numbered(n % 7, `s${n}_`)),
  '1,000 objects of one shape': () => Array.from({ length: 1000 }, (_, n) => ({ id: n, label: `item ${n}`, detail: n % 3 ? undefined : { n } })),
  'shapes with a type change': () => [{ v: 1 }, { v: 1.5 }, { v: 'x' }, { v: null }, { v: {} }, { v: undefined }, { v: 2n }],
  'a deleted key': () => {
    const object = { a: 1, b: 2, c: 3 };
    delete object.b;
    return object;
  },
  'a deleted and re-added key': () => {
    const object = { a: 1, b: 2, c: 3 };
    delete object.a;
    object.a = 4;
    return object;
  },
  'null prototype': () => Object.assign(Object.create(null), { a: 1 }),
  'another prototype with enumerable properties': () => Object.assign(Object.create({ inherited: 1 }), { own: 2 }),
  'class instance': () => new Base(),
  'instance of a derived class with a private field': () => new Derived(),
  'class instances in an array': () => [new Base(), new Derived(), new Base()],
  'an instance whose constructor is own': () => Object.assign(new Base(), { constructor: 'own' }),
  'an object whose prototype is an Array': () => Object.create([1, 2]),
  'an object whose prototype is a Map': () => Object.create(new Map()),
  'an object that says it is a Date': () => ({ [Symbol.toStringTag]: 'Date', own: 1 }),
  'symbol keys are dropped': () => ({ [Symbol('s')]: 1, [Symbol.iterator]: 2, kept: 3 }),
  'only symbol keys': () => ({ [Symbol('s')]: () => {} }),
  'non-enumerable properties are dropped': () => Object.defineProperties({ a: 1 }, { hidden: { value: 2 }, shown: { value: 3, enumerable: true } }),
  'read-only properties become plain': () => Object.defineProperty({}, 'fixed', { value: 1, enumerable: true }),
  'frozen': () => Object.freeze({ a: Object.freeze([1]), b: 2 }),
  'sealed': () => Object.seal({ a: 1 }),
  'not extensible': () => Object.preventExtensions({ a: 1, b: [] }),
  'a getter': () => ({ a: 1, get twice() { return this.a * 2; }, z: 3 }),
  'a setter alone': () => ({ a: 1, set only(_) {}, z: 3 }),
  'a getter that makes a new object each time': () => ({ get fresh() { return {}; }, get again() { return []; } }),
  'a getter that adds a key': () => ({ get first() { this.added = 1; return 0; }, last: 2 }),
  'a getter that deletes a later key': () => ({ get first() { delete this.later; return 0; }, later: 1, last: 2 }),
  'a getter that hides a later key': () => ({ get first() { Object.defineProperty(this, 'later', { enumerable: false }); return 0; }, later: 1, last: 2 }),
  'a getter that changes a later value': () => ({ get first() { this.later = 'changed'; return 0; }, later: 1 }),
  'a getter that replaces the prototype': () => ({ get first() { Object.setPrototypeOf(this, null); return 0; }, later: 1 }),
  'a getter that is shared through two paths': () => {
    let calls = 0;
    const object = { get count() { return ++calls; } };
    return [object, object, { object }];
  },
  'JSON, Math and Reflect': () => [Math, JSON, Reflect],
  'an Object wrapper': () => Object({ a: 1 }),
  'an object created with a null-prototype prototype': () => Object.assign(Object.create(Object.create(null)), { a: 1 }),
};

const arrays = {
  'empty array': () => [],
  'small integers': () => [1, 2, 3, -4],
  '10,000 small integers': () => Array.from({ length: 10_000 }, (_, n) => (n * 7919) % 1000),
  '10,000 large integers': () => Array.from({ length: 10_000 }, (_, n) => n * 1_000_003),
  doubles: () => [0.5, -0, NaN, Infinity, 1e300, 5e-324],
  'integers, then one double': () => [1, 2, 3, 4.5],
  'integers with -0': () => [1, -0, 0, 2],
  'doubles with holes': () => [1.5, , 2.5, , NaN],
  strings: () => ['a', 'b', '字', '', 'a'],
  'mixed': () => [1, 'a', null, undefined, { a: 1 }, [2], 3n, true],
  'undefined is no hole': () => [undefined, , undefined],
  'leading and trailing holes': () => { const array = [, , 1]; array.length = 6; return array; },
  'holes only': () => new Array(5),
  'sparse': () => { const array = []; array[1000] = 'far'; array[3] = 'near'; return array; },
  'very sparse': () => { const array = []; array[100_000] = 1; return array; },
  'the longest array': () => { const array = []; array.length = 4294967295; return array; },
  'hole where Array.prototype has nothing': () => [[, 1], [1, ,]],
  'extra properties': () => Object.assign([1, 2], { extra: 'x', '-1': 1, '1.5': 2, 4294967295: 'no index' }),
  'extra properties on an empty array': () => Object.assign([], { a: 1, b: [] }),
  'extra properties on a sparse array': () => Object.assign([, 1, , ], { x: {} }),
  'symbol and hidden properties': () => Object.defineProperty(Object.assign([1], { [Symbol('s')]: 1 }), 'hidden', { value: 1 }),
  'a match result': () => /(?<year>\d+)-(\d+)/.exec('on 2020-12'),
  'a template strings array': () => ((strings) => strings)`a${1}b`,
  'subclass of Array': () => (class List extends Array {}).from([1, 2, 3]),
  'array with another prototype': () => Object.setPrototypeOf([1, 2], { odd: true }),
  'frozen array': () => Object.freeze([1, [2], { a: 3 }]),
  'read-only length': () => Object.defineProperty([1, 2], 'length', { writable: false }),
  'an accessor element': () => Object.defineProperty([1, 2, 3], 1, { get: () => 'computed', enumerable: true }),
  'a hidden element': () => Object.defineProperty([1, 2, 3], 1, { value: 2, enumerable: false }),
  'an element getter that shortens': () => { const array = [0, 1, 2, 3]; Object.defineProperty(array, 0, { get() { array.length = 2; return 'g'; }, enumerable: true }); return array; },
  'an element getter that lengthens': () => { const array = [0, 1]; Object.defineProperty(array, 0, { get() { array.push('pushed'); return 'g'; }, enumerable: true }); return array; },
  'an element getter that fills a hole': () => { const array = [0, , 2, , 4]; Object.defineProperty(array, 0, { get() { array[1] = array[3] = 'late'; return 'g'; }, enumerable: true }); return array; },
  'a getter in an array that fills one hole and makes another': () => { const array = [{ get a() { array[1] = 'late'; delete array[2]; array.length = 7; return 1; } }, , 2, 3]; return array; },
  'a getter that makes holes around it': () => { const array = ['before', { get a() { delete array[0]; delete array[3]; array[2] = 'changed'; return 1; } }, 2, 3, 4]; return array; },
  'nested arrays': () => [[[[[1], 2], 3], []], [[]]],
  'array of pairs': () => Array.from({ length: 500 }, (_, n) => [n, n * 0.5]),
  '500 levels of arrays': () => { let array = []; for (let level = 0; level < 500; level++) array = [array, level]; return array; },
  '500 levels of objects': () => { let object = {}; for (let level = 0; level < 500; level++) object = { level, object }; return object; },
};

const identity = {
  'the same object twice': () => { const shared = { a: 1 }; return [shared, shared, { shared }]; },
  'equal but different objects': () => [{ a: 1 }, { a: 1 }],
  'an object that holds itself': () => { const object = {}; object.self = object; return object; },
  'an array that holds itself': () => { const array = [1]; array.push(array, array); return array; },
  'a cycle of three': () => { const [a, b, c] = [{}, [], new Map()]; a.b = b; b.push(c); c.set('a', a); return a; },
  'twenty objects shared crosswise': () => { const all = Array.from({ length: 20 }, (_, n) => ({ n, links: [] })); all.forEach((one) => one.links.push(...all)); return all; },
  'a shared array beside its copy': () => { const list = [1, 2, 3]; return { a: list, b: list, c: [...list] }; },
  'a shared Date, Map, Set, RegExp, Error, buffer and box': () => { const all = [new Date(1), new Map(), new Set(), /x/, new Error('e'), new ArrayBuffer(2), new Number(1), 5n]; return { one: all, two: [...all] }; },
  '2,000 references to one object': () => { const shared = { a: 1 }; return Array.from({ length: 2000 }, (_, n) => (n % 2 ? shared : { n, shared })); },
  'a doubly linked list': () => { const nodes = Array.from({ length: 200 }, (_, n) => ({ n })); nodes.forEach((node, n) => Object.assign(node, { next: nodes[n + 1], previous: nodes[n - 1] })); return nodes[0]; },
  'a tree with parent links': () => { const grow = (parent, depth) => { const node = { parent, children: [] }; if (depth > 0) node.children.push(grow(node, depth - 1), grow(node, depth - 1)); return node; }; return grow(null, 6); },
};

module.exports = { ...objects, ...arrays, ...identity };
