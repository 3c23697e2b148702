/**
 * What a worker inherits from the thread that starts it, as environment data. Each copy of the addon has names of its own for
 * it: two in one process share nothing.
 */
import { stock } from './stock';
import { native } from './thread';

const { getEnvironmentData, setEnvironmentData } = stock;

let own: string | undefined;

function nameOf(what: string): string {
  own ??= native.barrier;
  return `threadport.${what}.${own}`;
}

export const inherited = (what: string): unknown => getEnvironmentData(nameOf(what));

/** For the workers that are started from now on. Returns what they were to inherit before. */
export function bequeath(what: string, value: unknown): unknown {
  const before = inherited(what);
  setEnvironmentData(nameOf(what), value as never);
  return before;
}
