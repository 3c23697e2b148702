/**
 * An exception that comes out of the middle of our own code, because the caller is near the end of the stack, would leave
 * lanes half read or half written. So whatever a program calls begins with a look whether there is enough stack.
 */
import { generate } from '../codec/codegen';

/** Registers of a frame, 8 bytes each: twice what our own code was seen to need. */
const REGISTERS = 512;
/** Frames without registers that need as much. */
const FRAMES = 64;

/**
 * V8 looks at the stack when a function is entered, for the whole frame that the function has when it is interpreted,
 * even where it is optimized to nothing. So the check costs a call.
 */
const widened = generate('x', `if (x) x(${'x,'.repeat(REGISTERS)}x)`) as (() => void) | undefined;

function descend(frames: number): void {
  if (frames > 0) descend(frames - 1);
}

/** Throws V8's RangeError if the stack is nearly used up. */
export const needStack: () => void = widened ?? (() => descend(FRAMES));
