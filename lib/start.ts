/** What a thread has run before `threadport/register`, and whether its workers will run that first, too. */
import { basename, dirname, join, resolve } from 'node:path';

/** How it came to run: as a preloaded module, as the first file of a worker, or because the program asked for it. */
export type Start = 'preload' | 'worker' | undefined;

const NAME = /(?:^|[\\/])threadport[\\/]register(?:\.js)?$/;
/** Brings code that runs ahead of preloaded modules and does not show in `require.cache`. */
const AHEAD_OF_PRELOADS = /\s--(?:(?:experimental[-_])?(?:loader|(?:default[-_])?config[-_]file)|snapshot[-_]blob)\b/;
/** Brings code that runs between preloaded modules and the first file. */
const AHEAD_OF_FILES = /\s--import\b/;

/** What of ours is not in the folder of this file. */
const ENTRIES = ['register.js', 'register-worker.js'];

const ROOT = join(__dirname, '..');
const FILE = join(ROOT, 'register.js');

/** In the order in which Node heeds them. */
const options = (): string => ` ${[process.env.NODE_OPTIONS, ...process.execArgv].join(' ')}`;

/** What `--require` names, as Node has read the command line and `NODE_OPTIONS`; not `--import`. */
function preloads(): string[] {
  const { _preload_modules: names } = process as { _preload_modules?: unknown };
  return Array.isArray(names) ? names : [];
}

const isOurs = (name: string): boolean => NAME.test(name) || [FILE, FILE.slice(0, -3)].includes(resolve(name));

/**
 * Does the command line preload us? Then so do workers that are given neither `execArgv` nor `env`. Not with `--import`:
 * workers that run a text do not heed it.
 */
export const isPreloaded = (): boolean => preloads().some(isOurs);

function isOwnFile(file: string): boolean {
  const folder = dirname(file);
  return folder === __dirname || (folder === ROOT && ENTRIES.includes(basename(file))) || /\.node$/.test(file);
}

/** Has no other code run in this thread yet? Then all broadcast channels that it will ever have are known. */
export function isFirst(start: Start): boolean {
  const [first] = preloads();
  if (start === undefined || (first !== undefined && !isOurs(first))) return false;
  const given = options();
  if (AHEAD_OF_PRELOADS.test(given)) return false;
  if (start === 'worker' && AHEAD_OF_FILES.test(given)) return false;
  return Object.keys(require.cache).every(isOwnFile);
}
