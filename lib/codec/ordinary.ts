/**
 * Whether an object with the prototype Object.prototype or null is really an ordinary object, and not a Map, an
 * arguments object, ... whose prototype was changed. Asked only where the keys leave a doubt (none, or an index first),
 * since some twenty brand checks cost more than the object.
 */
import {
  isAnyArrayBuffer, isArgumentsObject, isArray, isBoxedPrimitive, isDate, isExternal, isGeneratorObject, isMap, isMapIterator,
  isModuleNamespaceObject, isNativeError, isPromise, isRegExp, isSet, isSetIterator, isView, isWeakMap, isWeakSet,
} from './primordials';

export function isOrdinary(o: object): boolean {
  return !(isArray(o) || isArgumentsObject(o) || isMap(o) || isSet(o) || isDate(o) || isRegExp(o) || isNativeError(o)
    || isBoxedPrimitive(o) || isPromise(o) || isView(o) || isAnyArrayBuffer(o) || isWeakMap(o) || isWeakSet(o)
    || isExternal(o) || isGeneratorObject(o) || isMapIterator(o) || isSetIterator(o) || isModuleNamespaceObject(o));
}
