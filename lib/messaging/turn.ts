/**
 * Keeps the thread for one more turn of the event loop, in which a delivery goes on. Node hands over what is in a port's queue in one turn, up to 1,000
 * messages, also where the port was given to `unref()` meanwhile.
 */
import { BUDGET } from './receive';
import { hold, wantTidy } from './thread';

let isHeld = false;
/** In turns that follow each other. */
let delivered = 0;

export function holdTurn(): void {
  if (isHeld || delivered >= BUDGET) return;
  isHeld = true;
  hold(1);
  // So that there is one.
  wantTidy();
}

export function beginTurn(): void {
  if (!isHeld) {
    delivered = 0;
    return;
  }
  isHeld = false;
  hold(-1);
}

export function noteDelivered(count: number): void {
  delivered += count;
}
