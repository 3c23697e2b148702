// vitest with its pool of threads, on the suite in ./vitest.

import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';
import { isOurs, say } from './tasks.mjs';

const root = fileURLToPath(new URL('vitest', import.meta.url));
const reporter = {
  onTestModuleEnd(module) {
    results.push(...[...module.children.allTests()].map((test) => [module.relativeModuleId, test.name, test.result().state]));
  },
};
const results = [];
const vitest = await startVitest('test', [], { root, config: false, watch: false, cache: false, pool: 'threads', reporters: [reporter], maxWorkers: 2 });
await vitest.close();
process.exitCode = 0;
const named = (name) => results.filter(([, test]) => test === name).map(([, , state]) => state);
console.log(JSON.stringify({ ours: [isOurs(), named('is ours').every((state) => state === 'passed')] }));
for (const [file, name, state] of results.sort()) if (name !== 'is ours') say(file, `${name}: ${state}`);
