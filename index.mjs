// The ESM face of the same CommonJS instance. ES modules declare their names before they run, but Node lines differ in
// what node:worker_threads exports: the star gives exactly the running Node's names, and the names that every line since
// 20.0 has are shadowed by ours. So a name newer than 20.0 is the built-in's own here; `npm run smoke` fails if the two
// faces ever differ in a name or a value.

import threadport from './index.js';

export * from 'node:worker_threads';
export const {
  BroadcastChannel,
  MessageChannel,
  MessagePort,
  SHARE_ENV,
  Worker,
  getEnvironmentData,
  isMainThread,
  markAsUntransferable,
  moveMessagePortToContext,
  native,
  parentPort,
  receiveMessageOnPort,
  resourceLimits,
  setEnvironmentData,
  threadId,
  version,
  workerData,
} = threadport;
export default threadport;
