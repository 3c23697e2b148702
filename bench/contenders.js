'use strict';
// The two modules under test. `id` is what a thread passes to require(), so it must mean the same in every file.
// THREADPORT_BENCH_PEER=node:worker_threads runs the built-in against itself: all ratios should then be about 1.

const { createRequire } = require('node:module');
const path = require('node:path');

// Through the root's package.json, since this folder's own would hide the package's name.
const fromRoot = createRequire(path.join(__dirname, '..', 'package.json'));
const peer = process.env.THREADPORT_BENCH_PEER ?? 'threadport';

module.exports = {
  stock: { name: 'node:worker_threads', id: 'node:worker_threads' },
  ours: { name: peer, id: fromRoot.resolve(peer) },
};
