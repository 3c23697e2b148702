'use strict';
// Several copies of the package in one process.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { ROOT } = require('./program.js');

/** A copy of the built package in a folder of its own. `copyAddon(from, to)`: what becomes of the addon. */
function copyOfPackage(t, copyAddon = fs.copyFileSync) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'threadport-copy-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const name of ['package.json', 'index.mjs', 'register.js', 'register-worker.js', 'dist']) {
    fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  for (const name of fs.readdirSync(ROOT).filter((file) => file.endsWith('.node'))) copyAddon(path.join(ROOT, name), path.join(folder, name));
  return folder;
}

module.exports = { copyOfPackage };
