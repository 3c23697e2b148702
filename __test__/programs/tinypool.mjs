import Tinypool from 'tinypool';
import { exercise } from './pool.mjs';
import { failure, say } from './tasks.mjs';

const pool = new Tinypool({ filename: new URL('piscina-worker.mjs', import.meta.url).href, minThreads: 1, maxThreads: 2 });
await exercise((task, transferList) => pool.run(task, { transferList }));
await pool.recycleWorkers();
await exercise((task, transferList) => pool.run(task, { transferList }));
const last = failure(pool.run({ task: 'never' }));
await pool.destroy();
say('destroyed', await last);
