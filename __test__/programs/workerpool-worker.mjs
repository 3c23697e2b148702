import workerpool from 'workerpool';
import { range, work } from './tasks.mjs';

workerpool.worker({
  work,
  report: (count) => range(count).forEach((n) => workerpool.workerEmit({ n })),
  never: () => new Promise(() => {}),
});
