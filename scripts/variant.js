'use strict';
// The package with an addon that was built in another way, for the programs that check it. The tree's own stays as it is.

const fs = require('node:fs');
const path = require('node:path');
const { filesUnder, root } = require('./steps.js');

/**
 * Copies the package and its tests to `folder`, which is inside the root, so that the development tools are found above it. `addon` is the
 * library that cargo built.
 */
function copyPackage(folder, addon) {
  fs.rmSync(folder, { recursive: true, force: true });
  const { files } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const plain = files.filter((entry) => /\.(js|mjs|ts)$/.test(entry) && !entry.includes('*'));
  const entries = [...plain, 'package.json', 'dist', 'lib', '__test__', 'examples', 'scripts'];
  for (const file of entries.flatMap(filesUnder)) fs.cpSync(path.join(root, file), path.join(folder, file));
  fs.copyFileSync(addon, path.join(folder, fs.readdirSync(root).find((name) => /^threadport\..*\.node$/.test(name))));
}

/** cargo's settings for a release build that is quick to make and easy to read when it fails. */
const quick = { CARGO_PROFILE_RELEASE_LTO: 'off', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16', CARGO_PROFILE_RELEASE_STRIP: 'none' };

/** What cargo calls the addon. */
const library = { darwin: 'libthreadport.dylib', win32: 'threadport.dll' }[process.platform] ?? 'libthreadport.so';

module.exports = { copyPackage, library, quick };
