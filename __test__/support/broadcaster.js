'use strict';
// One thread of the random broadcast test: opens and closes channels, posts and receives, as its seed says.

const { generator } = require('./random.js');

const turn = () => new Promise((resolve) => setImmediate(resolve));

class Broadcaster {
  constructor(wt, seed, index) {
    this.wt = wt;
    this.random = generator(seed);
    this.index = index;
    this.open = [];
    this.logs = [];
    this.isFinishing = false;
  }

  join(name) {
    const log = { id: `${this.index}.${this.logs.length}`, name, posted: 0, heard: [] };
    const channel = new this.wt.BroadcastChannel(name);
    const member = { channel, log };
    channel.onmessage = ({ data }) => {
      this.hear(member, data);
      if (!this.isFinishing && this.random.chance(0.002)) this.post(this.random.pick(this.open));
    };
    this.open.push(member);
    this.logs.push(log);
  }

  hear({ log }, { from, n }) {
    log.heard.push([from, n]);
  }

  leave(member) {
    this.open.splice(this.open.indexOf(member), 1);
    member.channel.close();
  }

  post({ channel, log }) {
    const message = { from: log.id, n: log.posted };
    const kind = this.random.next();
    if (kind < 0.02) {
      try {
        channel.postMessage({ ...message, f: () => {} });
      } catch {
        return;
      }
      throw new Error('a function was posted');
    }
    if (kind < 0.05) message.shared = new SharedArrayBuffer(1);
    else if (kind < 0.07) message.at = new (class Point { x = 1; })();
    else if (kind < 0.1) message.bytes = new Uint8Array(3000);
    else if (kind < 0.13) message.text = 'long '.repeat(10_000);
    channel.postMessage(message);
    log.posted++;
  }

  receive(member) {
    const received = this.wt.receiveMessageOnPort(member.channel);
    if (received !== undefined) this.hear(member, received.message);
  }

  step(names) {
    const { random, open } = this;
    const what = random.next();
    if (open.length === 0 || (what < 0.01 && open.length < 4)) this.join(random.pick(names));
    else if (what < 0.018) this.leave(random.pick(open));
    else if (what < 0.05) this.receive(random.pick(open));
    else this.post(random.pick(open));
  }

  async run(names, steps) {
    for (let n = 0; n < steps; n++) {
      this.step(names);
      if (this.random.chance(0.03)) await turn();
    }
    for (const name of names) if (!this.open.some(({ log }) => log.name === name)) this.join(name);
    return this.open.map(({ log }) => [log.name, log.id]);
  }

  /** Every open member posts once more, and waits until it has heard the last of all `others`. */
  async finish(others) {
    this.isFinishing = true;
    for (const { channel, log } of this.open) channel.postMessage({ from: log.id, n: 'last' });
    const misses = ({ log }) => others.some(([name, id]) => name === log.name && id !== log.id && !log.heard.some(([from, n]) => from === id && n === 'last'));
    for (const end = Date.now() + 10_000; this.open.some(misses); await turn()) {
      if (Date.now() > end) throw new Error(`thread ${this.index} waits for a last message`);
    }
    for (const { channel } of this.open) channel.close();
    return this.logs;
  }
}

module.exports = { Broadcaster };
