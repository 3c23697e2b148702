'use strict';
// `npm test [-- text ...]` after setup: the Rust core, its models under loom and shuttle, then the JavaScript tests on the built package.
// With texts, only the JavaScript test files whose path contains one of them.

const { install } = require('./install.js');
const { run } = require('./steps.js');
const { testFiles } = require('./suites.js');

/** Libraries that are run under threadport/register, with a lock file of their own. */
const PROGRAMS = '__test__/programs';

const only = process.argv.slice(2);

function rust() {
  run('cargo', ['test', '--no-default-features']);
  models('loom', '--cfg loom');
  models('shuttle', '--cfg loom --cfg shuttle');
}

/** tests/NAME_models.rs. The flags change every crate, so it gets a folder of its own; a debug build explores for many minutes. */
function models(name, flags) {
  const target = `${process.env.CARGO_TARGET_DIR ?? 'target'}/${name}`;
  const env = {
    ...process.env,
    RUSTFLAGS: `${process.env.RUSTFLAGS ?? ''} ${flags}`,
    CARGO_PROFILE_RELEASE_LTO: 'off',
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  };
  run('cargo', ['test', '--release', '--no-default-features', '--test', `${name}_models`, '--target-dir', target], { env });
}

function javascript() {
  const isWanted = (file) => only.length === 0 || only.some((text) => file.includes(text));
  const files = testFiles().filter(isWanted);
  if (files.length === 0) throw new Error('no test files');
  if (files.some((file) => file.startsWith(PROGRAMS))) install(PROGRAMS);
  run(process.execPath, ['--test', '--test-reporter=spec', '--test-concurrency=2', '--test-timeout=120000', ...files]);
}

if (only.length === 0) rust();
javascript();
