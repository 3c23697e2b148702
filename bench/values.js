'use strict';
// What the messages carry. Every function is deterministic: both threads call it and compare, nothing is shared.

/** A small linear congruential generator: the same numbers on each thread and in each run. */
function generator(seed) {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const times = (n, make) => Array.from({ length: n }, (_, i) => make(i));

/** Flat strings (not ropes, not slices), as a file or a socket would give them. */
function latin1(length, seed) {
  const random = generator(seed);
  return Buffer.from(times(length, () => 32 + random(95))).toString('latin1');
}

function cjk(length, seed) {
  const random = generator(seed);
  return Buffer.from(Uint16Array.from({ length }, () => 0x4e00 + random(0x5000)).buffer).toString('utf16le');
}

function bytes(length, seed) {
  const random = generator(seed);
  return Uint8Array.from({ length }, () => random(256));
}

const uri = (i) => `file:///project/src/module${i % 7}/notebook${i % 13}.ipynb#cell${i}`;

function request(i) {
  return {
    jsonrpc: '2.0',
    id: i,
    method: 'textDocument/hover',
    params: { textDocument: { uri: uri(i) }, position: { line: i % 500, character: i % 80 } },
  };
}

function completionItem(i) {
  return {
    label: `complete_${i}`,
    kind: 1 + (i % 25),
    detail: `(method) Module${i % 17}.complete_${i}(value: number) -> str`,
    sortText: `${11 + (i % 3)}.${String(i).padStart(5, '0')}`,
    insertText: `complete_${i}($0)`,
    insertTextFormat: 2,
    data: { symbol: i, workspace: 0 },
  };
}

function diagnostic(i) {
  return {
    range: { start: { line: i, character: 4 }, end: { line: i, character: 20 + (i % 30) } },
    severity: 1 + (i % 4),
    code: 'reportAttributeAccessIssue',
    source: 'analysis',
    message: `Cannot access attribute "field_${i}" for class "Module${i % 17}"`,
  };
}

const completions = (seed, n = 500) => ({ isIncomplete: false, items: times(n, (i) => completionItem(seed * n + i)) });
const diagnostics = (seed, n = 120) => ({ uri: uri(seed), version: seed, diagnostics: times(n, (i) => diagnostic(seed * n + i)) });

function mixture(seed) {
  return {
    map: new Map(times(20, (i) => [`key${seed}.${i}`, i * seed])),
    set: new Set(times(20, (i) => seed * 100 + i)),
    when: new Date(1.7e12 + seed),
    big: 12345678901234567890n * BigInt(seed + 1),
    bigs: times(5, (i) => BigInt(seed) - BigInt(i) * 3n),
  };
}

/** An object used as a dictionary: no two seeds share a key. */
function dictionary(seed) {
  const random = generator(seed + 1);
  return Object.fromEntries(times(200, (i) => [`${seed}/${random(1e9).toString(36)}/${i}`, random(1e6)]));
}

/** The same, filled key by key, as programs do, with keys that no other object has had: V8 keeps it as a hash table. */
function table(seed) {
  const random = generator(seed + 1);
  const object = {};
  for (let i = 0; i < 200; i++) object[`${seed}:${random(1e9).toString(36)}:${i}`] = random(1e6);
  return object;
}

const smallIntegers = (n, seed) => times(n, (i) => (i * 7 + seed) % 1000);
const doubles = (n, seed) => Float64Array.from({ length: n }, (_, i) => i * 0.5 + seed);

module.exports = {
  bytes, cjk, completions, diagnostic, diagnostics, dictionary, table, doubles, generator,
  latin1, mixture, request, smallIntegers, times, uri,
};
