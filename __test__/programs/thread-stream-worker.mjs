import { createWriteStream } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { isOurs } from './tasks.mjs';

export default async ({ dest, fail }) => {
  if (fail) throw new Error('no destination');
  parentPort.postMessage({ code: 'EVENT', name: 'told', args: [isOurs()] });
  return createWriteStream(dest);
};
