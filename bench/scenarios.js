'use strict';
// What is measured. A scenario names the driver (how the two threads play it), how many messages may be in flight, and
// what is sent: `pool()` makes a few equal-shaped messages that are posted in turn, so that nothing can be won by
// remembering the last one; `transfer(value)` gives the transfer list where there is one; `expected(value)` is what must
// arrive, where that is not the value itself. A row of the report is one metric of one scenario with its target.

const values = require('./values.js');

class Point {
  constructor(x, y) {
    this.x = x;
    this.y = y;
  }
}

const { times } = values;
const KiB = 1024;
const MiB = 1024 * KiB;

/** One-way traffic: `chunk` messages are posted at once, two chunks are in flight. */
const oneWay = (chunk, size, make, more = {}) => ({ driver: 'oneWay', chunk, pool: () => times(size, make), ...more });

const scenarios = {
  'integers': oneWay(2000, 64, (i) => i),
  'json-rpc request': oneWay(1000, 64, values.request),
  'string 16 one-byte': oneWay(2000, 64, (i) => values.latin1(16, i)),
  'string 16 CJK': oneWay(2000, 64, (i) => values.cjk(16, i)),
  'string 1000 one-byte': oneWay(500, 16, (i) => values.latin1(1000, i)),
  'string 1000 CJK': oneWay(500, 16, (i) => values.cjk(1000, i)),
  'string 1 MiB one-byte': oneWay(4, 2, (i) => values.latin1(MiB, i)),
  'string 1 MiB CJK': oneWay(4, 2, (i) => values.cjk(MiB, i)),
  'Uint8Array 64 KiB': oneWay(32, 4, (i) => values.bytes(64 * KiB, i)),
  'Uint8Array 1 MiB': oneWay(4, 2, (i) => values.bytes(MiB, i)),
  'completion 500 items': oneWay(8, 4, (i) => values.completions(i)),
  'diagnostics 120': oneWay(32, 4, (i) => values.diagnostics(i)),
  'array 10,000 integers': oneWay(16, 4, (i) => values.smallIntegers(10_000, i)),
  'Float64Array 10,000': oneWay(32, 4, (i) => values.doubles(10_000, i)),
  'Map/Set/Date/BigInt': oneWay(200, 16, values.mixture),
  // There is code for each of the 64 lists of keys, which V8 compiles late.
  'object 200 arbitrary keys': oneWay(50, 64, values.dictionary, { warmUp: 3 }),
  'object 200 keys set one by one': oneWay(50, 64, values.table, { warmUp: 3 }),
  'round trip hot': { driver: 'roundTrip', count: 20_000, pool: () => times(64, (i) => i) },
  'round trip after 2 ms': { driver: 'silence', count: 100, pool: () => times(64, (i) => i) },
  'create, transfer, reply, close': { driver: 'request', warmUp: 4 },
  'carrier: class instance': oneWay(500, 16, (i) => ({ id: i, at: new Point(i, i) }), {
    expected: (value) => ({ id: value.id, at: { ...value.at } }),
  }),
  'carrier: transferred ArrayBuffer': oneWay(200, 16, (i) => ({ id: i, buffer: values.bytes(KiB, i).buffer }), {
    fresh: (value) => ({ id: value.id, buffer: value.buffer.slice(0) }),
    transfer: (value) => [value.buffer],
  }),
  'carrier: SharedArrayBuffer': oneWay(500, 16, (i) => ({ id: i, shared: new SharedArrayBuffer(64) })),
  'carrier: MessagePort there and back': { driver: 'travel' },
};

/** `atLeast` and `aim` are times faster than stock (stock / ours), as asked in the issue that ordered this bench. */
const row = (scenario, atLeast, aim, metric = 'wall') => ({ scenario, metric, atLeast, aim });

const rows = [
  row('integers', 5, 10),
  row('json-rpc request', 6, 10),
  row('string 16 one-byte', 2.5, 5),
  row('string 16 CJK', 2.5, 5),
  row('string 1000 one-byte', 3, 5),
  row('string 1000 CJK', 3, 5),
  row('string 1 MiB one-byte', 4, 10),
  row('string 1 MiB CJK', 4, 10),
  row('Uint8Array 64 KiB', 1.5, 3),
  row('Uint8Array 1 MiB', 1.5, 3),
  row('completion 500 items', 3, 4),
  row('diagnostics 120', 3, 4),
  row('array 10,000 integers', 8, 20),
  row('Float64Array 10,000', 1.5, 3),
  row('Map/Set/Date/BigInt', 1.5, 2.5),
  row('object 200 arbitrary keys', 1.5, 2.5),
  row('object 200 keys set one by one', 1, 1.5),
  row('round trip hot', 15, 40),
  row('round trip after 2 ms', 1, 1.3),
  row('round trip hot', 2, 5, 'cpu'),
  row('create, transfer, reply, close', 1, 3),
  row('carrier: class instance', 1 / 1.5, 1),
  row('carrier: transferred ArrayBuffer', 1 / 1.5, 1),
  row('carrier: SharedArrayBuffer', 1 / 1.5, 1),
  row('carrier: MessagePort there and back', 1 / 1.5, 1),
];

module.exports = { rows, scenarios };
