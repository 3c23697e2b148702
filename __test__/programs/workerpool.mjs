import { fileURLToPath } from 'node:url';
import workerpool from 'workerpool';
import { exercise } from './pool.mjs';
import { failure, say } from './tasks.mjs';

const pool = workerpool.pool(fileURLToPath(new URL('workerpool-worker.mjs', import.meta.url)), { workerType: 'thread', maxWorkers: 2 });
await exercise((task, transfer) => pool.exec('work', [task], { transfer }));
const events = [];
await pool.exec('report', [3], { on: (payload) => events.push(payload) });
say('events', events);
say('timeout', await failure(pool.exec('never', []).timeout(50)));
say('again', await pool.exec('work', [{ task: 'sum', n: 4 }]));
await pool.terminate(true);
say('destroyed', pool.stats());
