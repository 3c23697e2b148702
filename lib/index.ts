/**
 * threadport: `node:worker_threads` over native lanes.
 *
 * `api` has every name of the built-in module of the running Node; the message-passing ones are ours. The rest is what
 * `threadport/register` exports.
 */
import builtin = require('node:worker_threads');
import type * as Messaging from './messaging';
import type * as Stock from './messaging/stock';
import { raw } from './native';
import type * as Registration from './register';
import type { Start } from './start';

declare const __THREADPORT_VERSION__: string;

const version = __THREADPORT_VERSION__;

interface Package {
  api: Record<string, unknown>;
  register(start: Start): void;
  unregister(): void;
}

function withAddon(): Package {
  const { stock } = require('./messaging/stock') as typeof Stock;
  const ours = Object.entries(require('./messaging') as typeof Messaging).filter(([, value]) => value !== undefined);
  const api = { ...stock, ...Object.fromEntries(ours), native: true, version };
  const registration = (): typeof Registration => require('./register') as typeof Registration;
  return { api, register: (start) => registration().register(api, start), unregister: () => registration().unregister() };
}

function withoutAddon(error: Error): Package {
  process.emitWarning(`threadport runs without its native addon: ${error.message}`, { code: 'THREADPORT_NO_NATIVE' });
  return { api: { ...builtin, native: false, version }, register() {}, unregister() {} };
}

/** Without the addon all exports are the stock ones. */
module.exports = raw instanceof Error ? withoutAddon(raw) : withAddon();
