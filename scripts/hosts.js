'use strict';
// `npm run test:hosts [-- name or folder ...]`: the JavaScript tests where something is missing that Node.js usually has. What cannot pass
// there is listed below, with the reason.

const { playTests, testFiles } = require('./suites.js');

const SUITES = ['conformance', 'lifecycle', 'codec', 'blocking', 'queue', 'threadport', 'register', 'hardened', 'fuzz'];

/** Tests that bring hosts of their own. */
const OWN = ['threadport/fallback', 'threadport/less-host'];

/** name -> options for each process, its environment, the suites that apply, and files that cannot pass, with the reason. */
const HOSTS = {
  codegen: {
    what: 'no code generation from strings',
    options: '--disallow-code-generation-from-strings',
    without: { 'codec/constants': 'only generated code leaves constant strings out of a message' },
  },
  external: {
    what: 'no strings over memory of our own',
    env: { THREADPORT_NO_EXTERNAL: '1' },
    without: { 'threadport/fresh-pages': 'each long text is copied into pages of its own' },
  },
  libuv: { what: 'no symbols of libuv', env: { THREADPORT_NO_LIBUV: '1' } },
  addon: {
    what: 'no addon',
    // The others are about what only the addon does.
    suites: ['conformance', 'lifecycle'],
    env: { THREADPORT_DISABLE_NATIVE: '1', NODE_NO_WARNINGS: '1' },
    without: {
      'lifecycle/both-start': 'ports have no signal',
      'lifecycle/moved-held': 'all messages go one way',
      'lifecycle/moved-unloaded': 'all messages go one way',
    },
  },
};

function play(host, suite) {
  const { what, options = '', env = {}, without = {} } = HOSTS[host];
  const isLeft = (file) => [...OWN, ...Object.keys(without)].some((name) => file.startsWith(`__test__/${name}.test.`));
  const files = testFiles(`__test__/${suite}`).filter((file) => !isLeft(file));
  const { pass, fail, cancelled, ok } = playTests(`${what}, ${suite}`, files, {
    seconds: 300, env: { ...process.env, ...env, NODE_OPTIONS: options, THREADPORT_TEST_OPTIONS: options },
  });
  console.log(`${what}, ${suite}: ${files.length} files, ${pass} passed, ${fail + cancelled} failed`);
  return ok;
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
