/** All that there is where the addon is. */
import { messaging } from './messaging';
import { stock } from './messaging/stock';
import { onWorker } from './messaging/worker';
import { SharedQueue } from './queue';
import { receiveAny, receiveAnySync } from './receive-any';
import { register, unregister } from './register';

/** Every name of the built-in module, ours in the place of some, and what the built-in lacks; ours are undefined where the running Node has none. */
function exportsOf(version: string): Record<string, unknown> {
  const ours = Object.entries(messaging).filter(([, value]) => value !== undefined);
  return { ...stock, ...Object.fromEntries(ours), SharedQueue, receiveAny, receiveAnySync, native: true, version };
}

// One object: the bundler gives named exports with a loop that would see what a program has put on Object.prototype.
export = { exportsOf, onWorker, register, unregister };
