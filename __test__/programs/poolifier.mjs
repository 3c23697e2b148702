import { fileURLToPath } from 'node:url';
import { DynamicThreadPool, FixedThreadPool } from 'poolifier';
import { exercise } from './pool.mjs';
import { say } from './tasks.mjs';

const file = fileURLToPath(new URL('poolifier-worker.mjs', import.meta.url));
const options = { errorHandler: (error) => say('pool error', error.message), enableTasksQueue: true };
const pools = [new FixedThreadPool(2, file, options), new DynamicThreadPool(1, 2, file, options)];
for (const pool of pools) {
  await exercise((task, transferList) => pool.execute(task, undefined, undefined, transferList), { refuses: false });
  await pool.destroy();
  say('destroyed', pool.info.workerNodes);
}
