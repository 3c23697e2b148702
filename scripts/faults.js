'use strict';
// `npm run faults`: the program in scripts/faults, with an addon that can be told to refuse memory (`src/slab/faults.rs`). A minute or two.

const path = require('node:path');
const { root, run } = require('./steps.js');
const { copyPackage, library, quick } = require('./variant.js');

const folder = path.join(root, 'target', 'faults');

const env = { ...process.env, ...quick, RUSTFLAGS: `${process.env.RUSTFLAGS ?? ''} --cfg faults` };
run('cargo', ['build', '--release', '--target-dir', folder], { env });
copyPackage(path.join(folder, 'package'), path.join(folder, 'release', library));
run(process.execPath, ['scripts/faults/program.js'], { cwd: path.join(folder, 'package') });
