'use strict';
// `npm run walls`: who may name what. Text checks over tracked and new files; each wall is a function from a file to the
// numbers of the lines that break it. Exceptions stand in `allowed`, with their reason.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { missingTests } = require('./compatibility.js');
const { root } = require('./steps.js');

const maxCodeLines = 400;

/** wall -> file -> why it may. */
const allowed = {
  'at most 400 code lines': {},
  'atomics only through src/sync.rs': {},
  'the built-in only in lib/messaging': {
    'lib/program.ts': 'what workers inherit; lib/messaging is not loaded yet',
    'lib/index.ts': 'passes through the names that are not ours, and all of them where there is no addon',
  },
};

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });

/** Line comments of Rust, TypeScript and JavaScript blanked out; URLs in strings are left alone. */
const withoutComments = (line) => line.replace(/(^|[^:'"`])\/\/.*$/, '$1').replace(/^\s*\*.*$|^\s*\/\*.*$/, '');

const linesMatching = (file, pattern) => file.code.flatMap((line, index) => (pattern.test(line) ? [index + 1] : []));

/** Line numbers of a pattern that may span lines. */
const matchesIn = (text, pattern) => [...text.matchAll(pattern)].map(({ index }) => text.slice(0, index).split('\n').length);

const isRust = ({ name }) => name.endsWith('.rs');
const isSource = ({ name }) => /\.(rs|ts|js|mjs|cjs)$/.test(name);
const inFolder = (folder) => ({ name }) => name.startsWith(folder);

const builtins = ['MessageChannel', 'MessagePort', 'Worker', 'BroadcastChannel'];

/** The built-in's classes by import or as globals, where no import or declaration of ours gives the name. */
function builtinClasses({ code }) {
  const text = code.join('\n');
  const imports = matchesIn(text, /^(?!\s*(?:import|export) type\b).*['"](?:node:)?worker_threads['"]/gm);
  const globals = builtins.flatMap((name) => {
    const isOurs = new RegExp(`(?:import|export)\\b[^;]*\\b${name}\\b[^;]*from '\\.|(?:const|let|class|interface|type) ${name}\\b`);
    if (isOurs.test(text)) return [];
    return matchesIn(text, new RegExp(`\\bnew ${name}\\(|\\binstanceof ${name}\\b|\\bglobalThis\\.${name}\\b|\\bextends ${name}\\b`, 'g'));
  });
  return [...imports, ...globals];
}

/** Requires and imports of values that lead to a .node file or to what napi build generates. */
function nativeFile({ name, code }) {
  return code.flatMap((line, index) => {
    const specifiers = [...line.matchAll(/['"](\.{1,2}\/[^'"]*)['"]/g)].map(([, specifier]) => specifier);
    const leads = (specifier) => /^native(\.js)?$/.test(path.posix.join(path.posix.dirname(name), specifier));
    return specifiers.some(leads) || /\.node['"]/.test(line) ? [index + 1] : [];
  });
}

/** `unsafe {` and `unsafe impl` with no SAFETY in the four lines above or on the line itself. */
function unsafeWithoutReason({ lines, code }) {
  return code.flatMap((line, index) => {
    if (!/\bunsafe\s*(\{|impl\b)/.test(line)) return [];
    return lines.slice(Math.max(0, index - 4), index + 1).some((near) => near.includes('SAFETY')) ? [] : [index + 1];
  });
}

function tooLong({ code }) {
  const count = code.filter((line) => line.trim() !== '').length;
  return count > maxCodeLines ? [count] : [];
}

const machinePath = new RegExp(`(^|[\\s"'\`(=:,])/(${['work', 'root', 'home/[a-z]+', 'Users/[A-Za-z]+'].join('|')})/`);
const registryHost = /"resolved":|\bregistry\.[a-z]+js\.|\/\/[a-z0-9.-]*(artifactory|nexus|verdaccio)|\/\/registry\./;

const walls = [
  {
    title: 'N-API and libuv only in src/binding',
    applies: (file) => isRust(file) && inFolder('src/')(file) && !inFolder('src/binding/')(file),
    lines: (file) => linesMatching(file, /\bnapi(_derive|_sys)?\b|\buv_[a-z]/),
  },
  {
    title: 'atomics only through src/sync.rs',
    applies: (file) => isRust(file) && inFolder('src/')(file) && file.name !== 'src/sync.rs',
    lines: ({ code }) =>
      matchesIn(code.join('\n'), /\b(std|core)::(sync::atomic|cell::UnsafeCell)|\b(std|core)::sync::\{[^}]*\batomic\b|\b(loom|shuttle)::/g),
  },
  {
    title: 'the native file only from lib/native.ts',
    applies: (file) => inFolder('lib/')(file) && file.name !== 'lib/native.ts',
    lines: nativeFile,
  },
  {
    title: 'the built-in only in lib/messaging',
    applies: (file) => inFolder('lib/')(file) && !inFolder('lib/messaging/')(file),
    lines: builtinClasses,
  },
  { title: 'a SAFETY reason at each unsafe block', applies: isRust, lines: unsafeWithoutReason },
  { title: 'at most 400 code lines', applies: (file) => isSource(file), lines: tooLong },
  { title: 'no paths of a machine', applies: () => true, lines: ({ lines }) => linesMatching({ code: lines }, machinePath) },
  { title: 'no registry hosts', applies: () => true, lines: ({ lines }) => linesMatching({ code: lines }, registryHost) },
];

function read(name) {
  const lines = fs.readFileSync(path.join(root, name), 'utf8').split('\n');
  return { name, lines, code: lines.map(withoutComments) };
}

/** `Atomics.wait` and `waitAsync` are one place's business: a second file is a failure of its own. */
function waits(files) {
  const users = files.filter(inFolder('lib/')).filter((file) => linesMatching(file, /\bAtomics\.wait/).length);
  return users.length > 1 ? users.map(({ name }) => `${name}: Atomics.wait in more than one file`) : [];
}

function main() {
  const names = git('ls-files', '--cached', '--others', '--exclude-standard').trim().split('\n');
  const files = names.filter((name) => fs.existsSync(path.join(root, name)) && name !== 'scripts/walls.js').map(read);
  const broken = [...waits(files), ...missingTests()];
  for (const { title, applies, lines } of walls) {
    for (const file of files.filter(applies)) {
      if (allowed[title]?.[file.name]) continue;
      for (const line of lines(file)) broken.push(`${file.name}:${line}: ${title}`);
    }
  }
  for (const line of broken) console.error(line);
  if (broken.length) process.exit(1);
  console.log(`walls: ${walls.length + 2} walls stand, ${files.length} files`);
}

main();
