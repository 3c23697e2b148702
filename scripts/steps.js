'use strict';
// The build as three steps, each with its inputs and its outputs. `build.js` runs steps, `setup.js` runs those whose
// inputs changed. A step is fresh when its outputs exist and the hash of its inputs is the one recorded when it last ran;
// file times are not used, since git does not keep them.

const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const stamps = path.join(root, 'node_modules', '.cache', 'threadport');

/** Runs a command in the package root; a failure ends the process with its exit code. */
function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw new Error(`cannot run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** The script behind a dev dependency's command: run by this Node, so that no shell or PATH is involved. */
function bin(pkg, name) {
  const dir = path.join(root, 'node_modules', pkg);
  const entry = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).bin;
  return path.join(dir, typeof entry === 'string' ? entry : entry[name]);
}

/** Files under `entry` (a file or a folder, relative to the root), sorted, relative to the root; no installed ones. */
function filesUnder(entry) {
  const full = path.join(root, entry);
  if (!fs.existsSync(full)) return [];
  if (!fs.statSync(full).isDirectory()) return [entry];
  const names = fs.readdirSync(full).filter((name) => name !== 'node_modules').sort();
  return names.flatMap((name) => filesUnder(path.posix.join(entry, name)));
}

function buildNative() {
  // No generated loader: lib/native.ts loads the file itself, and tries no package of another name.
  const args = ['build', '--platform', '--release', '--no-js', '--dts', 'native.d.ts'];
  run(process.execPath, [bin('@napi-rs/cli', 'napi'), ...args]);
}

function buildTs() {
  const { buildSync } = require('esbuild');
  const { version } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const bundle = (entryPoints, wrapper) => buildSync({
    absWorkingDir: root,
    entryPoints,
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // A worker's text may declare these names, and is instantiated before the package is loaded (lib/messaging/follow.ts).
    define: { __THREADPORT_VERSION__: JSON.stringify(version), process: 'globalThis.process', Buffer: 'globalThis.Buffer' },
    logLevel: 'warning',
    ...wrapper,
  });
  // Flat bundles: to require a module of ours on a condition would make esbuild wrap each of them in a function.
  bundle({ index: 'lib/index.ts', codec: 'lib/codec/index.ts' });
  // A function, as lib/program.ts wants it.
  bundle({ package: 'lib/package.ts' }, { banner: { js: '(function (module, require, __dirname) {' }, footer: { js: '})' } });
}

function buildTypes() {
  run(process.execPath, [bin('rollup', 'rollup'), '-c', 'scripts/rollup.dts.mjs', '--silent']);
}

const steps = {
  native: {
    run: buildNative,
    inputs: ['src', 'build.rs', 'Cargo.toml', 'Cargo.lock', 'package-lock.json'],
    outputs: ['native.d.ts', /^threadport\..*\.node$/],
  },
  ts: {
    run: buildTs,
    inputs: ['lib', 'package.json', 'package-lock.json', 'scripts/steps.js'],
    outputs: ['dist/index.js', 'dist/package.js', 'dist/codec.js'],
  },
  types: {
    run: buildTypes,
    inputs: ['lib', 'tsconfig.json', 'package-lock.json', 'scripts/rollup.dts.mjs', 'scripts/public-types.ts', 'scripts/register-types.ts'],
    outputs: ['index.d.ts', 'register.d.ts'],
  },
};

function hashInputs({ inputs }) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of inputs.flatMap(filesUnder)) hash.update(`\0${file}\0`).update(fs.readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

function hasOutput(output) {
  if (typeof output === 'string') return fs.existsSync(path.join(root, output));
  return fs.readdirSync(root).some((name) => output.test(name));
}

function isFresh(name) {
  const stamp = path.join(stamps, name);
  if (!fs.existsSync(stamp) || !steps[name].outputs.every(hasOutput)) return false;
  return fs.readFileSync(stamp, 'utf8') === hashInputs(steps[name]);
}

/** Runs one step and records the state of its inputs. */
function build(name) {
  const hash = hashInputs(steps[name]);
  steps[name].run();
  fs.mkdirSync(stamps, { recursive: true });
  fs.writeFileSync(path.join(stamps, name), hash);
}

module.exports = { bin, build, filesUnder, isFresh, root, run, steps };
