'use strict';
// `npm run coverage [-- text ...]`: what the Rust tests and the JavaScript tests (those whose path contains one of the texts) run of the Rust,
// and what the latter run of the package's bundle. Needs an LLVM as new as rustc's: LLVM_BIN is the folder with llvm-profdata and llvm-cov.
// Threads that are terminated, and processes that are killed, tell nothing.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { root, run } = require('./steps.js');
const { testFiles } = require('./suites.js');
const { copyPackage, library, quick } = require('./variant.js');

const folder = path.join(root, 'target', 'coverage');
const profiles = path.join(folder, 'profiles');
const copy = path.join(folder, 'package');
const texts = process.argv.slice(2);

const llvm = (tool) => path.join(process.env.LLVM_BIN ?? '', tool);
const env = {
  ...process.env,
  ...quick,
  RUSTFLAGS: '-Cinstrument-coverage',
  LLVM_PROFILE_FILE: path.join(profiles, '%p-%8m.profraw'),
  NODE_V8_COVERAGE: path.join(profiles, 'v8'),
};

function capture(command, args, options) {
  const { stdout, error } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 30, ...options });
  if (error) throw new Error(`cannot run ${command}: ${error.message}`);
  return stdout;
}

/** The Rust test programs that cargo has built. */
function testPrograms() {
  const messages = capture('cargo', ['test', '--release', '--no-default-features', '--target-dir', folder, '--no-run', '--message-format=json'], { env });
  const artifacts = messages.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  return artifacts.map(({ executable, profile }) => (profile?.test ? executable : undefined)).filter((file) => file);
}

function rust(addon) {
  const data = path.join(folder, 'all.profdata');
  const raw = fs.readdirSync(profiles).filter((file) => file.endsWith('.profraw')).map((file) => path.join(profiles, file));
  run(llvm('llvm-profdata'), ['merge', '--sparse', '--failure-mode=all', '-o', data, ...raw]);
  const objects = [addon, ...testPrograms()].flatMap((file) => ['-object', file]);
  const common = [`-instr-profile=${data}`, ...objects.slice(1), '-sources', path.join(root, 'src')];
  console.log(capture(llvm('llvm-cov'), ['report', '-show-region-summary=0', '-show-branch-summary=0', ...common]));
  fs.writeFileSync(path.join(folder, 'rust.txt'), capture(llvm('llvm-cov'), ['show', ...common]));
  console.log(`line by line: ${path.relative(root, path.join(folder, 'rust.txt'))}`);
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
  for (const [name, [all, run]] of [...modules].sort()) console.log(`${((run / all) * 100).toFixed(1).padStart(6)} %  ${name} (${run} of ${all} lines)`);
  console.log(`${((covered / lines) * 100).toFixed(1).padStart(6)} %  of the package's ${lines} lines, in ${begins.length} threads`);
}

fs.rmSync(profiles, { recursive: true, force: true });
fs.mkdirSync(profiles, { recursive: true });
run('cargo', ['build', '--release', '--target-dir', folder], { env });
const addon = path.join(folder, 'release', library);
copyPackage(copy, addon);
run('cargo', ['test', '--release', '--no-default-features', '--target-dir', folder, '--quiet'], { env: { ...env, NODE_V8_COVERAGE: undefined } });
const files = testFiles().filter((file) => !file.startsWith('__test__/programs'));
const wanted = files.filter((file) => texts.length === 0 || texts.some((text) => file.includes(text)));
spawnSync(process.execPath, ['--test', '--test-reporter=dot', '--test-concurrency=2', '--test-timeout=300000', ...wanted], { cwd: copy, env, stdio: 'inherit' });
rust(addon);
javascript();
