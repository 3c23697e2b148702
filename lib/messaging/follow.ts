/**
 * `threadport/register` in the workers that are started later, whoever starts them and with whatever options.
 *
 * Node tells a worker by a message what to run. We change that message: the worker runs register-worker.js first. Options
 * could not do it: a worker that is given `execArgv` or `env` does not inherit the preloads of its parent, one that is not
 * given them takes no others, and a program may have captured the built-in class before us.
 */
import { join } from 'node:path';
import { apply, defineOwn, defineProperty, isArray, jsonStringify } from '../codec/primordials';
import { kDispose, type StockPort, StockWorker, stockPostMessage } from './stock';

/** What Node tells a worker. Kinds of source that are not listed here are Node's own business. */
interface Script {
  type: string;
  filename: string;
  doEval: false | 'classic' | 'module' | 'data-url' | 'internal';
  argv: string[] | undefined;
}

const BOOTSTRAP = join(__dirname, '..', 'register-worker.js');

const HASHBANG = /^#!.*\n?/;
/** White space and comments, each in one way only, then the directive. */
const STRICT = /^(?:\s|\/\/[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(["'])use strict\1/;

/** Do this thread's workers inherit the preload that brought `threadport/register` here? */
let isInherited = false;
/** Does the worker that is being made? */
let willInherit = false;

/** Called ahead of the stock constructor. */
export function noteOptions(options: unknown): void {
  const { execArgv, env } = (options ?? {}) as { execArgv?: unknown; env?: unknown };
  willInherit = isInherited && !isArray(execArgv) && (typeof env !== 'object' || env === null);
}

/** Works in what turns out to be an ES module as well, and where the source has a `process` or `require` of its own. */
function prelude(): string {
  const file = jsonStringify(BOOTSTRAP);
  return `(globalThis.process.getBuiltinModule?.('module') ?? globalThis.require('module')).createRequire(${file})(${file});`;
}

function withPrelude(source: string): string {
  const start = HASHBANG.exec(source)?.[0] ?? '';
  const body = source.slice(start.length);
  return `${start}${STRICT.test(body) ? "'use strict';" : ''}${prelude()}${body}`;
}

const importing = (url: string): string => `import ${jsonStringify(url)};`;

/** Few programs get here, and to load `node:url` takes its time. */
const bootstrapUrl = (): string => (require('node:url') as typeof import('node:url')).pathToFileURL(BOOTSTRAP).href;

function redirect(script: Script): void {
  switch (script.doEval) {
    case false:
      script.argv = [script.filename, ...(script.argv ?? [])];
      script.filename = BOOTSTRAP;
      break;
    case 'classic':
      script.filename = withPrelude(script.filename);
      break;
    case 'module':
      script.filename = importing(bootstrapUrl()) + script.filename;
      break;
    case 'data-url':
      script.doEval = 'module';
      script.filename = importing(bootstrapUrl()) + importing(script.filename);
      break;
  }
}

/** The first message to a worker says what to run. */
function postScript(this: StockPort, script: Script): unknown {
  if (script.type === 'loadScript') {
    delete (this as { postMessage?: unknown }).postMessage;
    if (!('webWorkerData' in script) || script.webWorkerData === undefined) redirect(script);
  }
  // biome-ignore lint/complexity/noArguments: a rest parameter would run the array iterator
  return apply(stockPostMessage, this, arguments);
}

function onPort(this: object, port: StockPort): void {
  defineOwn(this, kPort as symbol, port);
  const inherits = willInherit;
  willInherit = false;
  if (!inherits) defineProperty(port, 'postMessage', { __proto__: null, value: postScript, configurable: true } as PropertyDescriptor);
}

let kPort: symbol | undefined;

/** The name under which a worker keeps its port to Node's code in the thread: `[kDispose]` of the built-in clears it. */
function findPort(): symbol | undefined {
  if (kDispose === undefined) return undefined;
  const found = new Error('found');
  const worker = new Proxy({}, {
    get: () => ({}),
    set(_, key) {
      if ((key as symbol).description !== 'kPort') return true;
      kPort = key as symbol;
      throw found;
    },
  });
  try {
    apply((StockWorker.prototype as unknown as Record<symbol, () => void>)[kDispose]!, worker, []);
  } catch {
    // Found, or this Node is made in another way.
  }
  return kPort;
}

/** False if this Node gives us no way into workers. */
export function followWorkers(inherited: boolean): boolean {
  isInherited = inherited;
  kPort ??= findPort();
  if (kPort === undefined) return false;
  defineProperty(StockWorker.prototype, kPort, { __proto__: null, set: onPort, configurable: true } as PropertyDescriptor);
  return true;
}

export function leaveWorkers(): void {
  isInherited = false;
  if (kPort !== undefined) Reflect.deleteProperty(StockWorker.prototype, kPort);
}
