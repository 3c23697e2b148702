/**
 * Built-ins captured when the module is loaded.
 *
 * The codec must behave the same after user code has patched or frozen a prototype, and decoding must run no user
 * code at all. Hence nothing here looks a method up on a prototype later on, and nothing iterates an array.
 */
import { types } from 'node:util';

const { bind, call } = Function.prototype;
export const { apply, construct, get, set } = Reflect;
const uncurry = bind.bind(call) as unknown as (method: unknown) => never;

function method<F extends (...args: never[]) => unknown>(f: F): (self: ThisParameterType<F> & unknown, ...args: Parameters<F>) => ReturnType<F> {
  return uncurry(f);
}

const getOwnPropertyDescriptor = Object.getOwnPropertyDescriptor;

/** The getter of an accessor, uncurried; undefined where this Node does not have it. */
function optionalGetter<T>(owner: object, name: PropertyKey): ((self: object) => T) | undefined {
  const get = getOwnPropertyDescriptor(owner, name)?.get;
  return get === undefined ? undefined : uncurry(get);
}

/** The setter of an accessor, uncurried; undefined where the property holds a value. */
export function optionalSetter(owner: object, name: PropertyKey): ((self: object, value: unknown) => void) | undefined {
  const set = getOwnPropertyDescriptor(owner, name)?.set;
  return set === undefined ? undefined : uncurry(set);
}

function getter<T>(owner: object, name: PropertyKey): (self: object) => T {
  const get = optionalGetter<T>(owner, name);
  if (get === undefined) throw new TypeError(`no accessor ${String(name)}`);
  return get;
}

export const ObjectPrototype = Object.prototype;
export const ArrayPrototype = Array.prototype;
export const RangeErrorPrototype = RangeError.prototype;
export const BufferPrototype = Buffer.prototype;

export const defineProperty = Object.defineProperty;
export const getPrototypeOf: (o: object) => object | null = Object.getPrototypeOf;
export const ownDescriptor = getOwnPropertyDescriptor;
export const setPrototypeOf: (o: object, prototype: object | null) => object = Object.setPrototypeOf;
export const objectKeys: (o: object) => string[] = Object.keys;
export const ownKeys: (o: object) => PropertyKey[] = Reflect.ownKeys;
export const hasOwn: (o: object, key: PropertyKey) => boolean = Object.hasOwn;
/** `is(v, -0)` costs no division, as `1 / v < 0` does. */
export const is: (a: unknown, b: unknown) => boolean = Object.is;
export const isArray: (v: unknown) => v is unknown[] = Array.isArray;
export const isView = ArrayBuffer.isView;
export const { floor, imul, max, min } = Math;
export const jsonStringify: (v: string) => string = JSON.stringify;
export const captured = {
  Array, ArrayBuffer, BigInt, BigInt64Array, Boolean, DataView, Date, Error, Float64Array, Function, Int32Array,
  Map, Number, Object, Proxy, RegExp, Set, SharedArrayBuffer, String, Uint8Array, WeakRef, WeakSet,
};

export const StringFromCharCode: (code: number) => string = String.fromCharCode;
export const substring = method(String.prototype.substring);
export const charCodeAt = method(String.prototype.charCodeAt);
export const regExpExec = method(RegExp.prototype.exec);
export const bigIntToString = method(BigInt.prototype.toString) as (self: bigint, radix: number) => string;

export const dateGetTime = method(Date.prototype.getTime);
export const mapForEach = method(Map.prototype.forEach);
export const mapGet = method(Map.prototype.get);
export const mapSet = method(Map.prototype.set);
export const mapSize: (self: object) => number = getter(Map.prototype, 'size');
export const setSize: (self: object) => number = getter(Set.prototype, 'size');
export const setForEach = method(Set.prototype.forEach);
export const setAdd = method(Set.prototype.add);
export const setHas = method(Set.prototype.has);
export const deref = method(WeakRef.prototype.deref) as (ref: WeakRef<object>) => object | undefined;
export const weakSetAdd = method(WeakSet.prototype.add);
export const weakSetHas = method(WeakSet.prototype.has);

export const booleanValueOf = method(Boolean.prototype.valueOf);
export const numberValueOf = method(Number.prototype.valueOf);
export const stringValueOf = method(String.prototype.valueOf);
export const bigIntValueOf = method(BigInt.prototype.valueOf);

export const regExpSource: (self: object) => string = getter(RegExp.prototype, 'source');

export const bufferByteLength: (self: object) => number = getter(ArrayBuffer.prototype, 'byteLength');
export const sharedBufferByteLength: (self: object) => number = getter(SharedArrayBuffer.prototype, 'byteLength');
export const sharedBufferGrowable = optionalGetter<boolean>(SharedArrayBuffer.prototype, 'growable');
export const bufferResizable = optionalGetter<boolean>(ArrayBuffer.prototype, 'resizable');
export const bufferDetached = optionalGetter<boolean>(ArrayBuffer.prototype, 'detached');

const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype) as Uint8Array;
export const typedArrayTag: (self: object) => string | undefined = getter(TypedArrayPrototype, Symbol.toStringTag);
export const typedArrayBuffer: (self: object) => ArrayBufferLike = getter(TypedArrayPrototype, 'buffer');
export const typedArrayOffset: (self: object) => number = getter(TypedArrayPrototype, 'byteOffset');
export const typedArrayByteLength: (self: object) => number = getter(TypedArrayPrototype, 'byteLength');
export const typedArrayLength: (self: object) => number = getter(TypedArrayPrototype, 'length');
export const typedArraySet = method(TypedArrayPrototype.set) as (self: Uint8Array | Int32Array, source: ArrayLike<number>, offset?: number) => void;
export const typedArrayFill = method(TypedArrayPrototype.fill) as (self: Int32Array, value: number) => void;
export const dataViewBuffer: (self: object) => ArrayBufferLike = getter(DataView.prototype, 'buffer');
export const dataViewOffset: (self: object) => number = getter(DataView.prototype, 'byteOffset');
export const dataViewLength: (self: object) => number = getter(DataView.prototype, 'byteLength');

/** Copies a dense array without species, iterators or [[Set]]; ES2023, so absent from no supported Node. */
export const toReversed = method((ArrayPrototype as unknown as { toReversed(this: unknown[]): unknown[] }).toReversed);

const arrayFill = method(ArrayPrototype.fill);

/** Flag letters in the order of `RegExp.prototype.flags`, each with its brand-checked getter. */
export const regExpFlagLetters = 'dgimsuvy';
export const regExpFlagGetters = [
  optionalGetter<boolean>(RegExp.prototype, 'hasIndices'), optionalGetter<boolean>(RegExp.prototype, 'global'),
  optionalGetter<boolean>(RegExp.prototype, 'ignoreCase'), optionalGetter<boolean>(RegExp.prototype, 'multiline'),
  optionalGetter<boolean>(RegExp.prototype, 'dotAll'), optionalGetter<boolean>(RegExp.prototype, 'unicode'),
  optionalGetter<boolean>(RegExp.prototype, 'unicodeSets'), optionalGetter<boolean>(RegExp.prototype, 'sticky'),
];

export const {
  isProxy, isArgumentsObject, isMap, isSet, isDate, isRegExp, isNativeError, isBoxedPrimitive, isPromise, isWeakMap,
  isWeakSet, isAnyArrayBuffer, isArrayBuffer, isExternal, isGeneratorObject, isMapIterator, isSetIterator,
  isModuleNamespaceObject, isNumberObject, isStringObject, isBooleanObject, isBigIntObject,
} = types;

const objectPrototypeKeys = ownKeys(ObjectPrototype);

/**
 * Whether `key` is like the names of what Object.prototype has by itself, by length and first letter. That is cheaper than `in`,
 * which has to internalize the key first.
 */
export function looksInherited(key: string): boolean {
  if (key.length < 7) return false;
  switch (charCodeAt(key, 0)) {
    case 95: case 99: case 104: case 105: case 112: case 116: case 118: return true;
    default: return false;
  }
}

/**
 * Whether Object.prototype has the keys that it has by itself, and Array.prototype has no elements: then a plain store of an
 * element, or of a property whose name does not look inherited, meets nothing on a prototype. 450 ns.
 */
export function prototypesPristine(): boolean {
  if (ArrayPrototype.length !== 0) return false;
  const keys = ownKeys(ObjectPrototype);
  if (keys.length !== objectPrototypeKeys.length) return false;
  for (let i = 0; i < keys.length; i++) if (keys[i] !== objectPrototypeKeys[i]) return false;
  return wasPristine;
}

/** A program may have added to it before the package was loaded. */
const wasPristine = everyLooksInherited(objectPrototypeKeys);

function everyLooksInherited(keys: PropertyKey[]): boolean {
  for (let i = 0; i < keys.length; i++) if (!looksInherited(String(keys[i]))) return false;
  return true;
}

/** Sets an own, ordinary data property whatever the prototypes hold. */
export function defineOwn(target: object, key: PropertyKey, value: unknown): void {
  defineProperty(target, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true } as PropertyDescriptor);
}

/** The value of an own data property; undefined if there is none. Runs nothing of the user's. */
export function ownValue(object: object, key: PropertyKey): unknown {
  const descriptor = getOwnPropertyDescriptor(object, key);
  return descriptor !== undefined && hasOwn(descriptor, 'value') ? descriptor.value : undefined;
}

const { allocUnsafeSlow } = Buffer;

/** Memory that is about to be overwritten: `new ArrayBuffer` would fill it with zeros first. */
export const allocate = (size: number): ArrayBuffer => typedArrayBuffer(allocUnsafeSlow(size)) as ArrayBuffer;

/** An empty list without a prototype: no store to it can meet a setter. It must not reach the user. */
export function bareList<T>(): T[] {
  return setPrototypeOf([], null) as T[];
}

/** An array of n own elements; later stores below n never meet a prototype. */
export function denseArray<T>(n: number, value: T): T[] {
  const array = new captured.Array<T>(n);
  if (prototypesPristine()) return arrayFill(array, value) as T[];
  for (let i = 0; i < n; i++) defineOwn(array, i, value);
  return array;
}
