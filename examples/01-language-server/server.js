'use strict';
// Worker one: the server's front. It owns the line to the extension host and passes what needs analysis on to worker two,
// whose port it got at the start; answers and notifications travel back the same way. That is the second copy of every
// message that makes a multi-threaded language server slower than a single-threaded one.

const { workerData } = require('node:worker_threads');

const { parentPort } = require(workerData.module);

parentPort.once('message', ({ analysis }) => {
  analysis.on('message', (message) => parentPort.postMessage(message));
  parentPort.on('message', (message) => analysis.postMessage(message));
  parentPort.postMessage('ready');
});
