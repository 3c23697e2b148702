/**
 * Runs dist/package.js, a function: all of the package but what a process without the addon needs.
 *
 * To compile it is half of what loading costs. So the thread that starts a worker keeps V8's code for the text in native
 * memory, for threads that read the same text later. V8 refuses code of other flags than it runs with.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import type { Addon } from './native';

type Run = (module: { exports?: unknown }, require: NodeJS.Require, __dirname: string) => void;

const FILE = join(__dirname, 'package.js');

/** Compiled by this thread, and not kept yet. */
let own: { source: Buffer; script: Script } | undefined;

/** What dist/package.js exports. */
export function runProgram(raw: Addon): unknown {
  const source = readFileSync(FILE);
  const cachedData = raw.Binding.programCode(source) ?? undefined;
  const script = new Script(source.toString('latin1'), { filename: FILE, cachedData });
  if (cachedData === undefined) own = { source, script };
  const program: { exports?: unknown } = {};
  const run = script.runInThisContext() as Run;
  run(program, require, __dirname);
  return program.exports;
}

/** For the threads that start from now on. */
export function keepProgram(raw: Addon): void {
  if (own === undefined) return;
  const { source, script } = own;
  own = undefined;
  raw.Binding.keepProgram(source, script.createCachedData());
}
