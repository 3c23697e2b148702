import { Piscina } from 'piscina';
import { exercise } from './pool.mjs';
import { failure, say } from './tasks.mjs';

for (const atomics of ['sync', 'async', 'disabled']) {
  const pool = new Piscina({ filename: new URL('piscina-worker.mjs', import.meta.url).href, maxThreads: 2, atomics, concurrentTasksPerWorker: 2 });
  await exercise((task, transferList) => pool.run(task, { transferList }));
  const abort = new AbortController();
  const aborted = failure(pool.run({ task: 'later', n: 1 }, { signal: abort.signal }));
  abort.abort();
  say('aborted', await aborted);
  const last = failure(pool.run({ task: 'never' }));
  await pool.destroy();
  say('destroyed', [atomics, await last, pool.threads.length]);
}
