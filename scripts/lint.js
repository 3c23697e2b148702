'use strict';
// `npm run lint`: rustfmt, clippy for both sides of the feature wall, Biome, and the type checker. Runs all of them and fails
// at the end, so that one look shows everything.

const { spawnSync } = require('node:child_process');
const { bin, root } = require('./steps.js');

const node = (pkg, name, ...args) => [process.execPath, [bin(pkg, name), ...args]];
const clippy = (...args) => ['cargo', ['clippy', '--all-targets', '--quiet', ...args, '--', '-D', 'warnings']];

const checks = {
  rustfmt: ['cargo', ['fmt', '--check']],
  'clippy, with N-API': clippy(),
  'clippy, core only': clippy('--no-default-features'),
  'clippy, fuzz target': clippy('--manifest-path', 'fuzz/Cargo.toml', '--target-dir', 'target/fuzz'),
  biome: node('@biomejs/biome', 'biome', 'lint', '--error-on-warnings'),
  tsc: node('typescript', 'tsc', '-p', '.'),
  'type tests': node('typescript', 'tsc', '-p', '__test__/types'),
};

const hasComponent = (name) => spawnSync('cargo', [name, '--version'], { cwd: root }).status === 0;

function failed([title, [command, args]]) {
  console.log(`lint: ${title}`);
  if (command === 'cargo' && !hasComponent(args[0])) {
    console.error(`  cargo ${args[0]} is not installed: rustup component add ${args[0] === 'fmt' ? 'rustfmt' : 'clippy'}`);
    return true;
  }
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status !== 0;
}

const failures = Object.entries(checks).filter(failed);
if (failures.length) {
  console.error(`lint: failed: ${failures.map(([title]) => title).join('; ')}`);
  process.exit(1);
}
