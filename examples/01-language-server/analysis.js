'use strict';
// Worker two: the analysis. Answers every request, and follows every notification with diagnostics.

const { workerData } = require('node:worker_threads');
const { answers } = require('./traffic.js');

const { parentPort } = require(workerData.module);
const prepared = answers();

parentPort.once('message', ({ server }) => {
  let changes = 0;
  let asked = 0;
  const notification = (list) => ({
    jsonrpc: '2.0',
    method: 'textDocument/publishDiagnostics',
    params: list[changes++ % list.length],
  });
  const response = (id, list) => ({ jsonrpc: '2.0', id, result: list[asked++ % list.length] });
  server.on('message', ({ id, method }) => {
    server.postMessage(id === undefined ? notification(prepared.diagnostics) : response(id, prepared[method]));
  });
  parentPort.postMessage('ready');
});
