'use strict';
// Measurements that need a process of their own: idle CPU, memory, and the cost of a message beside many open ports.
// argv: task, module id, options as JSON. Prints one JSON object.

const { setTimeout: sleep } = require('node:timers/promises');
const { Link, prepare } = require('./link.js');
const broadcast = require('./broadcast.js');
const { calibrate, gc, median, repeat, sample } = require('./measure.js');

/** CPU seconds over `seconds` of silence. */
async function silentCpu({ seconds }) {
  await sleep(500); // let garbage collection and polling that traffic left behind come to rest
  const start = process.cpuUsage();
  await sleep(seconds * 1000);
  const { user, system } = process.cpuUsage(start);
  return { cpu: (user + system) / 1e6 };
}

function residentBytes() {
  gc();
  gc();
  return process.memoryUsage.rss();
}

const tasks = {
  async idlePorts(id, options) {
    const link = await Link.open({ id });
    await link.hold(options.ports);
    return silentCpu(options);
  },

  async afterTraffic(id, options) {
    const link = await Link.open({ id });
    for (const name of ['round trip hot', 'integers']) await calibrate(await prepare(link, name), 500);
    return silentCpu(options);
  },

  /** Bytes per channel; `used` ones have listeners and carried a message each way before they fell idle. */
  async memory(id, { channels, used }) {
    const { MessageChannel } = require(id);
    const open = [];
    const openOne = () =>
      new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        open.push(port1, port2);
        if (!used) return resolve();
        port2.on('message', (value) => port2.postMessage(value));
        port1.on('message', resolve);
        port1.postMessage(1);
      });
    // The heap grows in steps of megabytes: both contenders are beyond the first ones.
    for (let i = 0; i < channels; i++) await openOne();
    await sleep(300);
    const before = residentBytes();
    for (let i = 0; i < channels; i++) await openOne();
    await sleep(300);
    return { bytes: (residentBytes() - before) / channels, open: open.length };
  },

  /** Nanoseconds per post of a broadcast channel. */
  async broadcast(id, { rounds, ms, warmUpMs, ...options }) {
    const { play } = await broadcast.prepare(id, options);
    const count = await calibrate(play, ms);
    await repeat(play, count, warmUpMs);
    const samples = [];
    while (samples.length < rounds) samples.push(await sample(play, count));
    return { wall: median(samples.map(({ wall }) => wall)), cpu: median(samples.map(({ cpu }) => cpu)) };
  },

  /** Nanoseconds per message on one port with `ports` open ones in each of the two threads. */
  async flat(id, { ports, rounds, ms }) {
    const link = await Link.open({ id });
    link.held = await link.hold(ports - 1);
    const result = {};
    for (const [key, name] of [['oneWay', 'integers'], ['roundTrip', 'round trip hot']]) {
      const play = await prepare(link, name);
      const count = await calibrate(play, ms);
      const samples = [];
      while (samples.length < rounds) samples.push(await sample(play, count));
      result[key] = median(samples.map(({ wall }) => wall));
    }
    return result;
  },
};

async function main([task, id, options]) {
  console.log(JSON.stringify(await tasks[task](id, JSON.parse(options))));
  process.exit(0);
}

main(process.argv.slice(2));
