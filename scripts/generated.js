'use strict';
// `npm run generated`: regenerates the committed generated files and fails if that changes them.

const { build, run } = require('./steps.js');

const files = ['native.d.ts', 'index.d.ts', 'register.d.ts'];

build('native');
build('types');
run('git', ['ls-files', '--error-unmatch', ...files], { stdio: ['ignore', 'ignore', 'inherit'] });
run('git', ['diff', '--exit-code', '--', ...files]);
console.log('generated: up to date');
