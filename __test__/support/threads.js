'use strict';
// Channels and workers that end with the test that made them.

const { deadline } = require('./deadline.js');

const specifier = process.env.THREADPORT_TEST_MODULE ?? 'threadport';
/** What `require` finds from anywhere: the worker of an `eval` source resolves from the current folder. */
const modulePath = require.resolve(specifier);

/** A channel whose ports are closed after the test. */
function channel(t, wt) {
  const pair = new wt.MessageChannel();
  t.after(() => {
    pair.port1.close();
    pair.port2.close();
  });
  return pair;
}

/** The source of a worker that runs `body({ wt, parentPort, workerData, require })` with the module under test. */
function source(body, module = modulePath) {
  return `'use strict';
const wt = require(${JSON.stringify(module)});
(${body})({ wt, parentPort: wt.parentPort, workerData: wt.workerData, require });`;
}

/** A worker with `body` as its program, terminated after the test. */
function spawn(t, wt, body, options = {}) {
  const { module, ...rest } = options;
  const worker = new wt.Worker(source(body, module), { ...rest, eval: true });
  t.after(() => deadline(worker.terminate(), 'terminate() after the test'));
  return worker;
}

/** The exit code of a worker. */
function exited(worker, ms) {
  return deadline(new Promise((resolve) => worker.once('exit', resolve)), "the worker's 'exit'", ms);
}

module.exports = { channel, spawn, exited, source, specifier, modulePath };
