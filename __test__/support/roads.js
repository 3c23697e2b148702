'use strict';
// Ways to move a port within this thread that do not ask the module it came from.

const stock = require('node:worker_threads');

const ROADS = {
  structuredClone: (port) => structuredClone(port, { transfer: [port] }),
  'a channel of the built-in': (port) => {
    const { port1, port2 } = new stock.MessageChannel();
    port1.postMessage({ port }, [port]);
    const { message: { port: moved } } = stock.receiveMessageOnPort(port2);
    port1.close();
    return moved;
  },
};

module.exports = { ROADS };
