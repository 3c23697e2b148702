'use strict';
// The raw addon of the built package.

const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');

module.exports = require(path.join(ROOT, fs.readdirSync(ROOT).find((name) => /^threadport\..*\.node$/.test(name))));
