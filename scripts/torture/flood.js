'use strict';
// Floods: a sender that is far faster than its receiver. Memory stays within a multiple of what is under way and comes back; a
// limit is kept; and while a thread is flooded, its timers, `setImmediate`, other ports and I/O go on.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const { Worker, MessageChannel, isMainThread, workerData } = require(require('node:worker_threads').workerData?.module ?? 'threadport');
const { argument, fail, pause, resources, within } = require('./support.js');

/** Resident bytes for each byte under way (blocks are powers of two), and what the process may take for itself. */
const MULTIPLE = 2;
const ALLOWANCE = 100e6;
/** What may stay behind more than with the built-in: the pool of blocks (src/slab), and what the C library keeps for each thread. */
const KEPT = 256e6;
/** So many bytes under way are enough of a flood, and with a limit. */
const UNDER_WAY = 128 << 20;
const LIMIT = 4 << 20;
/** A timer is late by so many milliseconds at most, at the median. */
const LATE_MS = 5;

/** Made once: the sender's own garbage is not what is measured. */
const pool = (make) => {
  const values = Array.from({ length: 64 }, (_, i) => make(i));
  return (i) => values[i & 63];
};
const sizes = { objects: 150, texts: 20_000, buffers: 100_000 };
const payloads = {
  objects: pool((i) => ({ i, text: 'x'.repeat(100), list: [1, 2, 3, i] })),
  texts: pool((i) => 'é'.repeat(20_000 + i)),
  buffers: pool((i) => new Uint8Array(100_000 + i)),
};

/** Reads slowly: for each message it is busy for a while. */
function slowReader() {
  const { port, seen, busyUs } = workerData;
  let n = 0;
  port.on('message', (value) => {
    if (value === 'end') {
      port.postMessage(n);
      port.close();
      return;
    }
    n++;
    Atomics.add(seen, 0, 1);
    const end = process.hrtime.bigint() + BigInt(busyUs * 1000);
    while (process.hrtime.bigint() < end);
  });
}

function flooder() {
  const { port, kind } = workerData;
  let isOver = false;
  port.on('message', () => (isOver = true));
  let n = 0;
  const more = () => {
    for (let i = 0; i < 50; i++) port.postMessage(payloads[kind](n++));
    if (isOver) port.postMessage('end');
    else setImmediate(more);
  };
  more();
}

const roles = { flooder, slowReader };

const start = (role, data, transfer) => new Worker(__filename, { workerData: { role, ...data }, transferList: transfer }).on('error', fail);

/** A flood in a process of its own, whose memory is looked at; by the built-in or by ours. */
async function memory([module, kind, ms, limit]) {
  const { Worker, MessageChannel } = require(module);
  const before = await resources();
  const { port1, port2 } = new MessageChannel();
  const seen = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(__filename, { workerData: { role: 'slowReader', module, port: port2, seen, busyUs: kind === 'objects' ? 20 : 200 }, transferList: [port2] });
  worker.on('error', fail);
  const received = new Promise((resolve) => port1.once('message', resolve));
  if (limit) port1.maxBufferedBytes = limit;
  const size = sizes[kind];
  let [sent, refused, mostUnderWay, mostGrown] = [0, 0, 0, 0];
  const end = Date.now() + ms;
  while (Date.now() < end) {
    for (let i = 0; i < 100; i++) {
      try {
        port1.postMessage(payloads[kind](sent));
        sent++;
      } catch (error) {
        if (error.code !== 'ERR_THREADPORT_BACKPRESSURE') throw error;
        refused++;
        break;
      }
    }
    const underWay = (sent - Atomics.load(seen, 0)) * size;
    mostUnderWay = Math.max(mostUnderWay, underWay);
    mostGrown = Math.max(mostGrown, process.memoryUsage.rss() - before.rss);
    // What a program without a limit has to do at some point.
    if (underWay > UNDER_WAY) await pause(5);
    else await new Promise(setImmediate);
  }
  port1.maxBufferedBytes = Infinity;
  port1.postMessage('end');
  const count = await within(110_000, received, `${kind}: the slow reader`);
  if (count !== sent) throw new Error(`${kind}: ${sent} sent, ${count} received`);
  await worker.terminate();
  port1.close();
  const after = await resources();
  return { sent, refused, mostUnderWay, mostGrown, left: Math.max(0, after.rss - before.rss) };
}

const inProcess = (...args) =>
  JSON.parse(execFileSync(process.execPath, ['--expose-gc', __filename, 'memory', JSON.stringify(args)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));

/** Against the built-in, whose memory is that of the same allocator. */
function compare(kind, ms) {
  const stock = inProcess('node:worker_threads', kind, ms, 0);
  const ours = inProcess('threadport', kind, ms, 0);
  const limited = inProcess('threadport', kind, ms, LIMIT);
  const figures = `built-in ${JSON.stringify(stock)}, ours ${JSON.stringify(ours)}, limited ${JSON.stringify(limited)}`;
  if (ours.mostGrown > ours.mostUnderWay * MULTIPLE + ALLOWANCE) fail(`${kind}: grows too much: ${figures}`);
  if (ours.left > stock.left + KEPT) fail(`${kind}: keeps too much: ${figures}`);
  if (limited.refused === 0 || limited.mostUnderWay > LIMIT * 4) fail(`${kind}: the limit is not kept: ${figures}`);
  return { messages: ours.sent + limited.sent, refused: limited.refused, mostUnderWayBytes: ours.mostUnderWay, mostGrownBytes: ours.mostGrown, mostGrownBytesOfTheBuiltIn: stock.mostGrown, mostLeftBytes: ours.left, mostLeftBytesOfTheBuiltIn: stock.left };
}

async function fairness(kind, ms) {
  const { port1, port2 } = new MessageChannel();
  const worker = start('flooder', { port: port2, kind }, [port2]);
  const other = new MessageChannel();
  const echo = new Worker("const { workerData: port } = require('threadport'); port.on('message', (n) => port.postMessage(n + 1));", {
    eval: true, workerData: other.port2, transferList: [other.port2],
  }).on('error', fail);
  let [messages, trips, turns, reads] = [0, 0, 0, 0];
  const over = new Promise((resolve) => port1.on('message', (value) => (value === 'end' ? resolve() : messages++)));
  other.port1.on('message', (n) => {
    trips++;
    other.port1.postMessage(n);
  });
  other.port1.postMessage(0);
  const turn = setInterval(() => setImmediate(() => turns++), 1);
  const read = () => fs.readFile(__filename, () => {
    reads++;
    if (!isOver) read();
  });
  let isOver = false;
  read();
  await new Promise((resolve) => port1.once('message', resolve));
  const late = [];
  const end = Date.now() + ms;
  while (Date.now() < end) {
    const due = performance.now() + 5;
    await pause(5);
    late.push(performance.now() - due);
  }
  isOver = true;
  clearInterval(turn);
  port1.postMessage('enough');
  await within(60_000, over, 'the end of the flood');
  await Promise.all([worker.terminate(), echo.terminate()]);
  port1.close();
  other.port1.close();
  const median = late.sort((a, b) => a - b)[late.length >> 1];
  for (const [name, value] of Object.entries({ messages, trips, turns, reads })) if (value < 10) throw new Error(`${kind}: only ${value} ${name}`);
  if (median > LATE_MS) throw new Error(`${kind}: timers are ${median.toFixed(1)} ms late at the median`);
  return { messages, mostLateUsAtTheMedian: Math.round(median * 1000) };
}

async function main() {
  const { random, size } = argument();
  const kind = random.pick(Object.keys(payloads));
  const ms = 2000 * size;
  const { messages, ...others } = compare(kind, ms);
  const fair = await fairness(kind, ms);
  console.log(JSON.stringify({ ...others, ...fair, messages: messages + fair.messages }));
  process.exit(0);
}

if (!isMainThread) roles[workerData.role]();
else if (process.argv[2] === 'memory') {
  memory(JSON.parse(process.argv[3])).then((figures) => {
    console.log(JSON.stringify(figures));
    process.exit(0);
  }, fail);
} else main().catch(fail);
