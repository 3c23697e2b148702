/** Random values, compared with structuredClone. THREADPORT_TEST_SEED repeats a run. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { assertSame, makePair, REFUSED } from './support.mjs';

const seed = Number(process.env.THREADPORT_TEST_SEED ?? Date.now() % 1e9) | 0;
const rounds = 1500;

function generator(start) {
  let s = start | 0;
  const next = () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, int: (n) => Math.floor(next() * n) };
}

const KEYS = ['a', 'b', 'id', 'name', 'value', 'kind', 'toString', '__proto__', 'constructor', '1', '07', 'é', 'Ā', '', 'x y'];
const TEXTS = ['', 'x', 'ab', 'hello', 'a longer string of text', 'é', 'Ā', '\ud800', '😀😀'];

/** A value of about `size` nodes; `made` are objects to be referred to again. */
function make(r, depth, made) {
  const kind = r.int(depth > 6 ? 8 : 19);
  if (made.length > 0 && r.int(8) === 0) return made[r.int(made.length)];
  switch (kind) {
    case 0: return r.int(2) ? r.int(100) : r.int(2 ** 32) - 2 ** 31;
    case 1: return [0.5, -0, NaN, 1e300, r.next()][r.int(5)];
    case 2: case 3: return TEXTS[r.int(TEXTS.length)];
    case 4: return [undefined, null, true, false][r.int(4)];
    case 5: return BigInt(r.int(1e9)) ** BigInt(r.int(9)) * (r.int(2) ? 1n : -1n);
    case 6: return `${r.int(1e6)}`;
    case 7: return r.int(10);
    case 8: return keep(made, new Date(r.int(5) ? r.int(1e12) : NaN));
    case 9: return keep(made, bytes(r));
    case 10: return keep(made, r.int(2) ? Object(TEXTS[r.int(9)]) : /[a-z]+/gi);
    case 11: return fillMap(r, depth, made);
    case 12: return fillSet(r, depth, made);
    case 13: case 14: return fillArray(r, depth, made);
    default: return fillObject(r, depth, made);
  }
}

function keep(made, object) {
  made.push(object);
  return object;
}

function bytes(r) {
  const buffer = new ArrayBuffer(8 * r.int(r.int(20) ? 20 : 600));
  const view = [Uint8Array, Int32Array, Float64Array, DataView][r.int(4)];
  return r.int(3) ? new view(buffer, buffer.byteLength > 8 ? 8 : 0) : buffer;
}

function fillMap(r, depth, made) {
  const map = keep(made, new Map());
  for (let i = r.int(5); i > 0; i--) map.set(make(r, depth + 1, made), make(r, depth + 1, made));
  return map;
}

function fillSet(r, depth, made) {
  const set = keep(made, new Set());
  for (let i = r.int(5); i > 0; i--) set.add(make(r, depth + 1, made));
  return set;
}

function fillArray(r, depth, made) {
  const array = keep(made, []);
  const n = r.int(r.int(10) ? 8 : 100);
  const style = r.int(5);
  for (let i = 0; i < n; i++) {
    if (style === 0) array.push(r.int(1000));
    else if (style === 1) array.push(r.int(5) ? r.next() : r.int(9));
    else if (style === 2) array.push(r.int(9) ? i : make(r, depth + 3, made));
    else array.push(make(r, depth + 1 + n / 20, made));
  }
  if (n > 0 && r.int(10) === 0) delete array[r.int(n)];
  return array;
}

function fillObject(r, depth, made) {
  const object = keep(made, r.int(20) ? {} : Object.create(null));
  const n = r.int(r.int(20) ? 6 : 80);
  const regular = r.int(2) ? ['id', 'name', 'kind', 'value', 'a', 'b'] : null;
  for (let i = 0; i < n; i++) {
    const key = regular !== null && i < 6 ? regular[i] : r.int(3) ? KEYS[r.int(KEYS.length)] : `k${r.int(50)}`;
    Object.defineProperty(object, key, { value: make(r, depth + 1 + n / 20, made), writable: true, enumerable: true, configurable: true });
  }
  return object;
}

test(`random values, seed ${seed}`, () => {
  let pair = makePair();
  let carried = 0;
  for (let round = 0; round < rounds; round++) {
    if (round % 300 === 0) pair = makePair();
    const r = generator(seed + round);
    const value = r.int(6) ? make(r, 0, []) : Array.from({ length: 40 }, () => make(r, 1, []));
    const actual = pair.roundTrip(value);
    if (actual === REFUSED) continue;
    carried++;
    try {
      assertSame(actual, structuredClone(value));
    } catch (error) {
      throw new Error(`THREADPORT_TEST_SEED=${seed} round ${round}: ${error.message}`, { cause: error });
    }
  }
  assert.ok(carried > rounds * 0.9, `${carried} of ${rounds} carried`);
});

test(`random graphs of many small objects, seed ${seed}`, () => {
  const { roundTrip } = makePair();
  for (let round = 0; round < rounds / 10; round++) {
    const r = generator(seed ^ (round * 7919));
    const nodes = Array.from({ length: 2 + r.int(200) }, (_, i) => (r.int(4) ? { i: i % 5, a: null, b: null } : r.int(2) ? { a: null, s: `${i}` } : [null]));
    for (const node of nodes) {
      for (const key of Object.keys(node)) if (node[key] === null && r.int(5)) node[key] = nodes[r.int(Math.min(nodes.length, 40))];
    }
    const actual = roundTrip(nodes);
    if (actual !== REFUSED) assertSame(actual, structuredClone(nodes));
  }
});
