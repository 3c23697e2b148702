'use strict';
// `npm run smoke`: the package as a stranger gets it. Packs, installs the tarball into an empty folder, and there compares
// the names of both faces and runs the README's first example, as it stands (ESM) and with `require` (CommonJS); it prints what stands below it.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { root } = require('./steps.js');

const shell = process.platform === 'win32'; // npm is a .cmd file there

/** Its code, and what it prints. */
function firstExample() {
  const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
  const [, code, output] = /```js\n([\s\S]*?)```\n\n((?: {4}.*\n)+)/.exec(readme);
  return { code, output: output.replaceAll(/^ {4}/gm, '') };
}

/** The same example as a CommonJS file. */
const asCommonJs = (esm) =>
  esm.replace(/import (\{[^}]*\}) from ('threadport')/, 'const $1 = require($2)').replaceAll('new URL(import.meta.url)', '__filename');

const faces = `
import assert from 'node:assert';
import { createRequire } from 'node:module';
import stock from 'node:worker_threads';
import * as esm from 'threadport';
const cjs = createRequire(import.meta.url)('threadport');
const names = Object.keys({ ...stock, SharedQueue: 0, receiveAny: 0, receiveAnySync: 0, native: 0, version: 0, default: 0 }).sort();
const defined = Object.keys(esm).filter((name) => esm[name] !== undefined || name in stock);
assert.deepStrictEqual(defined.sort(), names);
assert.deepStrictEqual(Object.keys({ ...cjs, default: 0 }).sort(), names);
assert.strictEqual(esm.default, cjs);
for (const name of names) if (name !== 'default') assert.ok(Object.is(esm[name], cjs[name]), name);
assert.strictEqual(cjs.native, true, 'the addon in the tarball was not loaded');
`;

/** A worker without options inherits the preload, one with options does not. */
const registered = `
import assert from 'node:assert';
import { isMainThread, Worker } from 'node:worker_threads';
import * as threadport from 'threadport';
import * as registration from 'threadport/register';
assert.strictEqual(Worker, threadport.Worker);
assert.strictEqual(typeof registration.unregister, 'function');
if (isMainThread) for (const options of [{}, { execArgv: [], env: {} }]) new Worker(new URL(import.meta.url), options);
`;

function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'threadport-smoke-'));
  try {
    // Unlike run() of steps.js, a failure throws, so that the folder is removed.
    const inFolder = (command, args, options) => execFileSync(command, args, { cwd: folder, stdio: 'inherit', ...options });
    inFolder('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root, shell, stdio: ['ignore', 'ignore', 'inherit'] });
    const tarball = fs.readdirSync(folder).find((name) => name.endsWith('.tgz'));
    fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
    inFolder('npm', ['install', '--silent', '--no-audit', '--no-fund', `./${tarball}`], { shell });
    const { code: example, output } = firstExample();
    const programs = [['faces.mjs', faces], ['main.mjs', example, output], ['main.cjs', asCommonJs(example), output], ['registered.mjs', registered]];
    for (const [name, code, expected = ''] of programs) {
      console.log(`smoke: ${name}`);
      fs.writeFileSync(path.join(folder, name), code);
      const flags = code === registered ? ['--require', 'threadport/register'] : [];
      const printed = inFolder(process.execPath, [...flags, name], { timeout: 30_000, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
      assert.equal(printed, expected);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  console.log('smoke: the packed tarball works');
}

main();
