'use strict';
// Before test, demo, bench and pack: installs the development tools and builds, each only when it is needed. Needs
// nothing but Node, npm and stable Rust.

const fs = require('node:fs');
const path = require('node:path');
const { build, isFresh, root, run, steps } = require('./steps.js');

/** npm records what it installed in node_modules/.package-lock.json; our copy of the lock tells whether that is current. */
function install() {
  const lock = fs.readFileSync(path.join(root, 'package-lock.json'));
  const installed = path.join(root, 'node_modules', '.threadport-lock.json');
  if (fs.existsSync(installed) && fs.readFileSync(installed).equals(lock)) return;
  // `npm` may be a shell script or a .cmd file: under npm its own entry point is in the environment.
  const npmCli = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund'];
  if (npmCli?.endsWith('.js')) run(process.execPath, [npmCli, ...args]);
  else run('npm', args, { shell: process.platform === 'win32' });
  fs.writeFileSync(installed, lock);
}

install();
for (const name of Object.keys(steps)) {
  if (isFresh(name)) continue;
  console.error(`setup: building ${name}`);
  build(name);
}
