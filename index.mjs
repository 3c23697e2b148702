// The ESM face of the same CommonJS instance. ES modules declare their names before they run, but Node lines differ in
// what node:worker_threads exports: the star gives exactly the running Node's names, and the names that every line since
// 20.0 has are shadowed by ours. Of the newer names, those that are ours stand here too, and are undefined where the
// running Node has none; the others are the built-in's own. `npm run smoke` fails if the two faces ever differ.

import threadport from './dist/index.js';

export * from 'node:worker_threads';
export const {
  BroadcastChannel,
  MessageChannel,
  MessagePort,
  SHARE_ENV,
  SharedQueue,
  Worker,
  getEnvironmentData,
  isMainThread,
  markAsUncloneable,
  markAsUntransferable,
  moveMessagePortToContext,
  native,
  parentPort,
  postMessageToThread,
  receiveAny,
  receiveAnySync,
  receiveMessageOnPort,
  resourceLimits,
  setEnvironmentData,
  threadId,
  version,
  workerData,
} = threadport;
export default threadport;
