/** Arguments that several functions take. */
import { InvalidArgType, OutOfRange } from './errors';

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
