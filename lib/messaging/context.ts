/**
 * The async context of handlers: that in which the port was created, as in Node, where the port itself
 * is the execution resource. Node's `AsyncResource.prototype.runInAsyncScope` enters it; what it reads of a resource
 * are accessors on the prototype of ports.
 */
import { AsyncResource, executionAsyncId } from 'node:async_hooks';
import { type PortState, stateOf } from './state';
import type { StockPort } from './stock';

const { runInAsyncScope } = AsyncResource.prototype;
const { apply } = Reflect;
const probe = new AsyncResource('threadport', { requireManualDestroy: true });

function symbolNamed(pattern: RegExp): symbol | undefined {
  return Object.getOwnPropertySymbols(probe).find((symbol) => pattern.test(symbol.description ?? ''));
}

const kAsyncId = symbolNamed(/^async_id/);
const kTrigger = symbolNamed(/^trigger_async_id/);
const kFrame = symbolNamed(/context_?frame/i);

/** What was current when the port was created. */
export interface Context {
  trigger: number;
  frame: unknown;
}

/** The context of this very moment; called where a port comes into being. */
export function currentContext(): Context {
  return { trigger: executionAsyncId(), frame: currentFrame() };
}

function currentFrame(): unknown {
  if (kFrame === undefined) return undefined;
  const resource = new AsyncResource('threadport', { requireManualDestroy: true });
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

/** Run `body(state, argument)` in the async context of the port. */
export const runInContext: <A, R>(state: PortState, body: (state: PortState, argument: A) => R, argument: A) => R =
  kAsyncId === undefined || kTrigger === undefined
    ? (state, body, argument) => body(state, argument)
    : (state, body, argument) => apply(runInAsyncScope, state.port, [body, undefined, state, argument]) as never;
