'use strict';
// The JavaScript test files, and how they are played where their figures are wanted (`npm test` shows them as they come).

const { spawnSync } = require('node:child_process');
const { filesUnder, root } = require('./steps.js');

const testFiles = (folder = '__test__') => filesUnder(folder).filter((file) => /\.test\.(js|cjs|mjs)$/.test(file));

/** A test that fails, and what the reporter says of it. */
const FAILURE = /^( *)not ok .*(?:\n\1 +---\n[\s\S]*?\n\1 +\.\.\.$)?/gm;

/** Plays the files; prints what fails and why, behind `label`. `command`: Node, or what comes ahead of it and Node. */
function playTests(label, files, { command = [process.execPath], seconds, cwd = root, env }) {
  const [program, ...before] = command;
  const args = [...before, '--test', '--test-reporter=tap', '--test-concurrency=2', `--test-timeout=${seconds * 1000}`, ...files];
  const { stdout, status } = spawnSync(program, args, { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  for (const failure of stdout.match(FAILURE) ?? []) console.log(`${label}: ${failure.trim()}`);
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)`, 'm').exec(stdout)?.[1] ?? Number.NaN);
  return { pass: count('pass'), fail: count('fail'), cancelled: count('cancelled'), ok: status === 0 };
}

module.exports = { playTests, testFiles };
