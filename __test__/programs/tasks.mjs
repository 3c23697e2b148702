// What every program prints, and what the workers of the pools do.

import { receiveMessageOnPort, MessageChannel } from 'node:worker_threads';

/** Does this thread have ours? Stock's channel is a native function. */
export const isOurs = () => !/native code/.test(MessageChannel) && globalThis.MessageChannel === MessageChannel;

export const range = (count) => Array.from({ length: count }, (_, n) => n);

/** Prints a line that must be the same with and without threadport/register. */
export const say = (what, value) => console.log(`${what}: ${typeof value === 'string' ? value : JSON.stringify(value)}`);

export const failure = (promise) => promise.then(() => 'no error', (error) => `${error?.name ?? 'none'}, ${error?.message ?? error}`);

export async function work({ task, n, buffer, port }) {
  switch (task) {
    case 'ours': return isOurs();
    case 'sum': return range(n).reduce((sum, value) => sum + value, 0);
    case 'echo': return { n, nested: { list: [n, `${n}`, null], map: new Map([[n, new Date(n)]]) } };
    case 'later': return new Promise((resolve) => setTimeout(resolve, 5, n));
    case 'fail': throw new RangeError(`task ${n} failed`);
    case 'buffer': return new Uint8Array(buffer).reduce((sum, value) => sum + value, 0);
    case 'port': {
      const { message } = receiveMessageOnPort(port);
      port.postMessage({ answer: message });
      port.close();
      return 'posted';
    }
    default: throw new Error(`no task ${task}`);
  }
}
