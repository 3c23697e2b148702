'use strict';
// A random program for the fuzzer: a list of plain operations. One that means a port which is not there does nothing, so that
// a program remains one after any of its operations was taken out.

const { generator } = require('../support/random.js');

const THREADS = 3;

/** kind -> how often. */
const WEIGHTS = {
  channel: 6, post: 40, burst: 3, receive: 10, listen: 14, unlisten: 4, start: 2, ref: 1, unref: 1, hasRef: 2, close: 3, move: 14,
  clone: 2, context: 1, stale: 2, turn: 10, settle: 4,
};
const KINDS = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array(weight).fill(kind));

/** All that operations need; each takes what concerns it. `name` is that of a channel, `label` that of one of its ports. */
function operation(random, kind, channels) {
  const name = kind === 'channel' ? `c${channels + 1}` : `c${random.below(channels) + 1}`;
  return { kind, name, label: `${name}.${random.below(2) + 1}`, seed: random.below(2 ** 31), thread: random.below(THREADS) };
}

/**
 * The program of a seed. In a `storm` the threads run at the same time, and its operations and handlers are such that the
 * outcome at each port is one all the same; else one thread runs at a time.
 */
function program(seed) {
  const random = generator(seed);
  const storm = random.chance(0.25);
  const length = random.pick([10, 25, 60]);
  const ops = [];
  for (let channels = 0; ops.length < length; ) {
    const kind = channels < 2 ? 'channel' : random.pick(KINDS);
    ops.push(operation(random, kind, channels));
    if (kind === 'channel') channels++;
  }
  return { seed, storm, ops };
}

module.exports = { program, THREADS };
