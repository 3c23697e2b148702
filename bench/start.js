'use strict';
// What it costs to have the package, in milliseconds. Loads nothing else: what it measures is what is loaded first.
// argv: task, module id, count; or, in a worker: nothing.

const elapsed = (since) => Number(process.hrtime.bigint() - since) / 1e6;

const tasks = {
  load(id) {
    const start = process.hrtime.bigint();
    require(id);
    return elapsed(start);
  },

  /** From `new Worker` to the first message of a worker that loads the module. */
  async worker(id, count) {
    const { Worker } = require(id);
    const took = [];
    for (let i = 0; i < count; i++) {
      const start = process.hrtime.bigint();
      const worker = new Worker(`require(${JSON.stringify(id)}).parentPort.postMessage(1)`, { eval: true });
      await new Promise((resolve) => worker.once('message', resolve));
      took.push(elapsed(start));
      await worker.terminate();
    }
    return took;
  },

  /** The first messages of the process, from the first post until a worker that waits for them has all. */
  async messages(id, count) {
    const { request } = require('./values.js');
    const { Worker } = require(id);
    const text = `
      const { parentPort } = require(${JSON.stringify(id)});
      let left = ${count};
      parentPort.on('message', () => --left === 0 && parentPort.postMessage('all'));
      parentPort.postMessage('there');`;
    const worker = new Worker(text, { eval: true });
    const next = () => new Promise((resolve) => worker.once('message', resolve));
    await next();
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) worker.postMessage(request(i));
    await next();
    const took = elapsed(start);
    await worker.terminate();
    return took;
  },
};

async function main([task, id, count]) {
  console.log(JSON.stringify(await tasks[task](id, Number(count))));
}

main(process.argv.slice(2));
