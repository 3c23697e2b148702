/** All that there is where the addon is. */
import * as messaging from './messaging';
import { stock } from './messaging/stock';

export { onFirstWorker } from './messaging/worker';
export { register, unregister } from './register';

/** Every name of the built-in module, ours in the place of some; ours are undefined where the running Node has none. */
export function exportsOf(version: string): Record<string, unknown> {
  const ours = Object.entries(messaging).filter(([, value]) => value !== undefined);
  return { ...stock, ...Object.fromEntries(ours), native: true, version };
}
