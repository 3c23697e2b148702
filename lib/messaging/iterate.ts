/** The messages of a port, one after the other, without a listener of the user's. */
import { apply } from '../codec/primordials';
import { BUDGET } from './receive';
import { isOver, receiveNow } from './receive-sync';
import type { PortState } from './state';
import { type StockPort, stockOff, stockOn } from './stock';

const { setImmediate } = globalThis;
const { Promise } = globalThis;

/** What a port that is listened to brings. */
export type Heard = (type: 'message' | 'messageerror' | 'close', value: unknown) => void;

/** Calls `hear` with the next event of a port, until what it returns is called: at once, if one is enough. */
export function listenTo(port: StockPort, hear: Heard): () => void {
  const onMessage = (value: unknown): void => hear('message', value);
  const onError = (value: unknown): void => hear('messageerror', value);
  const onClose = (): void => hear('close', undefined);
  stockOn(port, 'messageerror', onError);
  stockOn(port, 'close', onClose);
  // The last one: it starts the port.
  stockOn(port, 'message', onMessage);
  return () => {
    stockOff(port, 'message', onMessage);
    stockOff(port, 'messageerror', onError);
    stockOff(port, 'close', onClose);
  };
}

function next(port: StockPort): Promise<{ message: unknown } | undefined> {
  return new Promise((resolve, reject) => {
    const leave = listenTo(port, (type, value) => {
      leave();
      if (type === 'message') resolve({ message: value });
      else if (type === 'messageerror') reject(value);
      else resolve(undefined);
    });
  });
}

export async function* messagesOf(state: PortState): AsyncGenerator<unknown, void, undefined> {
  for (let count = 1; ; count++) {
    let found = receiveNow(state);
    if (found === undefined) {
      if (isOver(state)) return;
      found = await next(state.port);
      if (found === undefined) return;
    } else if (count % BUDGET === 0) await new Promise((resolve) => apply(setImmediate, undefined, [resolve]));
    yield found.message;
  }
}
