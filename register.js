'use strict';
// Puts the package in the place of node:worker_threads; see docs/register.md.

const { register, unregister } = require('./dist/index.js')[Symbol.for('threadport.registration')];

register(module.isPreloading ? 'preload' : undefined);
module.exports = { register: () => register(), unregister };
