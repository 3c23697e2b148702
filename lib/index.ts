/**
 * threadport: `node:worker_threads` over native lanes.
 *
 * It has every name of the built-in module of the running Node; the message-passing ones are ours. Without the addon all exports
 * are the stock ones.
 */
import builtin = require('node:worker_threads');
import { type Addon, raw } from './native';
import { NoNative } from './errors';
import type Package = require('./package');
import { keepProgram, runProgram } from './program';
import type { Start } from './start';

declare const __THREADPORT_VERSION__: string;

const version = __THREADPORT_VERSION__;

/** Under this name the exports have what `threadport/register` is made of: to load a file for it takes a worker a quarter of a millisecond. */
const REGISTRATION = Symbol.for('threadport.registration');

interface Registration {
  register(start: Start): void;
  unregister(): void;
}

function withRegistration(api: object, registration: Registration): object {
  return Object.defineProperty(api, REGISTRATION, { __proto__: null, value: registration } as PropertyDescriptor);
}

function withAddon(addon: Addon): object {
  const { exportsOf, onWorker, register, unregister } = runProgram(addon) as typeof Package;
  onWorker((ended) => keepProgram(addon, ended));
  const api = exportsOf(version);
  return withRegistration(api, { register: (start) => register(api, start), unregister });
}

/** Once: threads that this one starts inherit that it was said. */
function warn(error: Error): void {
  const mark = 'threadport.warned';
  if (builtin.getEnvironmentData(mark) === true) return;
  builtin.setEnvironmentData(mark, true);
  process.emitWarning(`threadport runs without its native addon: ${error.message}`, { code: 'THREADPORT_NO_NATIVE' });
}

function withoutAddon(error: Error): object {
  warn(error);
  class SharedQueue {
    constructor() {
      throw new NoNative('SharedQueue');
    }

    static from(): never {
      throw new NoNative('SharedQueue');
    }
  }
  const without = (name: string) => (): never => {
    throw new NoNative(name);
  };
  const others = { receiveAny: async () => without('receiveAny')(), receiveAnySync: without('receiveAnySync') };
  return withRegistration({ ...builtin, SharedQueue, ...others, native: false, version }, { register() {}, unregister() {} });
}

module.exports = raw instanceof Error ? withoutAddon(raw) : withAddon(raw);
