/**
 * The async context of handlers: that in which the port was created, as in Node, where the port itself
 * is the execution resource. Node's `AsyncResource.prototype.runInAsyncScope` enters it; what it reads of a resource
 * are accessors on the prototype of ports.
 */
import { AsyncResource, executionAsyncId } from 'node:async_hooks';
import { apply, ArrayPrototype, defineProperty, getPrototypeOf, hasOwn, ownDescriptor } from '../codec/primordials';
import { type PortState, stateOf } from './state';
import { findSymbol, type StockPort } from './stock';

const { runInAsyncScope } = AsyncResource.prototype;
const { pop } = ArrayPrototype;
const { deleteProperty, isExtensible } = Reflect;
const POP = { __proto__: null, ...ownDescriptor(ArrayPrototype, 'pop') } as PropertyDescriptor;
const MANUAL = { __proto__: null, requireManualDestroy: true };
const probe = new AsyncResource('threadport', MANUAL);

const kAsyncId = findSymbol(probe, 'async_id_symbol');
const kTrigger = findSymbol(probe, 'trigger_async_id_symbol');
const kFrame = findSymbol(probe, 'context_frame');

/** What was current when the port was created. */
export interface Context {
  trigger: number;
  frame: unknown;
}

/** The context of this very moment; called where a port comes into being. */
export function currentContext(): Context {
  const id = executionAsyncId();
  // Node reads it from an array of doubles, and V8 would keep it in an object of its own.
  return { trigger: (id | 0) === id ? id | 0 : id, frame: currentFrame() };
}

function currentFrame(): unknown {
  if (kFrame === undefined) return undefined;
  const resource = new AsyncResource('threadport', MANUAL);
  return (resource as unknown as Record<symbol, unknown>)[kFrame];
}

let getAsyncId: ((this: unknown) => number) | undefined;

/** The id that Node gave the port. A native handle of another kind lends us the method to ask with. */
function asyncIdOf(port: StockPort): number {
  if (getAsyncId === undefined) {
    const { Resolver } = require('node:dns') as typeof import('node:dns');
    const { _handle: handle } = new Resolver() as unknown as { _handle: { getAsyncId(): number } };
    getAsyncId = handle.getAsyncId;
  }
  return apply(getAsyncId, port, []);
}

function accessor(get: (this: StockPort) => unknown): PropertyDescriptor {
  return { get, enumerable: false, configurable: false };
}

let portPrototype: object | undefined;

/** Set by adopt.ts: the prototype that has the accessors. */
export function setContextPrototype(prototype: object): void {
  portPrototype = prototype;
}

/**
 * Will Node find the true id? With anything but a number its check of the stack of contexts ends the process. The
 * accessors cannot be redefined, so only a port of another prototype, or with a property of its own, can hide them.
 */
function hasTrueId(port: StockPort): boolean {
  return getPrototypeOf(port) === portPrototype && !hasOwn(port, kAsyncId as symbol);
}

/** Goes on the prototype of ports. */
export function contextAccessors(): Record<symbol, PropertyDescriptor> {
  const accessors: Record<symbol, PropertyDescriptor> = {};
  if (kAsyncId === undefined || kTrigger === undefined) return accessors;
  accessors[kAsyncId] = accessor(function () {
    return asyncIdOf(this);
  });
  accessors[kTrigger] = accessor(function () {
    return stateOf(this)?.context.trigger;
  });
  if (kFrame !== undefined) {
    accessors[kFrame] = accessor(function () {
      return stateOf(this)?.context.frame;
    });
  }
  return accessors;
}

type Body<A, R> = (state: PortState, argument: A) => R;

/** Bodies that were entered; tells whether an exception came before. */
let begun = 0;

/**
 * Run `body(state, argument)` in the async context of the port. In a realm where Node's own code fails to
 * enter it, because a program has patched what that uses, the body runs without.
 */
export function runInContext<A, R>(state: PortState, body: Body<A, R>, argument: A): R {
  if (kAsyncId === undefined || kTrigger === undefined || !hasTrueId(state.port) || (isPopPatched() && !canLendPop())) {
    return body(state, argument);
  }
  const before = begun;
  try {
    return apply(runInAsyncScope, state.port, [enter, undefined, state, body, argument]) as R;
  } catch (error) {
    if (begun !== before) throw error;
  } finally {
    if (begun !== before && isPopLent) takePopBack();
  }
  return body(state, argument);
}

function enter<A, R>(state: PortState, body: Body<A, R>, argument: A): R {
  begun++;
  try {
    return body(state, argument);
  } finally {
    if (isPopPatched()) lendPop();
  }
}

// Node leaves the context with `Array.prototype.pop` as it finds it. Where that fails, Node's stack of contexts is
// corrupt, and the process ends at the next check. So Node gets the original for that moment.

let isPopLent = false;
let patchedPop: PropertyDescriptor | undefined;

function isPopPatched(): boolean {
  try {
    return ArrayPrototype.pop !== pop;
  } catch {
    return true;
  }
}

function canLendPop(): boolean {
  const descriptor = ownDescriptor(ArrayPrototype, 'pop');
  return descriptor === undefined ? isExtensible(ArrayPrototype) : descriptor.configurable === true;
}

function lendPop(): void {
  if (!canLendPop()) return;
  const descriptor = ownDescriptor(ArrayPrototype, 'pop');
  patchedPop = descriptor && ({ __proto__: null, ...descriptor } as PropertyDescriptor);
  isPopLent = true;
  defineProperty(ArrayPrototype, 'pop', POP);
}

function takePopBack(): void {
  isPopLent = false;
  if (patchedPop === undefined) deleteProperty(ArrayPrototype, 'pop');
  else defineProperty(ArrayPrototype, 'pop', patchedPop);
}
