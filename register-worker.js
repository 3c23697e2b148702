'use strict';
// What a worker runs first under `threadport/register` (lib/messaging/follow.ts). In place of a file: then that file.

const { createRequire, runMain } = require('node:module');
// In front of a text that is evaluated: its own `process`, if it declares one, is not to be touched yet.
const { process } = globalThis;

// Not the one of this file: with loader hooks that keeps modules of its own, and may have no cache.
const requireHere = createRequire(__filename);
requireHere('./dist/index.js')[Symbol.for('threadport.registration')].register('worker');

if (process.argv[1] === __filename) {
  process.argv.splice(1, 1);
  delete requireHere.cache[__filename];
  // An ES module is no main module.
  delete process.mainModule;
  runMain(process.argv[1]);
}
