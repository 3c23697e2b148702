import { work } from './tasks.mjs';

export default (task) => (task.task === 'never' ? new Promise(() => {}) : work(task));
