/**
 * Runs dist/package.js, a function: all of the package but what a process without the addon needs.
 *
 * To compile it is half of what loading costs. So the thread that starts workers keeps the text and V8's code for it in native
 * memory, for those that it starts from then on, which inherit a key. V8 refuses code of other flags than it runs with.
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

/** V8's code holds the functions that have run, so it is kept for the first worker, and again for those that start once so many have ended. */
const DUE = [0, 1, 10, 100];

/** Compiled by this thread, and not reserved yet. */
let own: { source: Buffer; script: Script } | undefined;

/** What this thread keeps code of, how often it has, and how much there was. */
interface Kept {
  script: Script;
  writeKey: string;
  times: number;
  length: number;
}

let kept: Kept | undefined;

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

/** To be called ahead of a worker, with the number of those that have ended, and what it returns once that one is under way. */
export function keepProgram(raw: Addon, ended: number): () => void {
  if (own !== undefined) kept = reserve(raw, own);
  own = undefined;
  const keeper = kept;
  if (keeper === undefined || keeper.times === DUE.length || ended < DUE[keeper.times]!) return () => {};
  return () => {
    keeper.times++;
    keepCode(raw, keeper);
  };
}

/** Keeps the text. Only the first thread of the process can. */
function reserve(raw: Addon, { source, script }: NonNullable<typeof own>): Kept | undefined {
  const keys = raw.Binding.reserveProgram(source);
  if (keys === null) return undefined;
  setEnvironmentData(KEY, keys[0]!);
  return { script, writeKey: keys[1]!, times: 0, length: 0 };
}

/** V8 forgets functions that have not run for a while: then what was kept before is better. */
function keepCode(raw: Addon, keeper: Kept): void {
  const code = keeper.script.createCachedData();
  if (code.length <= keeper.length) return;
  keeper.length = code.length;
  raw.Binding.keepProgram(keeper.writeKey, code);
}
