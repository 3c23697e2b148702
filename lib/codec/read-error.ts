/** Errors, with the own properties and attributes that stock gives them. */
import { CorruptMessageError } from './corrupt';
import { type Decoder, HOLE } from './decoder';
import { ERROR_NAMES, ErrorPart } from './format';
import { captured, defineProperty, denseArray, mapSet, mapSize, optionalSetter, ownDescriptor } from './primordials';

const constructors = denseArray<ErrorConstructor>(ERROR_NAMES.length, captured.Error);
for (let i = 0; i < ERROR_NAMES.length; i++) {
  constructors[i] = (globalThis as unknown as Record<string, ErrorConstructor>)[ERROR_NAMES[i]!]!;
}

/**
 * From Node 22 on `stack` is an own accessor, and the setter keeps it one, as stock does. Before, to look at it would make
 * Node load what it formats stacks with.
 */
const setStack = Number.parseInt(process.versions.node, 10) < 22 ? undefined : optionalSetter(new captured.Error(), 'stack');

export function readError(d: Decoder, bits: number): Error {
  const constructor = constructors[bits & 15];
  const parts = bits >>> 4;
  if (constructor === undefined) throw new CorruptMessageError('error');
  const number = d.refs === null ? -1 : mapSize(d.refs);
  if (number >= 0) mapSet(d.refs!, number, d);
  const message = (parts & ErrorPart.Message) === 0 ? undefined : string(d.next());
  const cause = (parts & ErrorPart.Cause) === 0 ? HOLE : d.next();
  const error = bare(constructor, message);
  if (cause !== HOLE) hidden(error, 'cause', cause);
  const stack = string(d.next());
  if (setStack === undefined) hidden(error, 'stack', stack);
  else setStack(error, stack);
  if (number >= 0) mapSet(d.refs!, number, error);
  return error;
}

/** Capturing a stack costs microseconds, and this one is replaced. */
function bare(constructor: ErrorConstructor, message: string | undefined): Error {
  const limit = ownDescriptor(captured.Error, 'stackTraceLimit');
  if (limit === undefined || limit.writable !== true) return new constructor(message);
  captured.Error.stackTraceLimit = 0;
  try {
    return new constructor(message);
  } finally {
    captured.Error.stackTraceLimit = limit.value as number;
  }
}

function hidden(error: Error, key: string, value: unknown): void {
  defineProperty(error, key, { __proto__: null, value, writable: true, enumerable: false, configurable: true } as PropertyDescriptor);
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new CorruptMessageError('error');
  return value;
}
