'use strict';
// Cases of fixtures/exits.js, played on the built-in and on the package.

const assert = require('node:assert/strict');
const test = require('node:test');
const { run, fixture } = require('./program.js');
const { PHASES, ENDS } = require('../fixtures/exits.js');

const PLACES = ['main', 'worker'];
function isWanted(phase, end, place) {
  // The built-in has one way to block: of the others that we have, some ends are enough.
  if (/blocks \((?!receiveSync\))/.test(phase)) return end === 'exit' || end === 'natural';
  // Does the worker end before the signal is heard? That is a matter of chance.
  return !(phase === "in an 'exit' handler" && place === 'worker' && end === 'SIGTERM with a handler');
}

const all = PLACES.flatMap((place) => PHASES.flatMap((phase) => ENDS.map((end) => ({ phase, end, place }))));
const CASES = all.filter(({ phase, end, place }) => isWanted(phase, end, place));

/** It comes by another port than what Node says of the worker's end: the order of both is a matter of chance. */
const LAST = 'the last message of the worker';

async function play(module, { phase, end, place, messages = 20, delay = 0 }) {
  const { code, signal, stderr, lines } = await run([fixture('exits.js'), module, phase, end, place, String(messages), String(delay)]);
  return {
    code,
    signal,
    lines: lines.filter((line) => line !== LAST),
    last: lines.includes(LAST),
    // Where an exception comes from is a matter of the module: the line in front of it, and the stack.
    stderr: stderr.replace(/^[\s\S]*?(?=^Error: )/m, '').replaceAll(/^ {4}at .*\n/gm, ''),
  };
}

/** What both have made of it. */
const playBoth = (one) => Promise.all([play('threadport', one), play('node:worker_threads', one)]);

/** A test for each case where the thread in `place` ends. */
function endsAlike(place) {
  for (const one of CASES.filter((other) => other.place === place)) {
    test(`${place}, ${one.phase}: ${one.end}`, async () => {
      const [ours, stock] = await playBoth(one);
      assert.deepEqual(ours, stock);
    });
  }
}

module.exports = { CASES, playBoth, endsAlike };
