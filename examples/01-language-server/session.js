'use strict';
// The main thread as extension host: starts both workers with the classes of `module`, plays the session, and reports what
// it took and a digest of everything it received.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const path = require('node:path');
const { didChange, didOpen, request } = require('./traffic.js');

/** Edits of a session: those that come first, with workers that have just started and code that V8 has not compiled; those in between; and then. */
const phases = { first: 100, between: 300, later: 200 };
const hoversPerEdit = 20;

async function start(module) {
  const { MessageChannel, Worker } = require(module);
  const [server, analysis] = ['server.js', 'analysis.js'].map(
    (file) => new Worker(path.join(__dirname, file), { workerData: { module } }),
  );
  const { port1, port2 } = new MessageChannel();
  analysis.postMessage({ server: port2 }, [port2]);
  await once(analysis, 'message');
  server.postMessage({ analysis: port1 }, [port1]);
  await once(server, 'message');
  return { server, stop: () => Promise.all([server.terminate(), analysis.terminate()]) };
}

/** JSON-RPC over a worker: `ask` resolves with the answer, `tell` with the diagnostics that follow a notification. */
function connect(server, received) {
  const pending = new Map();
  server.on('message', (message) => {
    received.push(message);
    const key = message.id ?? 'diagnostics';
    pending.get(key)();
    pending.delete(key);
  });
  const send = (message) =>
    new Promise((resolve) => {
      pending.set(message.id ?? 'diagnostics', resolve);
      server.postMessage(message);
    });
  let nextId = 0;
  return { tell: send, ask: (method, cell) => send(request(nextId++, method, cell)) };
}

/** For each edit: what an editor asks for at once, and a mouse that wanders over the cell. */
async function play({ tell, ask }, edits) {
  for (let edit = 0; edit < edits; edit++) {
    await Promise.all([
      tell(didChange(edit, edit + 2)),
      ask('textDocument/completion', edit),
      ask('textDocument/semanticTokens/full', edit),
    ]);
    for (let i = 0; i < hoversPerEdit; i++) await ask('textDocument/hover', edit);
  }
}

function digest(received) {
  const hash = createHash('sha256');
  const tagged = (_, value) => (ArrayBuffer.isView(value) ? { [value.constructor.name]: Array.from(value) } : value);
  for (const message of received) hash.update(JSON.stringify(message, tagged));
  return hash.digest('hex');
}

async function session(module) {
  const { server, stop } = await start(module);
  const received = [];
  const line = connect(server, received);
  const times = {};
  await line.tell(didOpen());
  for (const [phase, edits] of Object.entries(phases)) {
    const cpu = process.cpuUsage();
    const begin = performance.now();
    await play(line, edits);
    const wall = performance.now() - begin;
    const { user, system } = process.cpuUsage(cpu);
    times[phase] = { wall: wall / edits, cpu: (user + system) / 1000 / edits };
  }
  await stop();
  return { ...times, messages: received.length, digest: digest(received) };
}

module.exports = { phases, session };
