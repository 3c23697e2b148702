'use strict';
// Several copies of the package in one process.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { ROOT } = require('./program.js');

/** A copy of the built package in a folder of its own. */
function copyOfPackage(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'threadport-copy-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const addons = fs.readdirSync(ROOT).filter((name) => name.endsWith('.node'));
  for (const name of ['package.json', 'index.mjs', 'register.js', 'register-worker.js', 'dist', ...addons]) {
    fs.cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
  }
  return folder;
}

module.exports = { copyOfPackage };
