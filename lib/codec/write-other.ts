/** Everything that is neither a plain object nor primitive: dispatched by prototype, then checked by brand. */
import type { Encoder } from './encoder';
import {
  ArrayPrototype, BufferPrototype, captured, isArray, isExternal, isModuleNamespaceObject, isNativeError, isView, mapGet, mapSet,
} from './primordials';
import type { Site } from './shapes';
import { writeArray } from './write-array';
import { writeArrayBuffer, writeView } from './write-binary';
import { writeError } from './write-error';
import { writePlain } from './write-object';
import { writeBigIntObject, writeBooleanObject, writeDate, writeNumberObject, writeRegExp, writeStringObject } from './write-leaf';
import { writeMap, writeSet } from './write-collection';

type Writer = (e: Encoder, object: never, site: Site) => boolean;

const DatePrototype: object = captured.Date.prototype;
const MapPrototype: object = captured.Map.prototype;
const SetPrototype: object = captured.Set.prototype;

/** The rest, by prototype. */
const writers = new captured.Map<object, Writer>();

function on(constructor: { prototype: object }, writer: Writer): void {
  mapSet(writers, constructor.prototype, writer);
}

on(captured.RegExp, writeRegExp);
on(captured.ArrayBuffer, writeArrayBuffer);
on(captured.Number, writeNumberObject);
on(captured.String, writeStringObject);
on(captured.Boolean, writeBooleanObject);
on(captured.BigInt as unknown as { prototype: object }, writeBigIntObject);
mapSet(writers, BufferPrototype, writeView);

/** An object that is no proxy and whose prototype is not Object.prototype; false refuses the message. */
export function writeOther(e: Encoder, object: object, prototype: object | null, site: Site): boolean {
  if (prototype === ArrayPrototype) return isArray(object) && writeArray(e, object, site);
  if (prototype === DatePrototype) return writeDate(e, object as Date);
  if (prototype === MapPrototype) return writeMap(e, object as Map<unknown, unknown>, site);
  if (prototype === SetPrototype) return writeSet(e, object as Set<unknown>, site);
  if (isView(object)) return writeView(e, object);
  if (prototype === null) {
    if (isModuleNamespaceObject(object) || isExternal(object) || isArray(object)) return false;
    return writePlain(e, object as Record<string, unknown>, site);
  }
  const writer = mapGet(writers, prototype) as Writer | undefined;
  if (writer !== undefined) return writer(e, object as never, site);
  return isNativeError(object) && writeError(e, object as Error);
}
