/**
 * Runs dist/package.js, a function: all of the package but what a process without the addon needs.
 *
 * To compile it is half of what loading costs. So the thread that starts a worker keeps the text and V8's code for it in native
 * memory, for the workers that it starts from then on, which inherit a key. V8 refuses code of other flags than it runs with.
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
  const program: { exports?: unknown } = {};
  const run = (inherited(raw) ?? compiled()).runInThisContext() as Run;
  run(program, require, __dirname);
  return program.exports;
}

/** As the parent, or a parent of that, has left it. */
function inherited(raw: Addon): Script | undefined {
  const key = getEnvironmentData(KEY);
  if (typeof key !== 'string') return undefined;
  const text = raw.Binding.programText(key);
  if (text === null) return undefined;
  return new Script(text, { filename: FILE, cachedData: raw.Binding.programCode(key) ?? undefined });
}

function compiled(): Script {
  const source = readFileSync(FILE);
  const script = new Script(source.toString('latin1'), { filename: FILE });
  own = { source, script };
  return script;
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
