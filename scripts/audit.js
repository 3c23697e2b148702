'use strict';
// `npm run audit [-- offline]`: licences, sources and known holes of what the addon is made of (deny.toml; needs `cargo install cargo-deny
// --locked`), and known holes of the npm packages that build and test it; the published package has no dependencies. Lists of known
// holes come over the network: with `offline` they are not asked for.

const { spawnSync } = require('node:child_process');
const { root } = require('./steps.js');

const isOffline = process.argv[2] === 'offline';
const shell = process.platform === 'win32'; // npm is a .cmd file there

const deny = ['deny', ...(isOffline ? ['--offline'] : []), 'check', 'licenses', 'bans', 'sources', ...(isOffline ? [] : ['advisories'])];
const checks = [['cargo', deny], ...(isOffline ? [] : [['npm', ['audit'], { shell }]])];

const failed = checks.filter(([command, args, options]) => {
  console.log(`audit: ${command} ${args.join(' ')}`);
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options }).status !== 0;
});
for (const [command] of failed) console.error(`audit: ${command} failed`);
if (failed.length > 0) process.exit(1);
