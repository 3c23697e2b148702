/**
 * Loads the addon. The only module that names the native file.
 *
 * Without a loadable addon the package goes on with the stock classes; the reason is kept for the
 * one process warning.
 */
import { join } from 'node:path';
import type * as Raw from '../native';

export type Addon = typeof Raw;
export type Binding = Raw.Binding;

/** Must equal `LAYOUT_VERSION` in src/binding/layout.rs. */
const LAYOUT_VERSION = 16;

/** Size of a buffer of words that is shared with native code; one that had to grow beyond the second goes back to the first. */
export const WORDS = 16 << 10;
export const KEEP_WORDS = 256 << 10;

/** Header words of the transmit buffer (src/binding/layout.rs, `tx`). */
export const TX_SLOT = 0;
export const TX_END = 1;
export const TX_KIND = 2;
/** What is left there: see `tell` in messaging/listen.ts. */
export const TX_TOLD = TX_KIND;
export const TX_TEXT = 3;
export const TX_WIDE = 4;
export const TX_ATTACHMENTS = 5;
export const TX_FORCE = 6;
export const TX_LAST = 7;
/** Values of TX_FORCE. */
export const FORCED = 1;
export const QUIET = 2;
/** Value of TX_WIDE for texts of up to so many units, which `send` examines while it copies them. */
export const UNKNOWN = 2;
export const SHORT_TEXT = 512;

/** What `send` leaves in TX_SLOT. */
export const SENT = 0;
export const GATE_CLOSED = 1;
export const FULL = 2;
export const RECALL = 3;
export const TOO_LARGE = 4;

/** What `gate` returns. */
export const GATE_OPEN = 1;
export const GATE_RECALL = 2;
/** What `carry` returns beside these. */
export const NO_MEMORY = -1;
export const REST = 4;

/** Header words of a receive buffer (`rx`). */
export const RX_SLOT = 0;
export const RX_ADVANCE = 1;
export const RX_FRAMES = 2;
export const RX_NEEDED = 3;
export const RX_ATTACHMENTS = 4;
export const RX_EVENTS = 5;
export const RX_SETTLE = 6;
export const RX_MORE = 7;
export const RX_BASE = 8;
export const EVENT_DRAIN = 1;
export const EVENT_RECALL = 2;
export const EVENT_CLOSED = 4;
export const EVENT_MOVED = 8;
export const EVENT_REFUSED = 16;

/** Words before a frame's own. */
export const FRAME_END = 0;
export const FRAME_KIND = 1;
export const FRAME_TEXT = 2;
export const FRAME_HEADER = 4;

function abis(): string[] {
  if (process.platform === 'win32') return ['-msvc'];
  return process.platform === 'linux' ? ['-gnu', '-musl'] : [''];
}

const isMissing = (error: unknown): boolean => (error as { code?: unknown } | undefined)?.code === 'MODULE_NOT_FOUND';

function load(): Addon | Error {
  if (process.env.THREADPORT_DISABLE_NATIVE === '1') return new Error('THREADPORT_DISABLE_NATIVE is set');
  let reason: unknown;
  for (const abi of abis()) {
    const file = `threadport.${process.platform}-${process.arch}${abi}.node`;
    try {
      const raw = require(join(__dirname, '..', file)) as Addon;
      if (raw.LAYOUT_VERSION === LAYOUT_VERSION) return raw;
      reason = new Error(`${file} belongs to another version of the package`);
    } catch (error) {
      // One that is there and cannot be loaded says more.
      if (reason === undefined || isMissing(reason)) reason = error;
    }
  }
  return reason instanceof Error ? reason : new Error(String(reason));
}

const loaded = load();

/** The addon's exports, or why there are none. */
export const raw: Addon | Error = loaded;
