'use strict';
// `npm run build [native|ts|types ...]`: runs the named build steps, or all of them, whether or not they are fresh.

const { build, steps } = require('./steps.js');

const names = process.argv.slice(2);
for (const name of names) if (!(name in steps)) throw new Error(`no build step named ${name}`);
for (const name of names.length ? names : Object.keys(steps)) build(name);
