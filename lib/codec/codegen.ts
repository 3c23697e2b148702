/**
 * Code generation from strings: whether it is allowed, and how much of it a thread gets.
 *
 * `--disallow-code-generation-from-strings` and hardened embedders forbid it; the loops then do all the work.
 */
import { needRoom } from '../headroom';
import { isStackOverflow } from './overflow';
import { captured } from './primordials';

const CAP = 1024;
let left = CAP;

/**
 * A function from its parameters and body; undefined when forbidden or when this thread has generated enough. Throws where the stack is too short to
 * compile it, now or when it is called: that is for later.
 */
export function generate(parameters: string, body: string): ((...args: unknown[]) => unknown) | undefined {
  if (left <= 0) return undefined;
  needRoom();
  left--;
  try {
    return new captured.Function(parameters, `'use strict';${body}`) as (...args: unknown[]) => unknown;
  } catch (error) {
    if (isStackOverflow(error)) throw error;
    left = 0;
    return undefined;
  }
}
