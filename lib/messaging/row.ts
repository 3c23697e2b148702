/** Who waits is in one row, and in no other at the same time. */
export interface Waiting<T> {
  isWaiting: boolean;
  ahead: T | undefined;
  behind: T | undefined;
}

/** Those who wait, in the order in which they came. Each method is done at once or, where V8 ends the script (see step.ts), not begun. */
export class Row<T extends Waiting<T>> {
  first: T | undefined = undefined;
  #last: T | undefined = undefined;

  add(one: T): void {
    one.isWaiting = true;
    one.ahead = this.#last;
    if (this.#last === undefined) this.first = one;
    else this.#last.behind = one;
    this.#last = one;
  }

  /** False: it does not wait any more. */
  remove(one: T): boolean {
    if (!one.isWaiting) return false;
    const { ahead, behind } = one;
    if (ahead === undefined) this.first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
    one.isWaiting = false;
    one.ahead = one.behind = undefined;
    return true;
  }
}
