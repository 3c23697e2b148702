'use strict';
// One BroadcastChannel that posts and `receivers` threads that hear it. Both contenders use the class of the built-in; for
// ours the process preloads threadport/register, since that is what changes where the messages go.

const { BroadcastChannel, Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');
const { once } = require('node:events');
const values = require('./values.js');

const shared = (i) => ({ id: i, shared: new SharedArrayBuffer(64) });
/** Posts of one chunk, and what they are; two chunks are in flight. */
const traffic = {
  integers: { chunk: 1000, make: (i) => i },
  'json-rpc request': { chunk: 500, make: values.request },
  'carrier: SharedArrayBuffer': { chunk: 250, make: shared },
  'every 20th by carrier': { chunk: 500, make: (i) => (i % 20 === 0 ? shared(i) : values.request(i)) },
};

/** Counts, and tells the poster of each full chunk by a port of the built-in; echoes if there is no chunk. */
function receive({ name, chunk }) {
  const channel = new BroadcastChannel(name);
  let seen = 0;
  channel.onmessage = ({ data }) => {
    if (chunk === undefined) channel.postMessage(data);
    else if (++seen % chunk === 0) parentPort.postMessage(seen);
  };
  parentPort.postMessage('ready');
}

class Broadcast {
  /** `id`: whose Worker starts the receivers. */
  static async open(id, receivers, chunk) {
    const { Worker: Starter = Worker } = require(id);
    const link = new Broadcast();
    const name = `bench ${Math.random()}`;
    link.channel = new BroadcastChannel(name);
    link.workers = [];
    while (link.workers.length < receivers) {
      const worker = new Starter(__filename, { workerData: { name, chunk } });
      await once(worker, 'message');
      link.workers.push(worker);
    }
    return link;
  }

  async close() {
    this.channel.close();
    for (const worker of this.workers) await worker.terminate();
  }
}

async function oneWay(link, { chunk, make }) {
  const pool = values.times(64, make);
  let acknowledged = 0;
  let wake;
  for (const worker of link.workers) {
    worker.on('message', () => {
      acknowledged++;
      wake?.();
    });
  }
  let posted = 0;
  const play = async (count) => {
    const due = () => acknowledged / link.workers.length;
    for (const end = posted + count; posted < end; ) {
      for (let i = 0; i < chunk; i++) link.channel.postMessage(pool[posted++ & 63]);
      while (posted / chunk - due() >= (posted < end ? 2 : 1e-9)) await new Promise((resolve) => (wake = resolve));
    }
  };
  play.unit = chunk;
  return play;
}

/** One message to and fro. */
async function roundTrip(link) {
  let left = 0;
  let done;
  link.channel.onmessage = ({ data }) => (--left > 0 ? link.channel.postMessage(data + 1) : done());
  return (count) =>
    new Promise((resolve) => {
      left = count;
      done = resolve;
      link.channel.postMessage(0);
    });
}

async function prepare(id, { receivers, what }) {
  const link = await Broadcast.open(id, receivers, traffic[what]?.chunk);
  return { play: await (traffic[what] ? oneWay(link, traffic[what]) : roundTrip(link)), close: () => link.close() };
}

module.exports = { prepare };
if (!isMainThread) receive(workerData);
