/** The messages of a port, one after the other, without a listener of the user's. */
import { type Found, type Iteration, iterate, type Messages } from '../iterate';
import { Pull, type Pulled, pullsOf, receiveInTurn } from './pulls';
import { isOver } from './receive-sync';
import type { PortState } from './state';

const { Promise } = globalThis;

class PortIteration extends Pull implements Iteration<unknown> {
  readonly #state: PortState;
  #resolve!: (found: Found<unknown>) => void;
  #reject!: (reason: unknown) => void;

  constructor(state: PortState) {
    super();
    this.#state = state;
  }

  now(): Found<unknown> {
    return receiveInTurn(this.#state);
  }

  get isOver(): boolean {
    return isOver(this.#state);
  }

  wait(): Promise<Found<unknown>> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      pullsOf(this.#state).join(this);
    });
  }

  settle(type: Pulled, value: unknown): void {
    if (type === 'message') this.#resolve({ message: value });
    else if (type === 'messageerror') this.#reject(value);
    else this.#resolve(undefined);
  }

  leave(): void {
    if (!this.isWaiting) return;
    pullsOf(this.#state).leave(this);
    this.#resolve(undefined);
  }
}

export const messagesOf = (state: PortState): Messages<unknown> => iterate(new PortIteration(state));
