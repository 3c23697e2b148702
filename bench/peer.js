'use strict';
// The worker side of every scenario. `parentPort` is the control line; the traffic runs over one transferred port whose
// behaviour the control line sets.

const { isDeepStrictEqual } = require('node:util');
const { workerData } = require('node:worker_threads');
const { scenarios } = require('./scenarios.js');

const { parentPort } = require(workerData.id);
let traffic;
let onMessage;
const held = []; // idle ports, kept open

const modes = {
  /** Counts, and acknowledges each full chunk. */
  count({ chunk }) {
    let seen = 0;
    return () => {
      if (++seen === chunk) {
        seen = 0;
        traffic.postMessage(chunk);
      }
    };
  },
  /** Compares each message with what the scenario says must arrive; answers with the number of the first bad one, or -1. */
  verify({ scenario }) {
    const { pool, expected = (value) => value } = scenarios[scenario];
    const wanted = pool().map(expected);
    let seen = 0;
    let bad = -1;
    return (value) => {
      if (bad < 0 && !isDeepStrictEqual(value, wanted[seen])) bad = seen;
      if (++seen === wanted.length) traffic.postMessage(bad);
    };
  },
  echo: () => (value) => traffic.postMessage(value),
  /** Sends a received port back. */
  travel: () => (value) => traffic.postMessage(value, [value.port]),
};

const control = {
  traffic({ port }) {
    traffic = port;
    traffic.on('message', (value) => onMessage(value));
    parentPort.postMessage('ready');
  },
  mode(message) {
    onMessage = modes[message.mode](message);
    parentPort.postMessage('ready');
  },
  /** One request with a port of its own: the reply goes there, the asker closes it. */
  request({ port }) {
    port.postMessage(1);
  },
  hold({ port }) {
    port.on('message', (value) => port.postMessage(value));
    held.push(port);
  },
  sync: () => parentPort.postMessage('ready'),
};

parentPort.on('message', (message) => control[message.type](message));
