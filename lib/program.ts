/**
 * Runs dist/package.js, a function: all of the package but what a process without the addon needs.
 *
 * To compile it is half of what loading costs. So the thread that starts a worker keeps V8's code for the text in native
 * memory, for the workers that it starts from then on, which read the same text and inherit a key. V8 refuses code of other flags than it runs with.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { Addon } from './native';

type Run = (module: { exports?: unknown }, require: NodeJS.Require, __dirname: string) => void;

const FILE = join(__dirname, 'package.js');

/** The name of the key; that of another copy of the package is another one. */
const KEY = `threadport.program.${FILE}`;

/** Compiled by this thread, and not kept yet. */
let own: { source: Buffer; script: Script } | undefined;

/** What dist/package.js exports. */
export function runProgram(raw: Addon): unknown {
  const source = readFileSync(FILE);
  const key = getEnvironmentData(KEY);
  const cachedData = (typeof key === 'string' && raw.Binding.programCode(key, source)) || undefined;
  const script = new Script(source.toString('latin1'), { filename: FILE, cachedData });
  if (cachedData === undefined) own = { source, script };
  const program: { exports?: unknown } = {};
  const run = script.runInThisContext() as Run;
  run(program, require, __dirname);
  return program.exports;
}

/** For the workers that start from now on. To be called ahead of the first, and what it returns once that is under way. */
export function keepProgram(raw: Addon): () => void {
  const keys = own && raw.Binding.reserveProgram();
  if (own === undefined || keys == null) return () => {};
  const { source, script } = own;
  own = undefined;
  setEnvironmentData(KEY, keys[0]!);
  return () => raw.Binding.keepProgram(keys[1]!, source, script.createCachedData());
}
