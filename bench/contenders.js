'use strict';
// The two modules under test. `id` is what a thread passes to require(), so it must mean the same in every file;
// `preload` are the options of a process whose node:worker_threads is to be the contender.
// THREADPORT_BENCH_PEER=node:worker_threads runs the built-in against itself: all ratios should then be about 1.

const { createRequire } = require('node:module');
const path = require('node:path');

const root = path.join(__dirname, '..');
// Through the root's package.json, since this folder's own would hide the package's name.
const fromRoot = createRequire(path.join(root, 'package.json'));
const peer = process.env.THREADPORT_BENCH_PEER ?? 'threadport';

module.exports = {
  root,
  // `preload`: what puts it in the place of the built-in from the start.
  stock: { name: 'node:worker_threads', id: 'node:worker_threads', preload: [] },
  ours: { name: peer, id: fromRoot.resolve(peer), preload: peer === 'threadport' ? ['--require', 'threadport/register'] : [] },
};
