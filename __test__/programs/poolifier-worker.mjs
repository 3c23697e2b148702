import { ThreadWorker } from 'poolifier';
import { work } from './tasks.mjs';

// A pool that is destroyed waits for the 'exit' of its workers: one that ends by itself just before is waited for for ever.
setInterval(() => {}, 60_000);

export default new ThreadWorker(work);
