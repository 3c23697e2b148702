import { Worker } from 'node:worker_threads';
import * as Comlink from 'comlink/dist/esm/comlink.mjs';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { exercise } from './pool.mjs';
import { say } from './tasks.mjs';

const worker = new Worker(new URL('comlink-worker.mjs', import.meta.url));
const api = Comlink.wrap(nodeEndpoint(worker));
await exercise((task, transfer) => api.work(transfer ? Comlink.transfer(task, transfer) : task));
say('property', await api.version);
const counter = await new api.Counter(5);
await counter.increase();
say('class', await counter.value);
counter[Comlink.releaseProxy]();
say('terminated', await worker.terminate());
