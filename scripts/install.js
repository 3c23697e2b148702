'use strict';
// The development tools of the package, and the programs of its tests.

const fs = require('node:fs');
const path = require('node:path');
const { root, run } = require('./steps.js');

/**
 * Installs what the lock file of a folder says, if it is not there yet.
 *
 * npm records what it installed in node_modules/.package-lock.json; our copy of the lock tells whether that is current.
 */
function install(folder) {
  const cwd = path.join(root, folder);
  const lock = fs.readFileSync(path.join(cwd, 'package-lock.json'));
  const installed = path.join(cwd, 'node_modules', '.threadport-lock.json');
  if (fs.existsSync(installed) && fs.readFileSync(installed).equals(lock)) return;
  // `npm` may be a shell script or a .cmd file: under npm its own entry point is in the environment.
  const npmCli = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund'];
  if (npmCli?.endsWith('.js')) run(process.execPath, [npmCli, ...args], { cwd });
  else run('npm', args, { cwd, shell: process.platform === 'win32' });
  fs.writeFileSync(installed, lock);
}

module.exports = { install };
