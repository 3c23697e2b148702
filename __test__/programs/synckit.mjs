import { fileURLToPath } from 'node:url';
import { createSyncFn } from 'synckit';
import { isOurs, range, say } from './tasks.mjs';

const run = createSyncFn(fileURLToPath(new URL('synckit-worker.mjs', import.meta.url)), { timeout: 20_000 });
console.log(JSON.stringify({ ours: [isOurs(), run({ task: 'ours' })] }));
say('round trip', run({ task: 'sum', n: 100 }));
say('100 calls', range(100).every((n) => run({ task: 'echo', n }).nested.map.get(n).getTime() === n));
say('asynchronous', range(3).map((n) => run({ task: 'later', n })));
try {
  run({ task: 'fail', n: 2 });
} catch (error) {
  say('error', `${error.name}, ${error.message}`);
}
say('after all', run({ task: 'buffer', buffer: Uint8Array.of(1, 2, 3).buffer }));
