/**
 * Errors: class by name, message, stack and, where the running Node keeps it, cause; nothing else, as in stock.
 *
 * What stock would have to convert to a string is refused, so that conversions run once and by Node itself.
 */
import type { Encoder } from './encoder';
import { ERROR_NAMES, ErrorPart, Ext, Tag } from './format';
import { captured, getPrototypeOf, hasOwn, isProxy, ownDescriptor } from './primordials';

const clone = globalThis.structuredClone as ((value: unknown) => unknown) | undefined;
const DOMExceptionPrototype: object = globalThis.DOMException.prototype;
let keepsCause: boolean | undefined;

export function writeError(e: Encoder, error: Error): boolean {
  if (isDOMException(error)) return false;
  const { pos, text } = e;
  const known = e.ids.enterExact(error);
  if (known >= 0) return e.backRef(pos, text, known);
  const message = ownDescriptor(error, 'message');
  if (message !== undefined && (!hasOwn(message, 'value') || typeof message.value !== 'string')) return false;
  const cause = stockKeepsCause() ? ownDescriptor(error, 'cause') : undefined;
  // A cause that refers back to its error is a failure in stock; objects are left to stock.
  if (cause !== undefined && (!hasOwn(cause, 'value') || typeof cause.value === 'object' && cause.value !== null)) return false;
  const name: unknown = error.name;
  if (typeof name !== 'string') return false;
  const stack: unknown = error.stack;
  if (typeof stack !== 'string') return false;
  const parts = (message === undefined ? 0 : ErrorPart.Message) | (cause === undefined ? 0 : ErrorPart.Cause);
  e.i32[e.pos++] = Tag.Ext | (Ext.Error << 4) | (classOf(name) << 12) | (parts << 16);
  if (message !== undefined && !e.scalar(message.value)) return false;
  if (cause !== undefined && !e.scalar(cause.value)) return false;
  return e.scalar(stack);
}

/** From Node 22 on they are native errors, which stock clones in a way of its own. */
function isDOMException(error: Error): boolean {
  for (let o: object | null = error; o !== null && !isProxy(o); o = getPrototypeOf(o)) if (o === DOMExceptionPrototype) return true;
  return false;
}

function classOf(name: string): number {
  for (let i = 1; i < ERROR_NAMES.length; i++) if (ERROR_NAMES[i] === name) return i;
  return 0;
}

/** Node lines differ; asked once, when the first error travels. */
function stockKeepsCause(): boolean {
  if (keepsCause === undefined) {
    const probe = clone?.(new captured.Error('probe', { cause: 1 })) as Error;
    keepsCause = ownDescriptor(probe, 'cause') !== undefined;
  }
  return keepsCause;
}
