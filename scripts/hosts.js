'use strict';
// `npm run test:hosts [-- name or folder ...]`: the JavaScript tests where something is missing that Node.js usually has. What cannot pass
// there is listed below, with the reason.

const { spawnSync } = require('node:child_process');
const { filesUnder, root } = require('./steps.js');

const SUITES = ['conformance', 'lifecycle', 'codec', 'blocking', 'queue', 'threadport', 'register', 'hardened', 'fuzz'];

/** Tests that bring hosts of their own. */
const OWN = ['threadport/fallback', 'threadport/no-libuv'];

/** name -> options for each process, its environment, the suites that apply, and files that cannot pass, with the reason. */
const HOSTS = {
  codegen: {
    what: 'no code generation from strings',
    options: '--disallow-code-generation-from-strings',
    without: { 'codec/constants': 'only generated code leaves constant strings out of a message' },
  },
  libuv: { what: 'no symbols of libuv', env: { THREADPORT_NO_LIBUV: '1' } },
  addon: {
    what: 'no addon',
    // The others are about what only the addon does.
    suites: ['conformance', 'lifecycle'],
    env: { THREADPORT_DISABLE_NATIVE: '1', NODE_NO_WARNINGS: '1' },
  },
};

function play(host, suite) {
  const { what, options = '', env = {}, without = {} } = HOSTS[host];
  const isLeft = (file) => [...OWN, ...Object.keys(without)].some((name) => file.startsWith(`__test__/${name}.test.`));
  const files = filesUnder(`__test__/${suite}`).filter((file) => /\.test\.(js|cjs|mjs)$/.test(file) && !isLeft(file));
  const args = ['--test', '--test-reporter=tap', '--test-concurrency=2', '--test-timeout=300000', ...files];
  const { stdout, status } = spawnSync(process.execPath, args, {
    cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, env: { ...process.env, ...env, NODE_OPTIONS: options, THREADPORT_TEST_OPTIONS: options },
  });
  for (const failure of stdout.match(/^ *not ok .*/gm) ?? []) console.log(`${what}, ${suite}: ${failure.trim()}`);
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)`, 'm').exec(stdout)?.[1] ?? Number.NaN);
  console.log(`${what}, ${suite}: ${files.length} files, ${count('pass')} passed, ${count('fail') + count('cancelled')} failed`);
  return status === 0;
}

const only = process.argv.slice(2);
const chosen = (names) => {
  const wanted = names.filter((name) => only.includes(name));
  return wanted.length > 0 ? wanted : names;
};
for (const host of chosen(Object.keys(HOSTS))) {
  const suites = HOSTS[host].suites ?? SUITES;
  for (const suite of chosen(SUITES)) if (suites.includes(suite) && !play(host, suite)) process.exitCode = 1;
}
