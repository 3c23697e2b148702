/** `receiveAny` and `receiveAnySync`: the next message of several ports and queues. */
import { forget, listenTo, signalOf, timeoutOf } from './arguments';
import { bareList, isArray, min } from './codec/primordials';
import { Deadlock, InvalidArgType, InvalidArgValue, PortClosed } from './errors';
import { needStack } from './headroom';
import { ANYWHERE, blockingWord } from './messaging/listen';
import { Pull, type Pulled, pullsOf, receiveInTurn } from './messaging/pulls';
import { receive } from './messaging/receive';
import { arm, block, isLocal, isLost, isOver } from './messaging/receive-sync';
import { type PortState, stateOf } from './messaging/state';
import type { StockPort } from './messaging/stock';
import { waitAnywhere } from './messaging/thread';
import { ARM, TRY } from './queue/native';
import { queueParts, type SharedQueue } from './queue/shared-queue';
import type { Line, Waiter } from './queue/wait';

/** What came, and where from. */
interface Received {
  source: unknown;
  value: unknown;
}

interface Source {
  /** What was given to the caller. */
  readonly source: unknown;
  /** May a message come while this thread is blocked? */
  readonly mayCome: boolean;
  /** Will none come any more? Known after a look of who waits. */
  readonly isOver: boolean;
  /** The same, for a thread that blocks; true: it is over since it was last asked, and is to be looked at once more. */
  isLost(): boolean;
  /** Takes a message. `waits`: the caller will wait; blocking the thread, if there is a `word`: what comes then changes it. */
  take(waits: boolean, word: number): Received | undefined;
  /** Calls back when there may be something to take, or the source is over. */
  join(selection: Selection): void;
  leave(): void;
}

class PortSource extends Pull implements Source {
  readonly source: StockPort;
  readonly #state: PortState;
  #selection: Selection | undefined = undefined;
  /** Asked while the thread blocks, when nothing can change it. */
  #mayCome: boolean | undefined = undefined;

  constructor(source: StockPort, state: PortState) {
    super();
    this.source = source;
    this.#state = state;
  }

  get mayCome(): boolean {
    return (this.#mayCome ??= !isLocal(this.#state));
  }

  get isOver(): boolean {
    return isOver(this.#state);
  }

  isLost(): boolean {
    return isLost(this.#state);
  }

  take(waits: boolean, word: number): Received | undefined {
    if (word !== 0) arm(this.#state, word);
    const found = waits && word === 0 ? receiveInTurn(this.#state) : receive(this.#state);
    return found && { source: this.source, value: found.message };
  }

  join(selection: Selection): void {
    this.#selection = selection;
    pullsOf(this.#state).join(this);
  }

  settle(type: Pulled, value: unknown): void {
    if (type === 'message') this.#selection!.resolve({ source: this.source, value });
    else if (type === 'messageerror') this.#selection!.reject(value);
    else this.#selection!.lose(this);
  }

  leave(): void {
    this.#state.rare.pulls?.leave(this);
  }
}

class QueueSource implements Source {
  readonly source: SharedQueue;
  readonly mayCome = true;
  isOver = false;
  readonly #line: Line;
  #waiter: Waiter | undefined = undefined;

  constructor(source: SharedQueue) {
    this.source = source;
    this.#line = queueParts.consumers(source);
  }

  isLost(): boolean {
    return false;
  }

  take(waits: boolean, word: number): Received | undefined {
    // Those who wait without blocking are served in turn.
    if (waits && word === 0 && !this.#line.serve()) return undefined;
    return this.#take(waits ? ARM : TRY) ? this.#received() : undefined;
  }

  #take(mode: number): boolean {
    const { source } = this;
    try {
      return queueParts.take(source, mode);
    } catch (error) {
      if (!queueParts.isEnd(source, error)) throw error;
      this.isOver = true;
      return false;
    }
  }

  #received(): Received {
    return { source: this.source, value: queueParts.value(this.source) };
  }

  join(selection: Selection): void {
    const attempt = (): boolean => {
      try {
        if (this.#take(ARM)) selection.accept(() => this.#received());
        else if (this.isOver) selection.lose(this);
        else return false;
      } catch (error) {
        selection.reject(error);
      }
      return true;
    };
    const waiter: Waiter = { attempt, isWaiting: false, ahead: undefined, behind: undefined };
    this.#waiter = waiter;
    this.#line.join(waiter);
  }

  leave(): void {
    if (this.#waiter !== undefined) this.#line.leave(this.#waiter);
    this.#waiter = undefined;
  }
}

/** What waits for several sources without blocking. The first that brings something ends it; all others lose nothing. */
class Selection {
  readonly #sources: Source[];
  readonly #settle: (value: Received | undefined) => void;
  readonly #fail: (reason: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #left: number;
  #isOver = false;

  constructor(
    sources: Source[], timeout: number, signal: AbortSignal | undefined, settle: (value: Received | undefined) => void, fail: (reason: unknown) => void,
  ) {
    this.#sources = sources;
    this.#settle = settle;
    this.#fail = fail;
    this.#signal = signal;
    this.#left = sources.length;
    listenTo(signal, this.#onAbort);
    if (timeout !== Infinity) this.#endIn(timeout);
    for (let i = 0; i < sources.length && !this.#isOver; i++) this.#join(sources[i]!);
  }

  #endIn(left: number): void {
    const part = min(left, LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => (left > part ? this.#endIn(left - part) : this.resolve(undefined)), part);
  }

  #join(source: Source): void {
    if (source.isOver) this.lose(source);
    else source.join(this);
  }

  readonly #onAbort = (): void => this.reject(this.#signal!.reason);

  resolve(value: Received | undefined): void {
    if (this.#end()) this.#settle(value);
  }

  reject(reason: unknown): void {
    if (this.#end()) this.#fail(reason);
  }

  /** A message has been taken: whatever happens while it is read comes too late. */
  accept(read: () => Received): void {
    if (!this.#end()) return;
    try {
      this.#settle(read());
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nothing more comes from there. */
  lose(source: Source): void {
    source.leave();
    if (--this.#left === 0) this.reject(new PortClosed('All sources are closed'));
  }

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    for (let i = 0; i < this.#sources.length; i++) this.#sources[i]!.leave();
    clearTimeout(this.#timer);
    forget(this.#signal, this.#onAbort);
    return true;
  }
}

const { clearTimeout, setTimeout } = globalThis;
/** A timer with more fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const { random } = Math;

function sourceOf(value: unknown): Source {
  const state = stateOf(value);
  if (state !== undefined) return new PortSource(value as StockPort, state);
  if (queueParts.isQueue(value)) return new QueueSource(value);
  throw new InvalidArgType('sources[]', 'MessagePort or SharedQueue', value);
}

function sourcesOf(values: unknown): Source[] {
  if (!isArray(values)) throw new InvalidArgType('sources', 'array', values);
  if (values.length === 0) throw new InvalidArgValue('sources', 'it is empty');
  const list = bareList<Source>();
  for (let i = 0; i < values.length; i++) list[i] = sourceOf(values[i]);
  return list;
}

/**
 * Visits them by chance, so that one which always has something cannot keep the others waiting, and its neighbours fare no better
 * than the rest. `sources` is ours alone: it is shuffled as far as it is visited.
 */
function takeFrom(sources: Source[], waits: boolean, word = 0): Received | undefined {
  for (let left = sources.length; left > 0; left--) {
    const last = left - 1;
    const chosen = last === 0 ? 0 : (random() * left) | 0;
    const source = sources[chosen]!;
    sources[chosen] = sources[last]!;
    sources[last] = source;
    const found = source.take(waits, word);
    if (found !== undefined) return found;
  }
  return undefined;
}

function every(sources: Source[], is: (source: Source) => boolean): boolean {
  for (let i = 0; i < sources.length; i++) if (!is(sources[i]!)) return false;
  return true;
}

function isAnyLost(sources: Source[]): boolean {
  let isAny = false;
  for (let i = 0; i < sources.length; i++) if (sources[i]!.isLost()) isAny = true;
  return isAny;
}

const isGone = (source: Source): boolean => source.isOver;
const isDumb = (source: Source): boolean => source.isOver || !source.mayCome;

function optionsOf(options: unknown): { timeout: number; signal: AbortSignal | undefined } {
  const signal = signalOf(options);
  const { timeout } = (options ?? {}) as { timeout?: unknown };
  return { timeout: timeoutOf(timeout, 'options.timeout'), signal };
}

/** As in `SharedQueue.pop`, who has waited is heard as soon as who has not. */
export function receiveAny(values: unknown, options?: unknown): Promise<Received | undefined> {
  return new Promise((resolve, reject) => {
    needStack();
    const sources = sourcesOf(values);
    const { timeout, signal } = optionsOf(options);
    signal?.throwIfAborted();
    const found = takeFrom(sources, true);
    if (found !== undefined) return resolve(found);
    signal?.throwIfAborted(); // by the decode() of another one that waited
    if (every(sources, isGone)) throw new PortClosed('All sources are closed');
    if (timeout === 0) return resolve(undefined);
    return void new Selection(sources, timeout, signal, resolve, reject);
  });
}

export function receiveAnySync(values: unknown, options?: unknown): Received | undefined {
  needStack();
  const sources = sourcesOf(values);
  const { timeout, signal } = optionsOf(options);
  signal?.throwIfAborted();
  const found = takeFrom(sources, false);
  if (found !== undefined) return found;
  if (every(sources, (source) => source instanceof PortSource)) return wait(sources, timeout, blockingWord());
  waitAnywhere(true);
  try {
    return wait(sources, timeout, ANYWHERE);
  } finally {
    waitAnywhere(false);
  }
}

function wait(sources: Source[], timeout: number, word: number): Received | undefined {
  return block(word, timeout, (isLate) => {
    const found = takeFrom(sources, true, word) ?? (isLate && isAnyLost(sources) ? takeFrom(sources, true, word) : undefined);
    if (found !== undefined) return found;
    if (every(sources, isGone)) throw new PortClosed('All sources are closed');
    if (timeout === Infinity && every(sources, isDumb)) throw new Deadlock();
    return undefined;
  });
}
