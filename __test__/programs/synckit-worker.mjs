import { runAsWorker } from 'synckit';
import { work } from './tasks.mjs';

runAsWorker(work);
