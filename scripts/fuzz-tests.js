'use strict';
// `npm run fuzz:tests -- --minutes M --seed N [text ...]`: all tests that draw what they do from a seed (random values, damaged
// messages, hostile queue memory, random calls of the raw addon, ...), or those with one of the texts in their path, again and
// again with seeds of their own. Ends with 1 at the first that fails, and says how to play it again.

const { readFileSync } = require('node:fs');
const { parseArgs } = require('node:util');
const { playTests, testFiles } = require('./suites.js');

const { values: options, positionals: texts } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 30)) },
  },
  allowPositionals: true,
});

const drawsFromSeed = (file) => /\bseeded\(|THREADPORT_TEST_SEED/.test(readFileSync(file, 'utf8'));
const isAsked = (file) => texts.length === 0 || texts.some((text) => file.includes(text));

const files = testFiles().filter((file) => isAsked(file) && drawsFromSeed(file));
if (files.length === 0) throw new Error(`no such test draws from a seed: ${texts.join(' ')}`);
console.log(`fuzz:tests: from seed ${options.seed}\n${files.map((file) => `  ${file}`).join('\n')}`);
const first = Number(options.seed);
const end = Date.now() + Number(options.minutes) * 60_000;
let rounds = 0;
let passed = 0;
for (let seed = first; rounds === 0 || Date.now() < end; seed++) {
  const env = { ...process.env, THREADPORT_TEST_SEED: String(seed), NODE_TEST_CONTEXT: undefined };
  const { pass, ok } = playTests(`seed ${seed}`, files, { seconds: 300, env });
  rounds++;
  passed += pass;
  if (!ok) {
    console.log(`again: npm run fuzz:tests -- --seed ${seed}`);
    process.exitCode = 1;
    break;
  }
}
console.log(`fuzz:tests: ${rounds} rounds, ${passed} tests passed`);
