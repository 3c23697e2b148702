'use strict';
// Handlers that throw: exit code and stack in main, 'error' and 'exit' of a worker; and revival in beforeExit.

const assert = require('node:assert/strict');
const { scenario } = require('../support/scenario.js');

const throws = (name, expected, options) => scenario('throws.js', name, expected, options);
const STACK = /RangeError(?: \[Error\])?: thrown in a handler\n(?: {4}at .*\n)* {4}at .*throws\.js:\d+/;
const GOT = ['got 1', 'got {"two":2}', 'got three'];
const ONE_FACE = { faces: ['on'] };

throws('uncaught in main', { code: 1, lines: ['got 1', 'exit 1'], stderr: STACK }, { rest: ['throw'] });
throws('uncaught in main', { code: 1, lines: ['got 1', 'exit 1'], stderr: STACK }, { rest: ['reject'] });
throws('uncaught in main', { code: 1, lines: ['got 1', 'exit 1'], stderr: STACK }, { ...ONE_FACE, rest: ['throw in a tick'] });

for (const failure of ['throw', 'reject', 'throw in a tick']) {
  const caught = GOT.flatMap((line) => [line, 'uncaughtException thrown in a handler']);
  throws('caught in main', { lines: caught }, { rest: [failure], formats: ['CommonJS'] });
  const echoed = [1, { two: 2 }, 'three'].flatMap((got) => [`got ${JSON.stringify({ got })}`, 'got thrown in a handler']);
  throws('caught in a worker', { lines: [...echoed, 'exit 0'] }, { rest: [failure], formats: ['ESM'] });
}

throws('uncaught in a message listener of a worker, in main', { code: 1, lines: ['exit 1'], stderr: STACK }, { ...ONE_FACE, rest: ['throw'] });

/** The 'error' and the last message travel apart: either may come first, the exit comes last. */
const workerDied = (named) => (lines) => {
  assert.deepEqual([...lines].sort(), ['error RangeError thrown in a handler ' + named, 'exit 1', 'got {"got":1}'].sort());
  assert.equal(lines.at(-1), 'exit 1');
};
throws('uncaught in a worker', { check: workerDied(true) }, { rest: ['throw'] });
throws('uncaught in a worker', { check: workerDied(true) }, { ...ONE_FACE, rest: ['reject'] });

throws('uncaught in main in the midst of traffic', { code: 1, lines: [], stderr: STACK }, ONE_FACE);
throws('error event of a worker without a listener', { code: 1, lines: ['exit 1'], stderr: STACK }, ONE_FACE);

throws('revival in beforeExit by a listener', { lines: [1, 2, 3].flatMap((n) => ['beforeExit', `got ${n}`]) });
throws('revival in beforeExit by worker.ref()', { lines: ['beforeExit', 'got {"echo":"end"}', 'exit 0'] });
throws('revival in beforeExit inside a worker', { lines: ['got revive', 'got {"echo":"again"}', 'exit 0'] });
