// The worker of each pool (THREADPORT_BENCH_POOL): answers a small request with about 20 KiB.

import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { libraries } from './pools.mjs';

const values = createRequire(import.meta.url)('./values.js');
const replies = values.times(16, (seed) => values.completions(seed, 100));
const work = ({ n }) => replies[n % replies.length];

export default await libraries[process.env.THREADPORT_BENCH_POOL].serve(work, parentPort);
