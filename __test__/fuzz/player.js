'use strict';
// A process that plays programs of the fuzzer on one module: `fork(player, [module])`, then messages `{ program }` in and
// `{ log }` out. Its threads act in lockstep: each blocks until it is told to do one thing, or to let its loop turn.

const stock = require('node:worker_threads');
const { Stage, peerOf } = require('./stage.js');
const { THREADS } = require('./program.js');

const ORDER = 0;
const DONE = 1;
const MAX_WAIT_MS = 10_000;
const MOST_ROUNDS = 200;
/** Sets of a stage that only grow, and that every stage has to know. */
const LEARNED = ['unasked', 'used', 'sent', 'exotic'];

const isFar = stock.workerData?.isFuzzThread === true;
const wt = require(isFar ? stock.workerData.module : process.argv[2]);
let storm = false;
const stage = new Stage(wt);
process.on('uncaughtException', (error) => stage.note(`uncaught ${error?.message}`, error?.name));
// Where an error was made is not the same.
Error.stackTraceLimit = 0;

const immediate = () => new Promise((resolve) => setImmediate(resolve));

/** Lets the loop of this thread turn until nothing more is seen. */
async function turn() {
  for (let calm = 0, seen = -1; calm < 3; ) {
    await immediate();
    calm = stage.entries.length === seen ? calm + 1 : 0;
    seen = stage.entries.length;
  }
}

const actions = {
  play: ({ op }) => stage[op.kind](op),
  turn,
  roads() {
    stage.roads = new Map(wt.receiveMessageOnPort(wt.parentPort).message);
  },
  clear(order) {
    stage.clear(order.storm);
  },
};

async function carryOut(order) {
  Object.assign(stage, order.known);
  const result = await actions[order.kind](order);
  return { result, entries: stage.takeEntries(), ports: [...stage.ports.keys()], old: [...stage.old.keys()], learned: LEARNED.map((name) => stage[name]) };
}

// A thread of its own

async function follow({ control, cells }) {
  for (let ticket = 0; ; ticket++) {
    // A notification may come late, for the change that was seen before.
    while (Atomics.load(cells, ORDER) === ticket) Atomics.wait(cells, ORDER, ticket);
    const { message } = stock.receiveMessageOnPort(control);
    let answer;
    try {
      answer = await carryOut(message);
    } catch (error) {
      answer = { failed: error };
    }
    control.postMessage(answer);
    Atomics.store(cells, DONE, ticket + 1);
    Atomics.notify(cells, DONE);
  }
}

class Far {
  constructor() {
    const { port1, port2 } = new stock.MessageChannel();
    this.control = port1;
    this.cells = new Int32Array(new SharedArrayBuffer(8));
    this.ticket = 0;
    this.worker = new wt.Worker(__filename, {
      workerData: { isFuzzThread: true, module: process.argv[2], control: port2, cells: this.cells },
      transferList: [port2],
    });
    this.worker.unref();
  }

  begin(order) {
    this.control.postMessage(order);
    Atomics.add(this.cells, ORDER, 1);
    Atomics.notify(this.cells, ORDER);
    this.ticket++;
  }

  end() {
    const before = this.ticket - 1;
    while (Atomics.load(this.cells, DONE) === before) {
      if (Atomics.wait(this.cells, DONE, before, MAX_WAIT_MS) === 'timed-out') throw new Error('a thread does not answer');
    }
    const { failed, ...answer } = stock.receiveMessageOnPort(this.control).message;
    if (failed) throw failed;
    return answer;
  }

  ask(order) {
    this.begin(order);
    return this.end();
  }
}

// The main thread

const fars = isFar ? [] : Array.from({ length: THREADS - 1 }, () => new Far());

class Player {
  log = new Map();
  /** By thread. */
  ports = Array.from({ length: THREADS }, () => []);
  old = Array.from({ length: THREADS }, () => []);
  /** What every stage knows. */
  known = Object.fromEntries(LEARNED.map((name) => [name, new Set()]));
  /** Everything in one list, for the reader of a difference. */
  all = [];

  take(thread, { result, entries, ports, old, learned }) {
    LEARNED.forEach((name, index) => learned[index].forEach((entry) => this.known[name].add(entry)));
    this.ports[thread] = ports;
    this.old[thread] = old;
    for (const [label, text] of entries) {
      this.all.push(`thread ${thread}, ${label}: ${text.slice(0, 150)}`);
      if (!this.log.has(label)) this.log.set(label, []);
      this.log.get(label).push(text);
    }
    return { result, isQuiet: entries.length === 0 };
  }

  async ask(thread, { ...order }) {
    order.known = structuredClone({ ...this.known, present: new Set(this.ports.flat()) });
    return this.take(thread, thread === 0 ? await carryOut(order) : fars[thread - 1].ask(order));
  }

  async askAll(order) {
    for (let thread = 0; thread < THREADS; thread++) await this.ask(thread, order);
  }

  /** One thread after the other, until none has seen anything for a while. */
  async settle() {
    for (let round = 0, calm = 0; calm < 3; round++) {
      if (round > MOST_ROUNDS) throw new Error('the program does not come to rest');
      let isQuiet = true;
      if (storm) fars.forEach((far) => void far.begin({ kind: 'turn' }));
      isQuiet = (await this.ask(0, { kind: 'turn' })).isQuiet;
      for (const [index, far] of fars.entries()) {
        const seen = storm ? this.take(index + 1, far.end()) : await this.ask(index + 1, { kind: 'turn' });
        isQuiet = seen.isQuiet && isQuiet;
      }
      calm = isQuiet ? calm + 1 : 0;
    }
  }

  /** The thread that has the port `label`, or -1. */
  threadOf(label, table = this.ports) {
    return table.findIndex((labels) => labels.includes(label));
  }

  async perform(op) {
    const { kind, name, label, seed } = op;
    this.all.push(`-- ${kind} ${label}`);
    if (kind === 'settle' || storm) await this.settle();
    if (kind === 'settle' || (kind === 'turn' && storm)) return;
    if (kind === 'turn') return void (await this.ask(op.thread, { kind: 'turn' }));
    if (kind === 'channel') {
      return void (await this.ask(op.thread, { kind: 'play', op: { kind, labels: [`${name}.1`, `${name}.2`] } }));
    }
    const thread = this.threadOf(label, kind === 'stale' ? this.old : this.ports);
    if (thread < 0) return;
    if (kind === 'move') return void (await this.move(label, thread, op.thread));
    if (kind === 'clone' && (!this.isAtHome(label, thread) || this.carries(name))) return;
    if (kind === 'context' && this.threadOf(peerOf(label)) < 0) return;
    await this.ask(thread, { kind: 'play', op: { kind, label, seed } });
    if (kind === 'clone') await this.ask(thread, { kind: 'turn' });
    if (kind === 'listen' && seed % 4 > 0) await this.prime(label);
  }

  /** By now and then a message behind a new listener the other end of ours changes to the lane, before what is tried next. */
  async prime(label) {
    const peer = this.threadOf(peerOf(label));
    if (peer < 0) return;
    await this.settle();
    await this.ask(peer, { kind: 'play', op: { kind: 'prime', label: peerOf(label) } });
    await this.settle();
  }

  /**
   * Ours learns of a move that does not ask it late. Where no lane is in use that makes no difference (see
   * docs/limitations.md for the others), and the other end has to stay until then.
   */
  isAtHome(label, thread) {
    const peer = peerOf(label);
    const hasMoved = [label, peer].some((name) => this.threadOf(name, this.old) >= 0);
    return !hasMoved && this.threadOf(peer) === thread;
  }

  /**
   * Is there, as far as is known, a port in what the channel has not delivered? One whose other end has closed loses what is unread, where its
   * message moves without our being asked (docs/limitations.md).
   */
  carries(channel) {
    return [...this.known.sent].some((pair) => pair.startsWith(`${channel} `) && this.threadOf(pair.slice(channel.length + 1)) < 0);
  }

  async move(label, from, to) {
    if (from === to) return;
    const { result } = await this.ask(from, { kind: 'play', op: { kind: 'send', label, road: to } });
    if (result) await this.ask(to, { kind: 'play', op: { kind: 'arrive', label, road: from } });
  }

  async play({ storm: isStorm, ops }) {
    storm = isStorm;
    await this.askAll({ kind: 'clear', storm });
    for (const op of ops) await this.perform(op);
    await this.settle();
    await this.askAll({ kind: 'play', op: { kind: 'end' } });
    await this.settle();
    return [...this.log];
  }
}

/** A road between each two threads, of the module under test. */
function layRoads() {
  const ends = Array.from({ length: THREADS }, () => []);
  for (let a = 0; a < THREADS; a++) {
    for (let b = a + 1; b < THREADS; b++) {
      const { port1, port2 } = new wt.MessageChannel();
      ends[a].push([b, port1]);
      ends[b].push([a, port2]);
    }
  }
  stage.roads = new Map(ends[0]);
  return ends.slice(1);
}

async function main() {
  for (const [index, ends] of layRoads().entries()) {
    fars[index].worker.postMessage(ends, ends.map(([, port]) => port));
    fars[index].ask({ kind: 'roads' });
  }
  process.on('message', async ({ program }) => {
    try {
      const player = new Player();
      process.send({ log: await player.play(program), all: program.show ? player.all : undefined });
    } catch (error) {
      process.send({ failed: error.stack });
    }
  });
  process.send({ ready: true });
}

if (isFar) follow(stock.workerData);
else main();
