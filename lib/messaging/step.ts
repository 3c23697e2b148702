/**
 * Steps that are ended in any case.
 *
 * V8 can end what runs without its `catch` and `finally` blocks, and the thread goes on: at the timeout of node:vm, at Ctrl-C in the REPL. So what
 * calls code of the user's, or must not be left half done, is called by way of native code, through which such an end passes; what it has left
 * is put right when somebody comes by again: who posts or reads, or the event loop, which is told of it.
 *
 * V8 looks for a reason to end at the beginning of a function of JS and in loops, and nowhere else. What must not be torn apart
 * calls nothing but native functions, and no accessors, up to the note that it is done. What is not kept to that (a port that is made ours, what
 * is packed to travel with one) is in docs/limitations.md.
 */
import { encoder, guard, guards, takeTidy, wantTidy } from './thread';

export interface Step {
  /** Whatever has become of it. If it is cut short itself, it is called again. */
  end(): void;
  /** Filled by `begin`. */
  outer: Step | undefined;
}

let innermost: Step | undefined;
let count = 0;

/** Up to `finish`, in a `finally` block, code of the user's runs in a call of `guard`: one, at any time. */
export function begin(own: Step): void {
  mend();
  own.outer = innermost;
  innermost = own;
  count++;
}

export function finish(own: Step): void {
  // Within it others may have been cut short.
  if (innermost !== own) mend();
  else endInnermost();
}

/** Calls `body`, and then `end`, also where `body` throws or is cut short. */
export function step(body: () => void, end: () => void): void {
  const own = { end, outer: undefined };
  begin(own);
  try {
    if (guard(body, undefined) === body) body();
  } finally {
    finish(own);
  }
}

function endInnermost(): void {
  const own = innermost!;
  try {
    own.end();
  } finally {
    innermost = own.outer;
    count--;
  }
}

/** Ends the steps that are over. Those further down the stack are not. */
export function mend(): void {
  while (count > 0 && count > guards()) endInnermost();
}

let opened: Step | undefined;

/** For code of the user's that is not called by `guard`: a step that has not been closed ends when nothing of ours is on the stack. */
export function openStep(end: () => void): Step {
  wantTidy();
  return (opened = { end, outer: opened });
}

/** And those within it that have been left open. */
export function closeStep(own: Step): void {
  for (let isOver = false; !isOver; ) {
    const step = opened!;
    isOver = step === own;
    try {
      step.end();
    } finally {
      opened = step.outer;
    }
  }
}

interface Tidy {
  readonly end: () => void;
  readonly next: Tidy | undefined;
}

let tidies: Tidy | undefined;

/** `end` is called after `wantTidy`, when nothing of ours is on the stack: what is still in use then was cut short. */
export function onTidy(end: () => void): void {
  tidies = { end, next: tidies };
}

/** To be called from the event loop only. */
export function tidy(): void {
  mend();
  if (!takeTidy()) return;
  while (opened !== undefined) closeStep(opened);
  for (let one = tidies; one !== undefined; one = one.next) one.end();
}

onTidy(() => encoder.mend());
