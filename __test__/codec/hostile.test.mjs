/** Patched and frozen built-ins change nothing: each program patches in a process of its own, after the codec is loaded. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Deserializer } from 'node:v8';
import { makeValues } from './hostile-values.mjs';
import { assertSame } from './support.mjs';

const program = fileURLToPath(new URL('./hostile-child.mjs', import.meta.url));

const patches = {
  'nothing': '',
  'setters for indices on Object.prototype': `for (let i = 0; i < 300; i++) Object.defineProperty(Object.prototype, i, { configurable: true, set() { hit('set ' + i); }, get() { return undefined; } });`,
  'setters for indices on Array.prototype': `for (let i = 0; i < 300; i++) Object.defineProperty(Array.prototype, i, { configurable: true, set() { hit('set ' + i); }, get() { return undefined; } });`,
  'setters for the keys on Object.prototype': `for (const key of ['a', 'b', 'self', 'list', 'k1', 'name', 'toString']) Object.defineProperty(Object.prototype, key, { configurable: true, set() { hit(key); }, get() { return undefined; } });`,
  'an accessor for __proto__': `Object.defineProperty(Object.prototype, '__proto__', { set() { hit('__proto__'); }, get() { hit('get __proto__'); } });`,
  'enumerable properties on Object.prototype': `Object.prototype.inherited = 1; Object.prototype.value = 'polluted'; Object.prototype.get = undefined;`,
  'iterators': `for (const P of [Array.prototype, Map.prototype, Set.prototype, String.prototype, Object.getPrototypeOf(Uint8Array.prototype)]) P[Symbol.iterator] = () => { hit('iterator'); };`,
  'methods of every built-in': `
    for (const C of [Object, Array, Map, Set, String, Number, BigInt, Date, RegExp, ArrayBuffer, DataView, Uint8Array, Object.getPrototypeOf(Uint8Array), Error, Function, Reflect, Math, JSON, Symbol]) {
      for (const O of [C, C.prototype]) for (const key of O ? Reflect.ownKeys(O) : []) {
        if (key === 'prototype' || key === 'constructor' || key === 'hasInstance') continue;
        const d = Object.getOwnPropertyDescriptor(O, key);
        if (!d.configurable) continue;
        if (typeof d.value === 'function') saved.push([O, key, { ...d, value() { hit(String(key)); } }]);
        else if (d.get) saved.push([O, key, { ...d, get() { hit('get ' + String(key)); } }]);
      }
    }
    for (let i = 0; i < saved.length; i++) if (!(saved[i][0] === Object && saved[i][1] === 'defineProperty')) define(saved[i][0], saved[i][1], saved[i][2]);
    define(Object, 'defineProperty', { value() { hit('defineProperty'); }, configurable: true, writable: true });`,
  'constructors and species': `for (const C of [Array, Map, Set, RegExp, ArrayBuffer, Uint8Array, Object.getPrototypeOf(Uint8Array), Promise]) { Object.defineProperty(C, Symbol.species, { get() { hit('species'); } }); Object.defineProperty(C.prototype, 'constructor', { get() { hit('constructor'); } }); }`,
  'replaced globals': `for (const name of ['Array', 'Map', 'Set', 'Date', 'RegExp', 'ArrayBuffer', 'Uint8Array', 'Float64Array', 'Int32Array', 'DataView', 'Error', 'TypeError', 'BigInt', 'Symbol', 'structuredClone']) globalThis[name] = function () { hit(name); };`,
  'frozen prototypes': `for (const C of [Object, Array, Map, Set, String, Date, RegExp, Error, Function, ArrayBuffer, Uint8Array]) { Object.freeze(C.prototype); Object.freeze(C); }`,
  'a frozen Error': `Object.freeze(Error);`,
  'prepareStackTrace': `Error.prepareStackTrace = () => { hit('prepareStackTrace'); };`,
};

const newerV8 = ['--require', fileURLToPath(new URL('newer-v8.cjs', import.meta.url))];
const hosts = { '': [], ', without code generation': ['--disallow-code-generation-from-strings'], ', with a newer V8': newerV8 };

function deserialize(hex) {
  const deserializer = new Deserializer(Buffer.from(hex, 'hex'));
  deserializer.readHeader();
  return deserializer.readValue();
}

for (const name of Object.keys(patches)) {
  for (const [host, flags] of Object.entries(hosts)) {
    test(`${name}${host}`, () => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, program, patches[name]], { encoding: 'utf8', timeout: 60000 });
      assert.equal(status, 0, stdout + stderr);
      assert.match(stdout, /^[0-9a-f]+ [0-9a-f]+$/);
      const expected = makeValues().map((value) => structuredClone(value));
      stdout.split(' ').forEach((hex, i) => assertSame(deserialize(hex), expected[i]));
    });
  }
}

test('an accessor that is put back on Object.prototype is not met, though a list of keys came while it was away', () => {
  const child = fileURLToPath(new URL('put-back-child.mjs', import.meta.url));
  for (const flags of [[], newerV8]) {
    const { stdout, stderr } = spawnSync(process.execPath, [...flags, child], { encoding: 'utf8', timeout: 60000 });
    assert.deepEqual(JSON.parse(stdout || stderr), { calls: 0, same: true });
  }
});
