/**
 * threadport: `node:worker_threads` over native lanes.
 *
 * Exports every name of the built-in module of the running Node; the message-passing ones are ours.
 */
import stock = require('node:worker_threads');
import type * as Messaging from './messaging';
import { raw } from './native';

declare const __THREADPORT_VERSION__: string;

/** Is the addon in use? If not, all exports are the stock ones. */
const native = !(raw instanceof Error);

function overrides(): object {
  if (!(raw instanceof Error)) {
    const ours = require('./messaging') as typeof Messaging;
    return { ...ours };
  }
  process.emitWarning(`threadport runs without its native addon: ${raw.message}`, { code: 'THREADPORT_NO_NATIVE' });
  return {};
}

module.exports = { ...stock, ...overrides(), native, version: __THREADPORT_VERSION__ };
