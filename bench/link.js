'use strict';
// A worker and an open traffic port to it, made with one contender's classes, and the drivers that play scenarios on it.
// A driver returns a function (count) => promise of undefined, or of its own wall time per message in nanoseconds; its
// `unit`, where it has one, is what counts must be a multiple of.

const { once } = require('node:events');
const path = require('node:path');
const { scenarios } = require('./scenarios.js');

class Link {
  static async open(contender) {
    const { MessageChannel, Worker } = require(contender.id);
    const link = new Link();
    link.MessageChannel = MessageChannel;
    link.worker = new Worker(path.join(__dirname, 'peer.js'), { workerData: { id: contender.id } });
    const { port1, port2 } = new MessageChannel();
    link.port = port1;
    link.onMessage = undefined;
    port1.on('message', (value) => link.onMessage(value));
    await link.control({ type: 'traffic', port: port2 }, [port2]);
    return link;
  }

  async control(message, transfer) {
    this.worker.postMessage(message, transfer);
    await once(this.worker, 'message');
  }

  mode(mode, more) {
    return this.control({ type: 'mode', mode, ...more });
  }

  /** Opens `n` more channels to the worker, with a listener at each end, and leaves them idle. */
  async hold(n) {
    const ports = [];
    for (let i = 0; i < n; i++) {
      const { port1, port2 } = new this.MessageChannel();
      port1.on('message', () => {});
      ports.push(port1);
      this.worker.postMessage({ type: 'hold', port: port2 }, [port2]);
    }
    await this.control({ type: 'sync' });
    return ports;
  }

  async close() {
    this.port.close();
    await this.worker.terminate();
  }
}

/** Posts every message of the pool once and lets the worker compare. */
async function verify(link, name) {
  const { pool, fresh = (value) => value, transfer } = scenarios[name];
  if (!pool) return; // the driver itself waits for the right answer
  await link.mode('verify', { scenario: name });
  const answer = new Promise((resolve) => (link.onMessage = resolve));
  for (const value of pool().map(fresh)) link.port.postMessage(value, transfer?.(value));
  const bad = await answer;
  if (bad !== -1) throw new Error(`${name}: message ${bad} arrived with other content than was sent`);
}

function poster(link, { pool, fresh, transfer }) {
  const { port } = link;
  const messages = pool();
  const mask = messages.length - 1; // pools are powers of two
  if (!fresh) return (i) => port.postMessage(messages[i & mask]);
  return (i) => {
    const value = fresh(messages[i & mask]);
    port.postMessage(value, transfer(value));
  };
}

const drivers = {
  async oneWay(link, scenario) {
    const { chunk } = scenario;
    const post = poster(link, scenario);
    await link.mode('count', { chunk });
    const play = (count) =>
      new Promise((resolve) => {
        let unsent = count / chunk;
        let unacknowledged = unsent;
        const send = () => {
          unsent--;
          for (let i = 0; i < chunk; i++) post(i);
        };
        link.onMessage = () => {
          if (--unacknowledged === 0) resolve();
          else if (unsent > 0) send();
        };
        send();
        send();
      });
    return Object.assign(play, { unit: 2 * chunk });
  },

  async roundTrip(link, scenario) {
    const post = poster(link, scenario);
    await link.mode('echo');
    return (count) =>
      new Promise((resolve) => {
        let left = count;
        link.onMessage = () => {
          if (--left === 0) resolve();
          else post(left);
        };
        post(left);
      });
  },

  /** The median over single trips: the wall time of the whole run is mostly the silence. */
  async silence(link, scenario) {
    const post = poster(link, scenario);
    await link.mode('echo');
    return async (count) => {
      const trips = [];
      while (trips.length < count) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        const answer = new Promise((resolve) => (link.onMessage = () => resolve(process.hrtime.bigint())));
        const start = process.hrtime.bigint();
        post(trips.length);
        trips.push(Number((await answer) - start));
      }
      return trips.sort((a, b) => a - b)[count >> 1];
    };
  },

  async request(link) {
    return async (count) => {
      for (let i = 0; i < count; i++) {
        const { port1, port2 } = new link.MessageChannel();
        link.worker.postMessage({ type: 'request', port: port2 }, [port2]);
        await new Promise((resolve) => port1.once('message', resolve));
        port1.close();
        if (i === count - 1) await once(port1, 'close');
      }
    };
  },

  async travel(link) {
    await link.mode('travel');
    return (count) =>
      new Promise((resolve) => {
        const { port1, port2 } = new link.MessageChannel();
        let left = count;
        link.onMessage = ({ port }) => {
          if (--left > 0) return link.port.postMessage({ id: left, port }, [port]);
          port1.close();
          resolve();
        };
        link.port.postMessage({ id: left, port: port2 }, [port2]);
      });
  },
};

/** The function that plays `scenario` (a name, or the object itself) on `link`. */
const prepare = (link, scenario) => {
  const resolved = typeof scenario === 'string' ? scenarios[scenario] : scenario;
  return drivers[resolved.driver](link, resolved);
};

module.exports = { Link, prepare, verify };
