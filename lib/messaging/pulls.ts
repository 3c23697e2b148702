/**
 * Who waits for messages of a port without a listener of the user's: `receiveAny`, iterations. Each message goes to one of them.
 *
 * They are served where a message is about to reach the listeners, not by listeners of their own: those would all get the same
 * message, and one that is added or removed in the middle of a dispatch may get it again, or not at all.
 */
import { receive } from './receive';
import { Row, type Waiting } from './row';
import type { PortState } from './state';
import { type StockPort, stockOff, stockOn } from './stock';

export type Pulled = 'message' | 'messageerror' | 'close';

export abstract class Pull implements Waiting<Pull> {
  isWaiting = false;
  ahead: Pull | undefined = undefined;
  behind: Pull | undefined = undefined;

  /** It does not wait any more. Runs nothing of the user's. */
  abstract settle(type: Pulled, value: unknown): void;
}

/** Starts the port, and holds the event loop open as a listener of the user's does. */
const listening = (): void => {};

/** Those who wait for one port, in the order in which they began. */
export class Pulls {
  readonly #port: StockPort;
  readonly #row = new Row<Pull>();

  constructor(port: StockPort) {
    this.#port = port;
  }

  /** `pull` has just looked in vain. */
  join(pull: Pull): void {
    this.#row.add(pull);
    // With each of them: the user may have removed all listeners, and what is there is not added again.
    stockOn(this.#port, 'close', this.#onClose);
    // The last one: it starts the port.
    stockOn(this.#port, 'message', listening);
  }

  leave(pull: Pull): void {
    if (!this.#row.remove(pull) || this.#row.first !== undefined) return;
    stockOff(this.#port, 'message', listening);
    stockOff(this.#port, 'close', this.#onClose);
  }

  /** To the one that began first; false if nobody waits. */
  give(type: Pulled, value: unknown): boolean {
    const pull = this.#row.first;
    if (pull === undefined) return false;
    this.leave(pull);
    pull.settle(type, value);
    return true;
  }

  readonly #onClose = (): void => {
    while (this.give('close', undefined));
  };
}

export const pullsOf = (state: PortState): Pulls => (state.own.pulls ??= new Pulls(state.port));

/** As `receive`, behind those who wait already. */
export function receiveInTurn(state: PortState): { message: unknown } | undefined {
  for (;;) {
    let found: { message: unknown } | undefined;
    try {
      found = receive(state);
    } catch (error) {
      if (state.rare.pulls?.give('messageerror', error)) continue;
      throw error;
    }
    if (found === undefined || !state.rare.pulls?.give('message', found.message)) return found;
  }
}
