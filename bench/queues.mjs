// Queues between blocking threads: threadport's SharedQueue, postMessage, ringbuf.js and the channel of multithreading. Run as a
// program it measures one contender in one scenario, both by name in argv, in windows of so many milliseconds; prints
// nanoseconds per message (or trip) of each window as JSON.
//
// Producers and consumers run until the process ends; consumers count in shared memory, and the main thread only looks.
// A contender is `share(options)`, which makes what its threads need, and `push` and `pop`, or `ping` and `echo`, which make a
// function for one of the threads. `count(n)` counts.

import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, MessageChannel, Worker, workerData } from 'node:worker_threads';
import contendersModule from './contenders.js';
import values from './values.js';

const require = createRequire(import.meta.url);
const CAPACITY = 1 << 20;

/** A word to sleep on that costs the other side nothing but a load while nobody sleeps. */
class Bell {
  constructor(shared) {
    this.words = new Int32Array(shared);
  }

  static share = () => new SharedArrayBuffer(8);

  wait(isReady) {
    for (let tries = 0; tries < 500; tries++) if (isReady()) return;
    for (;;) {
      const seen = Atomics.load(this.words, 0);
      Atomics.store(this.words, 1, 1);
      if (isReady()) return;
      Atomics.wait(this.words, 0, seen, 100);
    }
  }

  ring() {
    if (Atomics.load(this.words, 1) === 0) return;
    Atomics.store(this.words, 1, 0);
    Atomics.add(this.words, 0, 1);
    Atomics.notify(this.words, 0);
  }
}

const { SharedQueue, MessageChannel: OurChannel } = require(contendersModule.ours.id);
const message = ({ size }) => (size === 'rpc' ? values.request(7) : values.bytes(size, 7));
const codecOf = ({ size }) => (typeof size === 'number' ? 'bytes' : 'structured');

/** Two ends of a channel; chunks are acknowledged, two are in flight. */
const ports = (Channel, options) => {
  const chunk = options.size > 10_000 ? 32 : 500;
  const { port1, port2 } = new Channel();
  return { shared: { near: port1, far: port2, chunk }, transfer: { push: ['near'], pop: ['far'] } };
};
const postMessage = {
  share: (options) => ports(options.channel === 'ours' ? OurChannel : MessageChannel, options),
  push({ near, chunk }, options) {
    const value = message(options);
    const send = () => {
      for (let i = 0; i < chunk; i++) near.postMessage(value);
    };
    near.on('message', send);
    send();
    send();
  },
  pop({ far, chunk }, _, count) {
    let n = 0;
    far.on('message', () => {
      if (++n % chunk !== 0) return;
      count(chunk);
      far.postMessage(1);
    });
  },
  ping({ near }, { silence }, count) {
    if (silence) {
      let done;
      near.on('message', () => done());
      const trip = (i) => {
        near.postMessage(i);
        return new Promise((resolve) => (done = resolve));
      };
      return pingAfter(silence, trip, count);
    }
    let n = 0;
    near.on('message', (value) => {
      if (++n % 16 === 0) count(16);
      near.postMessage(value);
    });
    near.postMessage(1);
  },
  echo({ far }) {
    far.on('message', (value) => far.postMessage(value));
  },
};

/** Trips with silence between them; tells the median of the last ones. */
async function pingAfter(silence, trip, count) {
  const last = new Float64Array(64);
  for (let i = 0; ; i++) {
    await sleep(silence);
    const begin = process.hrtime.bigint();
    await trip(i);
    last[i % last.length] = Number(process.hrtime.bigint() - begin);
    count(1, last.toSorted()[last.length / 2]);
  }
}

const pair = (shared, options) => [shared.there, shared.back].map((buffer) => SharedQueue.from(buffer, options));

export const contenders = {
  threadport: {
    share: (options) => ({ shared: { there: new SharedQueue({ capacity: CAPACITY, codec: codecOf(options) }).buffer, back: new SharedQueue({ capacity: 4096 }).buffer } }),
    push({ there }, options) {
      const queue = SharedQueue.from(there);
      const value = message(options);
      for (;;) queue.pushSync(value);
    },
    pop({ there }, { batch }, count) {
      const queue = SharedQueue.from(there);
      for (;;) {
        for (let i = 0; i < batch; i++) queue.popSync();
        count(batch);
      }
    },
    ping(shared, _, count) {
      const [there, back] = pair(shared);
      for (;;) {
        for (let i = 0; i < 16; i++) {
          there.pushSync(i);
          back.popSync();
        }
        count(16);
      }
    },
    echo(shared) {
      const [there, back] = pair(shared);
      for (;;) back.pushSync(there.popSync());
    },
  },

  /** As ringbuf.js does it: the consumer has one array, and each record is copied into that. */
  'threadport, into one array': {
    share: (options) => contenders.threadport.share(options),
    push: (shared, options) => contenders.threadport.push(shared, options),
    pop({ there }, { size, batch }, count) {
      const queue = SharedQueue.from(there);
      const value = new Uint8Array(size);
      for (;;) {
        for (let i = 0; i < batch; i++) queue.popSyncInto(value);
        count(batch);
      }
    },
  },

  'threadport, promises': {
    share: (options) => contenders.threadport.share(options),
    async ping(shared, { silence }, count) {
      const [there, back] = pair(shared);
      const trip = async (i) => {
        await there.push(i);
        await back.pop();
      };
      if (silence) return pingAfter(silence, trip, count);
      for (;;) {
        for (let i = 0; i < 16; i++) await trip(i);
        count(16);
      }
    },
    async echo(shared) {
      const [there, back] = pair(shared);
      for (;;) await back.push(await there.pop());
    },
  },

  postMessage,
  'threadport, port': { ...postMessage, share: (options) => postMessage.share({ ...options, channel: 'ours' }) },

  /** Two ends of a channel whose threads never turn their event loops. */
  'threadport, blocked on a port': {
    share: (options) => ports(OurChannel, options),
    ping({ near }, _, count) {
      for (;;) {
        for (let i = 0; i < 16; i++) {
          near.postMessage(i);
          near.receiveSync();
        }
        count(16);
      }
    },
    echo({ far }) {
      for (;;) far.postMessage(far.receiveSync());
    },
  },

  /** Single producer, single consumer. It has no way to wait: the bell is ours, the buffer for a record its user's. */
  'ringbuf.js': {
    share() {
      const { RingBuffer } = require('ringbuf.js');
      const items = Bell.share();
      return { shared: { ring: RingBuffer.getStorageForCapacity(CAPACITY, Uint8Array), items, space: Bell.share() } };
    },
    push({ ring: memory, items: i, space: s }, options) {
      const { RingBuffer } = require('ringbuf.js');
      const [ring, items, space] = [new RingBuffer(memory, Uint8Array), new Bell(i), new Bell(s)];
      const value = message(options);
      const { length } = value;
      const hasRoom = () => ring.availableWrite() >= length;
      for (;;) {
        if (!hasRoom()) space.wait(hasRoom);
        ring.push(value, length);
        items.ring();
      }
    },
    pop({ ring: memory, items: i, space: s }, { size, batch }, count) {
      const { RingBuffer } = require('ringbuf.js');
      const [ring, items, space] = [new RingBuffer(memory, Uint8Array), new Bell(i), new Bell(s)];
      const value = new Uint8Array(size);
      const hasRecord = () => ring.availableRead() >= size;
      for (;;) {
        for (let n = 0; n < batch; n++) {
          if (!hasRecord()) items.wait(hasRecord);
          ring.pop(value, size);
          space.ring();
        }
        count(batch);
      }
    },
  },

  /** It starts its threads itself, and carries JSON: the record is a text. */
  multithreading: {
    async start({ size, batch }, counter) {
      globalThis.navigator ??= { hardwareConcurrency: 4 };
      const { channel, move, spawn } = await import('multithreading');
      const [tx, rx] = channel(1000);
      const text = 'x'.repeat(size);
      spawn(move(tx, text), (sender, value) => {
        for (;;) sender.blockingSend(value);
      });
      spawn(move(rx, counter.buffer, batch), (receiver, shared, many) => {
        const counted = new Int32Array(shared);
        for (;;) {
          for (let i = 0; i < many; i++) receiver.blockingRecv();
          Atomics.add(counted, 0, many);
        }
      });
    },
  },

  /** What no queue can do better than without a spin. */
  'Atomics.wait': {
    share: () => ({ shared: { words: new SharedArrayBuffer(8) } }),
    ping({ words: shared }, _, count) {
      const words = new Int32Array(shared);
      for (let n = 1; ; n++) {
        Atomics.store(words, 0, n);
        Atomics.notify(words, 0);
        Atomics.wait(words, 1, n - 1);
        if (n % 16 === 0) count(16);
      }
    },
    echo({ words: shared }) {
      const words = new Int32Array(shared);
      for (let n = 1; ; n++) {
        Atomics.wait(words, 0, n - 1);
        Atomics.store(words, 1, n);
        Atomics.notify(words, 1);
      }
    },
  },
};

/** `size` of a record in bytes, or what it is; how many threads of each sort, and of others that compute all the time. */
export const scenarios = {
  'records of 64 bytes': { size: 64, batch: 64 },
  'records of 4 KiB': { size: 4096, batch: 16 },
  'records of 64 KiB': { size: 65536, batch: 4 },
  'records of 64 bytes, 4 to 4': { size: 64, batch: 64, each: 4 },
  'JSON-RPC request': { size: 'rpc', batch: 64 },
  'round trip': { size: 'integer', roles: ['echo', 'ping'] },
  'round trip, busy machine': { size: 'integer', roles: ['echo', 'ping'], busy: 4 },
  'round trip after 2 ms': { size: 'integer', roles: ['echo', 'ping'], silence: 2 },
};

function start(name, role, { shared, transfer = {} }, options, counter) {
  const handed = transfer[role === 'echo' ? 'pop' : role === 'ping' ? 'push' : role] ?? [];
  const mine = Object.fromEntries(Object.entries(shared).filter(([key]) => !Object.values(transfer).flat().includes(key) || handed.includes(key)));
  const { Worker: Ours } = require(contendersModule.ours.id);
  const Class = name.startsWith('threadport, ') ? Ours : Worker;
  new Class(fileURLToPath(import.meta.url), {
    workerData: { name, role, shared: mine, options, counter },
    transferList: handed.map((key) => shared[key]),
  });
}

async function main(name, scenario, windowMs, windows) {
  const options = scenarios[scenario];
  const { roles = ['pop', 'push'], each = 1, busy = 0, silence } = options;
  // Messages or trips; nanoseconds of a trip after silence.
  const counter = new Int32Array(new SharedArrayBuffer(8));
  const contender = contenders[name];
  if (contender.start) await contender.start(options, counter);
  else {
    const shared = contender.share(options);
    for (let n = 0; n < each; n++) for (const role of roles) start(name, role, shared, options, counter);
  }
  while (Atomics.load(counter, 0) === 0) await sleep(10);
  for (let n = 0; n < busy; n++) new Worker('for (;;);', { eval: true });
  // Warm. With silence there are some 400 trips a second, and before some 1,500 of them V8 interprets what runs.
  await sleep(silence ? 4000 : 400);
  const samples = [];
  while (samples.length < windows) {
    const [before, begin] = [Atomics.load(counter, 0), process.hrtime.bigint()];
    await sleep(windowMs);
    const messages = (Atomics.load(counter, 0) - before) | 0;
    samples.push(silence ? Atomics.load(counter, 1) : Number(process.hrtime.bigint() - begin) / messages);
  }
  console.log(JSON.stringify(samples));
  process.exit(0);
}

if (isMainThread) {
  const [name, scenario, windowMs, windows] = process.argv.slice(2);
  await main(name, scenario, Number(windowMs), Number(windows));
} else {
  const { name, role, shared, options, counter } = workerData;
  const count = (n, ns) => {
    Atomics.add(counter, 0, n);
    if (ns !== undefined) Atomics.store(counter, 1, ns);
  };
  contenders[name][role](shared, options, count);
}
