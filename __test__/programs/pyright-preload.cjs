'use strict';
// Before each thread of the language server. The published bundle starts the wrong file as its worker.

const { writeSync } = require('node:fs');
const wt = require('node:worker_threads');

const isOurs = !/native code/.test(wt.MessageChannel) && globalThis.MessageChannel === wt.MessageChannel;
writeSync(2, `${JSON.stringify({ isMainThread: wt.isMainThread, ours: isOurs })}\n`);

const file = require.resolve('pyright/langserver.index.js');
wt.Worker = class Worker extends wt.Worker {
  constructor(_file, options) {
    super(file, options);
  }
};
