/** The messages of a port, one after the other, without a listener of the user's. */
import { apply } from '../codec/primordials';
import { leavable, type Messages } from '../leavable';
import { Pull, type Pulled, pullsOf, receiveInTurn } from './pulls';
import { BUDGET } from './receive';
import { isOver } from './receive-sync';
import type { PortState } from './state';

const { setImmediate } = globalThis;
const { Promise } = globalThis;

type Found = { message: unknown } | undefined;

class Iteration extends Pull {
  readonly state: PortState;
  /** `return()` or `throw()` was called. */
  isLeft = false;
  #resolve!: (found: Found) => void;
  #reject!: (reason: unknown) => void;

  constructor(state: PortState) {
    super();
    this.state = state;
  }

  wait(): Promise<Found> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      pullsOf(this.state).join(this);
    });
  }

  settle(type: Pulled, value: unknown): void {
    if (type === 'message') this.#resolve({ message: value });
    else if (type === 'messageerror') this.#reject(value);
    else this.#resolve(undefined);
  }

  /** A generator that waits would hear of it after the next message. */
  end(): void {
    this.isLeft = true;
    if (!this.waits) return;
    pullsOf(this.state).leave(this);
    this.#resolve(undefined);
  }
}

async function* messages(iteration: Iteration): Messages<unknown> {
  const { state } = iteration;
  for (let count = 1; !iteration.isLeft; count++) {
    let found: Found = receiveInTurn(state);
    if (found === undefined) {
      if (isOver(state)) return;
      found = await iteration.wait();
      if (found === undefined) return;
    }
    yield found.message;
    // With no message in hand, which nobody would get if the iteration were left meanwhile.
    if (count % BUDGET === 0) await new Promise((resolve) => apply(setImmediate, undefined, [resolve]));
  }
}

export function messagesOf(state: PortState): Messages<unknown> {
  const iteration = new Iteration(state);
  return leavable(messages(iteration), () => iteration.end());
}
