'use strict';
// `npm run coverage [-- text ...]`: what the Rust tests and the JavaScript tests (those whose path contains one of the texts) run of the Rust,
// and what the latter run of the package's bundle. Threads that are terminated, and processes that are killed, tell nothing.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { root, run } = require('./steps.js');
const { testFiles } = require('./suites.js');
const { copyPackage, library, quick } = require('./variant.js');

/** Reads what LLVM writes, without an LLVM. */
const READER = { name: 'llvm_profparser', version: '0.15.0' };

const folder = path.join(root, 'target', 'coverage');
const profiles = path.join(folder, 'profiles');
const copy = path.join(folder, 'package');
const texts = process.argv.slice(2);

const env = {
  ...process.env,
  ...quick,
  RUSTFLAGS: '-Cinstrument-coverage',
  LLVM_PROFILE_FILE: path.join(profiles, '%p-%8m.profraw'),
  NODE_V8_COVERAGE: path.join(profiles, 'v8'),
};

function capture(command, args, options) {
  const { stdout, stderr, status, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 30, ...options });
  if (error) throw new Error(`cannot run ${command}: ${error.message}`);
  return { stdout, stderr, ok: status === 0 };
}

/** The reader, installed if it is not. */
function reader() {
  const tools = path.join(root, 'target', 'tools', `${READER.name}-${READER.version}`);
  const file = path.join(tools, 'bin', process.platform === 'win32' ? 'cov.exe' : 'cov');
  if (!fs.existsSync(file)) run('cargo', ['install', READER.name, '--version', READER.version, '--locked', '--quiet', '--root', tools]);
  return file;
}

/** The Rust test programs that cargo has built. */
function testPrograms() {
  const args = ['test', '--release', '--no-default-features', '--target-dir', folder, '--no-run', '--message-format=json'];
  const messages = capture('cargo', args, { env }).stdout;
  const artifacts = messages.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return artifacts.map(({ executable, profile }) => (profile?.test ? executable : undefined)).filter((file) => file);
}

/** Adds what `object` tells of the sources: `files` has for each of them the numbers of its lines, and whether they were run. */
function readObject(cov, object, raw, files) {
  const { stdout, stderr, ok } = capture(cov, ['show', ...raw.flatMap((file) => ['--instr-profile', file]), '--object', object]);
  // A test program whose tests are for other settings.
  if (!ok && /missing section/.test(stderr)) return;
  if (!ok) throw new Error(stderr);
  const sources = path.join(root, 'src') + path.sep;
  let lines;
  for (const line of stdout.split('\n')) {
    if (path.isAbsolute(line)) {
      lines = undefined;
      if (!line.startsWith(sources)) continue;
      const name = path.relative(root, line);
      lines = files.get(name) ?? new Map();
      files.set(name, lines);
    }
    const [, number, count] = /^\s*(\d+)\|\s*([\d.]+)[kMG]?\|/.exec(line) ?? [];
    if (lines !== undefined && number !== undefined) lines.set(Number(number), lines.get(Number(number)) || Number.parseFloat(count) > 0);
  }
}

const share = (part, all) => `${((part / all) * 100).toFixed(1).padStart(6)} %`;

function rust(cov, addon) {
  const raw = fs.readdirSync(profiles).filter((file) => file.endsWith('.profraw')).map((file) => path.join(profiles, file));
  const files = new Map();
  for (const object of [addon, ...testPrograms()]) readObject(cov, object, raw, files);
  let [all, covered] = [0, 0];
  const unsafe = [];
  for (const [name, lines] of [...files].sort()) {
    const source = fs.readFileSync(path.join(root, name), 'utf8').split('\n');
    const missed = [...lines].filter(([, isRun]) => !isRun).map(([number]) => number);
    unsafe.push(...missed.filter((number) => /\bunsafe\b/.test(source[number - 1])).map((number) => `${name}:${number}`));
    all += lines.size;
    covered += lines.size - missed.length;
    console.log(`${share(lines.size - missed.length, lines.size)}  ${name} (${lines.size - missed.length} of ${lines.size} lines)`);
  }
  console.log(`${share(covered, all)}  of ${all} lines of Rust`);
  console.log(`unsafe code that was not run: ${unsafe.join(', ') || 'none'}`);
}

/** Of each character of the bundle: has any thread run it? V8's ranges are nested, the inner ones count. */
function javascript() {
  const file = path.join(copy, 'dist', 'package.js');
  const source = fs.readFileSync(file, 'utf8');
  const ran = new Uint8Array(source.length);
  const begins = [];
  for (const name of fs.readdirSync(env.NODE_V8_COVERAGE)) {
    let result;
    try {
      ({ result } = JSON.parse(fs.readFileSync(path.join(env.NODE_V8_COVERAGE, name), 'utf8')));
    } catch {
      continue; // a process that was killed while it wrote
    }
    for (const { url, functions } of result.filter(({ url }) => url.endsWith('/dist/package.js') || url.endsWith('\\package.js'))) {
      begins.push(url);
      const here = new Uint8Array(source.length);
      for (const { ranges } of functions) for (const { startOffset, endOffset, count } of ranges) here.fill(count > 0 ? 1 : 0, startOffset, endOffset);
      for (let i = 0; i < here.length; i++) ran[i] |= here[i];
    }
  }
  let [lines, covered, at, module] = [0, 0, 0, ''];
  const modules = new Map();
  for (const line of source.split('\n')) {
    module = /^\s*\/\/ (lib\/\S+)$/.exec(line)?.[1] ?? module;
    const code = line.trim();
    if (module !== '' && !/^(\/\/.*|[\])};,]*)$/.test(code)) {
      const counts = modules.get(module) ?? [0, 0];
      const isRun = ran.subarray(at, at + line.length).some((value, index) => value === 1 && line[index] > ' ');
      lines++;
      counts[0]++;
      covered += isRun;
      counts[1] += isRun;
      modules.set(module, counts);
    }
    at += line.length + 1;
  }
  for (const [name, [all, run]] of [...modules].sort()) console.log(`${share(run, all)}  ${name} (${run} of ${all} lines)`);
  console.log(`${share(covered, lines)}  of ${lines} lines of the package's bundle, in ${begins.length} threads`);
}

const cov = reader();
fs.rmSync(profiles, { recursive: true, force: true });
fs.mkdirSync(profiles, { recursive: true });
run('cargo', ['build', '--release', '--target-dir', folder], { env });
const addon = path.join(folder, 'release', library);
copyPackage(copy, addon);
run('cargo', ['test', '--release', '--no-default-features', '--target-dir', folder, '--quiet'], { env: { ...env, NODE_V8_COVERAGE: undefined } });
// The fuzzer finds that the two differ in an environment variable of LLVM's.
const files = testFiles().filter((file) => !/^__test__\/(programs|fuzz)\//.test(file));
const wanted = files.filter((file) => texts.length === 0 || texts.some((text) => file.includes(text)));
const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=dot', '--test-concurrency=2', '--test-timeout=300000', ...wanted], { cwd: copy, env, stdio: 'inherit' });
rust(cov, addon);
javascript();
process.exitCode = status ?? 1;
