// The same tasks on any pool: `run(task, transferList)`.

import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { failure, isOurs, range, say } from './tasks.mjs';

export async function exercise(run, { refuses = true } = {}) {
  console.log(JSON.stringify({ ours: [isOurs(), await run({ task: 'ours' })] }));
  say('round trip', await run({ task: 'sum', n: 100 }));
  const echoed = await Promise.all(range(100).map((n) => run({ task: 'echo', n })));
  say('100 in flight', echoed.every(({ nested: { list, map } }, n) => list[1] === `${n}` && map.get(n).getTime() === n));
  say('asynchronous', await Promise.all(range(10).map((n) => run({ task: 'later', n }))));
  say('error', await failure(run({ task: 'fail', n: 7 })));
  // A pool that does not answer to a failed post waits for ever, with the built-in too.
  if (refuses) say('refused', (await failure((async () => run({ task: 'echo', refused() {} }))())).replace(/refused.*(could not)/s, '$1'));
  const buffer = Uint8Array.from(range(100)).buffer;
  say('transfer', [await run({ task: 'buffer', buffer }, [buffer]), buffer.byteLength]);
  const { port1, port2 } = new MessageChannel();
  port1.postMessage('question');
  const answer = once(port1, 'message');
  say('port', [await run({ task: 'port', port: port2 }, [port2]), await answer]);
  // Not awaited: a worker that waits for its next task in Atomics.wait does not get to close its end.
  port1.close();
  say('after all', await run({ task: 'sum', n: 10 }));
}
