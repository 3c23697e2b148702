/**
 * `threadport/register` in the workers that are started later, whoever starts them and with whatever options.
 *
 * Node tells a worker by a message what to run. We change that message: the worker runs register-worker.js first. Options
 * could not do it: a worker that is given `execArgv` or `env` does not inherit the preloads of its parent, one that is not
 * given them takes no others, and a program may have captured the built-in class before us.
 */
import { join } from 'node:path';
import { apply, defineOwn, defineProperty, isArray, jsonStringify, ownDescriptor } from '../codec/primordials';
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
/** White space, or one comment. No repeated alternatives, here and below: megabytes of them would need more stack than there is. */
const GAP = /\s+|\/\/.*|<!--.*|\/\*[\s\S]*?\*\//y;
/** A comment as well where only white space and comments are ahead of it in its line. */
const CLOSE_COMMENT = /-->.*/y;
const LITERAL = /'[^'\\\r\n]*(?:\\(?:\r\n|.)[^'\\\r\n]*)*'|"[^"\\\r\n]*(?:\\(?:\r\n|.)[^"\\\r\n]*)*"/sy;
/** Where a literal is a whole statement: a semicolon, the end, or a new line that does not go on with an operator. */
const NEW_LINE = /[\r\n\u2028\u2029]/;
const OPERATOR = /(?:[.,*/%=<>&|^?:([`]|\+(?!\+)|-(?!-)|!=|in(?:stanceof)?(?![\w$\\\u0080-\uffff]))/y;

/** Do this thread's workers inherit the preload that brought `threadport/register` here? */
let isInherited = false;
/** Does the worker that is being made? */
let willInherit = false;
let isFollowing = false;

/** Called ahead of the stock constructor, and `forgetOptions` behind it. */
export function noteOptions(options: unknown): void {
  const { execArgv, env } = (options ?? {}) as { execArgv?: unknown; env?: unknown };
  willInherit = isInherited && !isArray(execArgv) && (typeof env !== 'object' || env === null);
}

export function forgetOptions(): void {
  willInherit = false;
}

/** Where `pattern` ends that begins at `index`; -1 if it does not. */
function endOf(pattern: RegExp, source: string, index: number): number {
  pattern.lastIndex = index;
  return pattern.test(source) ? pattern.lastIndex : -1;
}

/** Where white space and comments end. */
function endOfGap(source: string, start: number): number {
  let beginsLine = start === 0 || NEW_LINE.test(source[start - 1]!);
  for (let end = start; ; ) {
    let next = endOf(GAP, source, end);
    if (next < 0 && beginsLine) next = endOf(CLOSE_COMMENT, source, end);
    if (next < 0) return end;
    beginsLine ||= NEW_LINE.test(source.slice(end, next));
    end = next;
  }
}

/** Where the directives end that the text begins with: what stands ahead of them would make them mere strings. */
function endOfDirectives(source: string, start: number): number {
  for (let end = start; ; ) {
    const literal = endOf(LITERAL, source, endOfGap(source, end));
    if (literal < 0) return end;
    const next = endOfGap(source, literal);
    if (source[next] === ';') end = next + 1;
    else if (next === source.length || (NEW_LINE.test(source.slice(literal, next)) && endOf(OPERATOR, source, next) < 0)) end = next;
    else return end;
  }
}

/** Works in what turns out to be an ES module as well, and where the source has a `process` or `require` of its own. */
function prelude(): string {
  const file = jsonStringify(BOOTSTRAP);
  return `;(globalThis.process.getBuiltinModule?.('module') ?? globalThis.require('module')).createRequire(${file})(${file});`;
}

function withPrelude(source: string): string {
  const end = endOfDirectives(source, HASHBANG.exec(source)?.[0].length ?? 0);
  return source.slice(0, end) + prelude() + source.slice(end);
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
  forgetOptions();
  if (isFollowing && !inherits) defineProperty(port, 'postMessage', { __proto__: null, value: postScript, configurable: true } as PropertyDescriptor);
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
  const { prototype } = StockWorker;
  const accessor = { __proto__: null, set: onPort, configurable: true } as PropertyDescriptor;
  // It is there still where the program has frozen the prototype since.
  isFollowing = ownDescriptor(prototype, kPort)?.set === onPort || Reflect.defineProperty(prototype, kPort, accessor);
  return isFollowing;
}

export function leaveWorkers(): void {
  isInherited = false;
  isFollowing = false;
  if (kPort !== undefined) Reflect.deleteProperty(StockWorker.prototype, kPort);
}
