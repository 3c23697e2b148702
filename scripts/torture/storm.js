'use strict';
// Terminate storm: workers are ended with traffic under way in both directions, ports in transfer, queues in use and calls that block,
// while they load, and in their handlers. Two others play ping-pong all the while and must not notice. In some rounds the process
// exits in the middle.

const { Worker, MessageChannel, SharedQueue, isMainThread, parentPort, workerData } = require('threadport');
const { argument, fail, pause, resources, within } = require('./support.js');

/** A port would have to be transferred; it stays here, and ends with this thread. */
function echo(value) {
  if (value?.port === undefined) parentPort.postMessage(value);
}

const roles = {
  echo: () => parentPort.on('message', echo),
  flood() {
    const more = () => {
      for (let i = 0; i < 200; i++) parentPort.postMessage(i % 20 === 0 ? new SharedArrayBuffer(8) : { i, text: 'x'.repeat(i) });
      setImmediate(more);
    };
    more();
  },
  bytes() {
    parentPort.on('message', () => {});
    const more = () => {
      for (let i = 0; i < 4; i++) {
        const buffer = new ArrayBuffer(100_000);
        parentPort.postMessage(buffer, i % 2 ? [buffer] : []);
      }
      // Not as fast as it can: what glibc keeps of a flood of buffers, also with the built-in, would hide a leak.
      setTimeout(more, 1);
    };
    more();
  },
  mover() {
    const more = () => {
      const { port1, port2 } = new MessageChannel();
      for (let i = 0; i < 20; i++) port1.postMessage(i);
      parentPort.postMessage({ port: port2 }, [port2]);
      port1.on('message', (value) => port1.postMessage(value));
      setTimeout(more, 1);
    };
    more();
    parentPort.on('message', () => {});
  },
  blocked() {
    for (;;) echo(parentPort.receiveSync());
  },
  waiting: () => Atomics.wait(parentPort.signal, 0, Atomics.load(parentPort.signal, 0)),
  pusher({ queue }) {
    const q = SharedQueue.from(queue);
    for (let n = 0; ; n++) q.pushSync({ from: workerData.id, n });
  },
  popper({ queue }) {
    const q = SharedQueue.from(queue);
    for (;;) q.popSync();
  },
  popping: async ({ queue }) => {
    for await (const _ of SharedQueue.from(queue));
  },
  exits() {
    parentPort.once('message', () => process.exit(3));
  },
  throws() {
    parentPort.once('message', () => {
      throw new Error('on purpose');
    });
  },
  idle: () => setInterval(() => {}, 1000),
};

/** Two workers of which nobody else knows: a counter goes back and forth. */
function bystanders() {
  const { port1, port2 } = new MessageChannel();
  const program = `const { workerData: port } = require('threadport');
    let expected = 0;
    port.on('message', (n) => {
      if (expected !== 0 && n !== expected + 2) throw new Error('the bystander expected ' + (expected + 2) + ' and got ' + n);
      expected = n;
      port.postMessage(n + 1);
    });`;
  const start = (port) => new Worker(program, { eval: true, workerData: port, transferList: [port] }).on('error', fail);
  const watch = new MessageChannel();
  const far = start(port2);
  const relay = new Worker(`const { workerData: { port, watch } } = require('threadport');
    let last = 0;
    port.on('message', (n) => {
      if (n !== last + 1) throw new Error('the bystander expected ' + (last + 1) + ' and got ' + n);
      last = n + 1;
      port.postMessage(last);
    });
    watch.on('message', () => watch.postMessage(last));
    port.postMessage(0);`, { eval: true, workerData: { port: port1, watch: watch.port2 }, transferList: [port1, watch.port2] }).on('error', fail);
  return {
    trips: async () => {
      const answer = new Promise((resolve) => watch.port1.once('message', resolve));
      watch.port1.postMessage('how many?');
      return within(30_000, answer, 'the bystanders');
    },
    end: () => Promise.all([far.terminate(), relay.terminate()]),
  };
}

async function main() {
  const { random, size } = argument();
  const queue = new SharedQueue({ capacity: 4096 });
  const names = Object.keys(roles);
  const ports = new Set();
  const figures = { workers: 0, messages: 0 };

  async function generation() {
    const workers = Array.from({ length: 2 + random.below(6) }, () => {
      const role = random.pick(names);
      const worker = new Worker(__filename, { workerData: { role, id: figures.workers++, queue: queue.buffer } });
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.on('error', (error) => error.message === 'on purpose' || fail(error));
      worker.on('message', (value) => {
        figures.messages++;
        const port = value?.port;
        if (port === undefined) return;
        ports.add(port);
        port.on('message', (value) => port.postMessage(value));
        port.on('close', () => ports.delete(port));
        if (random.chance(0.5)) workers[0].postMessage({ port }, [port]);
      });
      // Some are ended before they have loaded the package, or anything.
      return { worker, ended, postMessage: (...args) => worker.postMessage(...args), life: random.chance(0.3) ? random.below(3) : random.below(300) };
    });
    const talk = setInterval(() => {
      for (const { worker } of workers) for (let i = 0; i < 10; i++) worker.postMessage(i % 7 === 0 ? new SharedArrayBuffer(4) : { i });
      for (let i = 0; i < 5; i++) queue.tryPush(i);
      queue.tryPop();
    }, 1);
    await Promise.all(workers.map(async ({ worker, ended, life }) => {
      await pause(life);
      await within(30_000, Promise.all([worker.terminate(), ended]), 'terminate()');
    }));
    clearInterval(talk);
  }

  const others = bystanders();
  for (let warm = 0; warm < 4; warm++) await generation();
  if (random.chance(0.1)) {
    setTimeout(() => {
      console.log(JSON.stringify({ ...figures, exits: 1 }));
      process.exit(0);
    }, random.below(40));
  }
  const before = await resources();
  const trips = await others.trips();
  const generations = Math.ceil(25 * size);
  for (let n = 0; n < generations; n++) await generation();
  if ((await others.trips()) <= trips) fail('the bystanders stand still');
  await others.end();
  // Nobody has left anything in the queue that would stop others.
  while (queue.tryPop('none') !== 'none');
  if (!queue.tryPush('still works') || queue.tryPop() !== 'still works') fail('the queue is wedged');
  for (const port of ports) port.close();
  await pause(50);
  const after = await resources();
  // The two bystanders are gone, with a few descriptors each.
  if (after.threads > before.threads) fail(`threads: ${before.threads} before, ${after.threads} after`);
  if (after.files > before.files) fail(`files: ${before.files} before, ${after.files} after`);
  const grown = after.rss - before.rss;
  if (grown > 150e6) fail(`memory grew by ${grown} bytes`);
  console.log(JSON.stringify({ ...figures, mostGrownBytes: Math.max(0, grown) }));
  process.exit(0);
}

if (isMainThread) main().catch(fail);
else roles[workerData.role](workerData);
