'use strict';
// Libraries that were written for node:worker_threads print the same under threadport/register as without.

const test = require('node:test');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { run } = require('../support/program.js');

const { dependencies } = require('./package.json');
const programs = Object.keys(dependencies).map((name) => [name, path.join(__dirname, `${name}.mjs`)]);

/** What a program printed, and whether its threads had ours (the lines that begin with a brace say so). */
async function printed(file, node) {
  const { code, signal, lines, stderr } = await run([file], { node, ms: 60_000 });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' });
  const [ours, rest] = [lines.filter((line) => line.startsWith('{')), lines.filter((line) => !line.startsWith('{'))];
  return { ours: ours.flatMap((line) => JSON.parse(line).ours), rest };
}

for (const [name, file] of programs) {
  test(`${name} ${dependencies[name]}`, async () => {
    assert.ok(fs.existsSync(path.join(__dirname, 'node_modules')), 'npm test installs the programs; by hand: npm ci in this folder');
    const stock = await printed(file, []);
    const registered = await printed(file, ['--require', 'threadport/register']);
    assert.deepEqual(registered.rest, stock.rest);
    assert.ok(stock.rest.length > 1);
    assert.deepEqual(stock.ours, stock.ours.map(() => false));
    assert.deepEqual(registered.ours, stock.ours.map(() => true));
  });
}
