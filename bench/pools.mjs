// Calls per second of the pools that people use, each with one thread. Run as a program it measures the library that is
// named by THREADPORT_BENCH_POOL; argv: milliseconds for each measurement. Prints one JSON object.
//
// Each library has `open(file)`, which makes `call` and `close` of a pool, and `serve(work)` for its worker.

import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, Worker } from 'node:worker_threads';

const programs = createRequire(new URL('../__test__/programs/package.json', import.meta.url));
const load = (name) => import(pathToFileURL(programs.resolve(name)).href);
const comlink = () => Promise.all([load('comlink/dist/esm/comlink.mjs'), load('comlink/dist/esm/node-adapter.mjs')]);

const threads = { minThreads: 1, maxThreads: 1 };

export const libraries = {
  piscina: {
    async open(file) {
      const { default: Piscina } = await load('piscina');
      const pool = new Piscina({ filename: pathToFileURL(file).href, ...threads });
      return { call: (task) => pool.run(task), close: () => pool.destroy() };
    },
    serve: (work) => work,
  },
  tinypool: {
    async open(file) {
      const { Tinypool } = await load('tinypool');
      const pool = new Tinypool({ filename: pathToFileURL(file).href, ...threads });
      return { call: (task) => pool.run(task), close: () => pool.destroy() };
    },
    serve: (work) => work,
  },
  poolifier: {
    async open(file) {
      const { FixedThreadPool } = await load('poolifier');
      const pool = new FixedThreadPool(1, file);
      return { call: (task) => pool.execute(task), close: () => pool.destroy() };
    },
    async serve(work) {
      const { ThreadWorker } = await load('poolifier');
      return new ThreadWorker(work);
    },
  },
  workerpool: {
    async open(file) {
      const { default: workerpool } = await load('workerpool');
      const pool = workerpool.pool(file, { workerType: 'thread', minWorkers: 1, maxWorkers: 1 });
      return { call: (task) => pool.exec('work', [task]), close: () => pool.terminate() };
    },
    async serve(work) {
      const { default: workerpool } = await load('workerpool');
      workerpool.worker({ work });
    },
  },
  comlink: {
    async open(file) {
      const [{ wrap }, { default: nodeEndpoint }] = await comlink();
      const worker = new Worker(file);
      const api = wrap(nodeEndpoint(worker));
      return { call: (task) => api.work(task), close: () => worker.terminate() };
    },
    async serve(work, parentPort) {
      const [{ expose }, { default: nodeEndpoint }] = await comlink();
      expose({ work }, nodeEndpoint(parentPort));
    },
  },
};

/** So many callers, each of which asks again when it has its answer. */
async function measure(call, callers, ms) {
  let n = 0;
  const start = performance.now();
  const caller = async () => {
    while (performance.now() - start < ms) await call({ task: 'completion', n: n++ });
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (n / (performance.now() - start)) * 1000;
}

/** So many calls at a time, all of whose answers are kept until the last has come. */
async function measureWaves(call, size, ms) {
  let n = 0;
  const start = performance.now();
  while (performance.now() - start < ms) await Promise.all(Array.from({ length: size }, () => call({ task: 'completion', n: n++ })));
  return (n / (performance.now() - start)) * 1000;
}

/** Calls per second: one after the other, 100 in flight, and in waves of 100. */
async function main(ms) {
  const file = path.join(path.dirname(fileURLToPath(import.meta.url)), 'pool-worker.mjs');
  const { call, close } = await libraries[process.env.THREADPORT_BENCH_POOL].open(file);
  const { items } = await call({ task: 'completion', n: 0 });
  if (items.length !== 100) throw new Error('another answer than was asked for');
  await measure(call, 10, ms);
  const result = {
    sequential: await measure(call, 1, ms),
    flight: await measure(call, 100, ms),
    waves: await measureWaves(call, 100, ms),
  };
  await close();
  console.log(JSON.stringify(result));
  process.exit(0);
}

if (isMainThread) await main(Number(process.argv[2]));
