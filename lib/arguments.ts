/** Arguments that several functions take. */
import { apply } from './codec/primordials';
import { InvalidArgType, OutOfRange } from './errors';

const { addEventListener, removeEventListener } = EventTarget.prototype;

/** Milliseconds to wait: 0 for not at all, Infinity for as long as it takes. */
export function timeoutOf(timeout: unknown, name = 'timeoutMs'): number {
  if (timeout === undefined) return Infinity;
  if (typeof timeout !== 'number') throw new InvalidArgType(name, 'number', timeout);
  if (!(timeout >= 0)) throw new OutOfRange(name, '>= 0', timeout);
  return timeout;
}

export function signalOf(options: unknown): AbortSignal | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null) throw new InvalidArgType('options', 'object', options);
  const { signal } = options as { signal?: AbortSignal };
  if (signal === undefined) return undefined;
  if (!(signal instanceof AbortSignal)) throw new InvalidArgType('options.signal', 'AbortSignal', signal);
  return signal;
}

/** The signal's own methods may be the user's: foreign code, which must not run between taking a message and decoding it. */
export function listenTo(signal: AbortSignal | undefined, onAbort: () => void): void {
  if (signal !== undefined) apply(addEventListener, signal, ['abort', onAbort, { __proto__: null, once: true }]);
}

export function forget(signal: AbortSignal | undefined, onAbort: () => void): void {
  if (signal !== undefined) apply(removeEventListener, signal, ['abort', onAbort]);
}
