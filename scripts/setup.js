'use strict';
// Before test, demo, bench and pack: installs the development tools and builds, each only when it is needed. Needs
// nothing but Node, npm and stable Rust.

const { install } = require('./install.js');
const { build, isFresh, steps } = require('./steps.js');

install('.');
for (const name of Object.keys(steps)) {
  if (isFresh(name)) continue;
  console.error(`setup: building ${name}`);
  build(name);
}
