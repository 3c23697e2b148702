'use strict';
// Exactly once, in order: channels between random threads, whose ends move from thread to thread while messages are under way. Each
// message is numbered and says by its number what it must contain; each end knows which comes next, and takes that
// knowledge along when it moves. At the end each has received as many as the other has sent.

const { Worker, MessageChannel, isMainThread, parentPort, workerData } = require('threadport');
const { argument, fail, within } = require('./support.js');

const hash = (id, n) => Math.imul(id + 1, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b);

/** Message `n` of end `id`: [what it is, transfer list]. Cheap, and of all ways through the package. */
function message(id, n) {
  const h = hash(id, n);
  switch (h & 63) {
    case 0: return [{ n, shared: new SharedArrayBuffer(1 + (h & 7)) }];
    case 1: return [{ n, text: 'é'.repeat(h & 1023) }];
    case 2: return [{ n, text: '字'.repeat(h & 255) }];
    case 3: return [{ n, bytes: new Uint8Array(1 + (h & 8191)).fill(h) }];
    case 4: {
      const buffer = new Uint8Array(1 + (h & 1023)).fill(h).buffer;
      return [{ n, buffer }, [buffer]];
    }
    case 5: return [{ n, map: new Map([[h, n]]) }];
    case 6: {
      const { port1, port2 } = new MessageChannel();
      port1.postMessage(h);
      return [{ n, port: port2 }, [port2]];
    }
    case 7: return [{ n, big: BigInt(h) }];
  }
  return h & 64 ? [{ n, h }] : [[n, h]];
}

function check(id, n, value) {
  const h = hash(id, n);
  const got = Array.isArray(value) ? value[0] : value.n;
  if (got !== n) throw new Error(`end ${id}: message ${n} was expected, ${got} came`);
  const byte = h & 255;
  const isWhole = () => {
    switch (h & 63) {
      case 0: return value.shared.byteLength === 1 + (h & 7);
      case 1: return value.text === 'é'.repeat(h & 1023);
      case 2: return value.text === '字'.repeat(h & 255);
      case 3: return value.bytes.length === 1 + (h & 8191) && value.bytes.at(-1) === byte && value.bytes[0] === byte;
      case 4: return value.buffer.byteLength === 1 + (h & 1023) && new Uint8Array(value.buffer).at(-1) === byte;
      case 5: return value.map.get(h) === n;
      case 6: {
        value.port.once('message', (inner) => {
          if (inner !== h) throw new Error(`end ${id}: the port in message ${n} brought ${inner}`);
          value.port.close();
        });
        return true;
      }
      case 7: return value.big === BigInt(h);
    }
    return (h & 64 ? value.h : value[1]) === h;
  };
  if (!isWhole()) throw new Error(`end ${id}: message ${n} is torn`);
}

// ---- a thread ----

/** End `id` sends the messages of `id`, and receives those of the other end, `id ^ 1`. */
const ends = new Map();

function listen(end) {
  end.port.on('message', (value) => {
    if (value?.total !== undefined) {
      if (value.total !== end.received) throw new Error(`end ${end.id}: ${end.received} of ${value.total} came`);
      parentPort.postMessage({ did: 'finished', id: end.id, received: end.received });
      return;
    }
    check(end.id ^ 1, end.received++, value);
  });
}

const orders = {
  take({ id, port, sent, received }) {
    const end = { id, port, sent, received };
    ends.set(id, end);
    listen(end);
    return {};
  },
  send({ id, count }) {
    const end = ends.get(id);
    for (let i = 0; i < count; i++) end.port.postMessage(...message(id, end.sent++));
    return {};
  },
  give({ id }) {
    const { port, sent, received } = ends.get(id);
    ends.delete(id);
    port.removeAllListeners('message');
    return { port, sent, received };
  },
  finish({ id }) {
    const { port, sent } = ends.get(id);
    port.postMessage({ total: sent });
    return {};
  },
};

function thread() {
  const carryOut = (order) => {
    const answer = orders[order.do](order);
    parentPort.postMessage({ did: order.do, id: order.id, ...answer }, answer.port ? [answer.port] : []);
  };
  if (workerData !== null) carryOut(workerData);
  parentPort.on('message', carryOut);
}

// ---- the one who gives orders ----

async function main() {
  const { random, size } = argument();
  const waiting = new Map();
  const start = (order, transferList) => {
    const worker = new Worker(__filename, { workerData: order, transferList });
    worker.on('error', fail);
    worker.on('message', (answer) => {
      const key = `${answer.did} ${answer.id}`;
      waiting.get(key)?.(answer);
      waiting.delete(key);
    });
    return worker;
  };
  const threads = Array.from({ length: 2 + random.below(3) }, () => start(null));
  const answer = (what, id) => within(60_000, new Promise((resolve) => waiting.set(`${what} ${id}`, resolve)), `${what} of end ${id}`);
  const home = new Map();

  function order(what, id, worker, more = {}, transfer = []) {
    const answered = answer(what, id);
    worker.postMessage({ do: what, id, ...more }, transfer);
    return answered;
  }

  const figures = { messages: 0, moves: 0, channels: 0 };
  const settle = async (id, worker, state, port) => {
    home.set(id, worker);
    await order('take', id, worker, { ...state, port }, [port]);
  };
  /** To a thread that is there; or to a new one, which loads the package while the other end sends. */
  function begin(id, port) {
    const state = { sent: 0, received: 0 };
    if (random.chance(0.6)) return settle(id, random.pick(threads), state, port);
    const taken = answer('take', id);
    const worker = start({ do: 'take', id, ...state, port }, [port]);
    threads.push(worker);
    home.set(id, worker);
    return taken;
  }
  const channels = 1 + random.below(6);
  const begun = new Map();
  for (let n = 0; n < channels; n++) {
    const { port1, port2 } = new MessageChannel();
    figures.channels++;
    begun.set(2 * n, begin(2 * n, port1));
    begun.set(2 * n + 1, begin(2 * n + 1, port2));
  }

  /** What one end goes through; the ends do so at the same time. */
  async function life(id, rounds) {
    await begun.get(id);
    for (let n = 0; n < rounds; n++) {
      if (random.chance(0.2)) {
        const { port, sent, received } = await order('give', id, home.get(id));
        figures.moves++;
        await settle(id, random.pick(threads), { sent, received }, port);
      }
      const count = 1 + random.below(random.chance(0.1) ? 5000 : 500);
      figures.messages += count;
      await order('send', id, home.get(id), { count });
    }
  }
  await Promise.all([...begun.keys()].map((id) => life(id, Math.ceil((100 * size) / channels))));
  const finished = Promise.all([...home.keys()].map((id) => answer('finished', id)));
  await Promise.all([...home.keys()].map((id) => order('finish', id, home.get(id))));
  const received = (await finished).reduce((sum, end) => sum + end.received, 0);
  if (received !== figures.messages) fail(`${figures.messages} sent, ${received} received`);
  await Promise.all(threads.map((worker) => worker.terminate()));
  console.log(JSON.stringify({ ...figures, lost: 0 }));
  process.exit(0);
}

if (isMainThread) main().catch(fail);
else thread();
