'use strict';
// `npm run sanitize -- address|leak|thread|valgrind [text ...]`: the Rust tests, then the JavaScript tests whose path contains one of the texts, with
// an addon that a sanitizer watches. Any report is a failure; leaks are listed. Node itself is not instrumented: what it does with memory of the addon
// is seen where it frees it, not where it reads it. valgrind watches Node as well, and is some thirty times as slow.
//
// Linux x64 with a nightly toolchain (NIGHTLY names another than `nightly`). `address` needs gcc's libasan, `leak` and `thread` the
// runtimes of a clang as new as rustc's LLVM: SANITIZER_RUNTIME is the folder with libclang_rt.*.so. `thread` builds the standard library
// too, which needs its source: RUSTC may name a stable compiler that has it (with RUSTC_BOOTSTRAP=1, and the runtime of `nightly` in its sysroot
// as librustc-stable_rt.tsan.a).

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { root, run } = require('./steps.js');
const { playTests, testFiles } = require('./suites.js');
const { copyPackage, quick } = require('./variant.js');

const TARGET = 'x86_64-unknown-linux-gnu';
const SUITES = ['__test__/lifecycle', '__test__/conformance', '__test__/queue', '__test__/blocking', '__test__/threadport'];

/** A file of clang's runtime. */
const clang = (name) => path.join(process.env.SANITIZER_RUNTIME ?? '/usr/lib/llvm-22/lib/clang/22/lib/linux', name);

const gcc = (name) => spawnSync('gcc', [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();

const VALGRIND = ['valgrind', '-q', '--smc-check=all-non-file', '--fair-sched=yes', `--suppressions=${path.join(__dirname, 'valgrind.txt')}`];

/**
 * sanitizer -> its folder, rustc's flags, cargo's arguments, the library to preload, the variable with its options and these, what comes ahead of
 * cargo and Node, what runs the Rust tests, what comes ahead of Node, and how much slower all is
 */
const SANITIZERS = {
  address: {
    folder: 'address',
    flags: '-Zsanitizer=address',
    library: () => fs.realpathSync(gcc('libasan.so')),
    variable: 'ASAN_OPTIONS',
    options: 'detect_leaks=0:allocator_may_return_null=1',
  },
  leak: {
    folder: 'address',
    flags: '-Zsanitizer=address',
    library: () => clang('libclang_rt.asan-x86_64.so'),
    variable: 'ASAN_OPTIONS',
    options: 'detect_leaks=1:allocator_may_return_null=1:exitcode=0',
  },
  thread: {
    folder: 'thread',
    flags: '-Zsanitizer=thread',
    cargo: ['-Zbuild-std=std,panic_unwind'],
    library: () => clang('libclang_rt.tsan-x86_64.so'),
    variable: 'TSAN_OPTIONS',
    options: `ignore_noninstrumented_modules=1:allocator_may_return_null=1:exitcode=66:suppressions=${path.join(__dirname, 'tsan.txt')}`,
    // Its shadow memory wants addresses that are not random.
    prefix: ['setarch', '-R'],
  },
  valgrind: {
    folder: 'valgrind',
    runner: [...VALGRIND, '--error-exitcode=66'].join(' '),
    node: (reports) => [...VALGRIND, '--trace-children=yes', `--log-file=${path.join(reports, 'report.%p')}`],
    slowness: 30,
  },
};

const [name, ...texts] = process.argv.slice(2);
const sanitizer = SANITIZERS[name];
if (sanitizer === undefined) throw new Error(`which of ${Object.keys(SANITIZERS).join(', ')}?`);
const folder = path.join(root, 'target', 'sanitize', sanitizer.folder);
const reports = path.join(folder, 'reports');

function cargo(...args) {
  const env = {
    ...process.env,
    ...(sanitizer.flags && { RUSTFLAGS: sanitizer.flags, [sanitizer.variable]: sanitizer.options }),
    ...(sanitizer.runner && { CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER: sanitizer.runner }),
    ...quick,
    CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS: 'true',
  };
  const [command, ...before] = [...(sanitizer.prefix ?? []), 'cargo', `+${process.env.NIGHTLY ?? 'nightly'}`];
  const common = ['--release', '--target', TARGET, '--target-dir', folder, ...(sanitizer.cargo ?? [])];
  run(command, [...before, ...args, ...common], { env });
}

/** valgrind leaves an empty one behind for each process. */
const readReports = () => fs.readdirSync(reports).map((file) => fs.readFileSync(path.join(reports, file), 'utf8')).filter((text) => text !== '');

/**
 * Leaks by the function of the addon that has allocated. To be read, not a verdict: Node leaves memory behind on purpose when the process exits,
 * and napi-rs a reference in each environment (`napi_register_module_v1`).
 */
function printLeaks(addon) {
  const sites = new Map();
  for (const [, count, stack] of readReports().join('\n').matchAll(/^\w+ leak of \d+ byte\(s\) in (\d+) object.*((?:\n +#.*)+)/gm)) {
    const address = /threadport\.linux[^+]*\+(0x[0-9a-f]+)/.exec(stack)?.[1];
    if (address !== undefined) sites.set(address, (sites.get(address) ?? 0) + Number(count));
  }
  for (const [address, count] of sites) {
    const { stdout } = spawnSync('addr2line', ['-Cfspe', addon, address], { encoding: 'utf8' });
    console.log(`${count} allocated by ${stdout.trim()}`);
  }
}

/** Names the functions of a report. Under the sanitizer's own library it would not start. */
function symbolizer() {
  const file = path.join(folder, 'llvm-symbolizer');
  fs.writeFileSync(file, '#!/bin/sh\nexec env -u LD_PRELOAD -u LD_LIBRARY_PATH llvm-symbolizer "$@"\n', { mode: 0o755 });
  return file;
}

function javascript() {
  const cwd = path.join(folder, 'package');
  copyPackage(cwd, path.join(folder, TARGET, 'release', 'libthreadport.so'));
  fs.rmSync(reports, { recursive: true, force: true });
  fs.mkdirSync(reports, { recursive: true });
  const isWanted = (file) => (texts.length === 0 ? SUITES : texts).some((text) => file.includes(text));
  const files = testFiles().filter(isWanted);
  const env = {
    ...process.env,
    ...(sanitizer.library && {
      LD_PRELOAD: sanitizer.library(),
      [sanitizer.variable]: `${sanitizer.options}:log_path=${path.join(reports, 'report')}:external_symbolizer_path=${symbolizer()}`,
    }),
    ...(sanitizer.slowness && { THREADPORT_TEST_SLOWNESS: String(sanitizer.slowness) }),
  };
  const command = [...(sanitizer.prefix ?? []), ...(sanitizer.node?.(reports) ?? []), process.execPath];
  const { pass, fail, ok } = playTests(`sanitize ${name}`, files, { command, seconds: sanitizer.slowness ? 7200 : 600, cwd, env });
  if (name === 'leak') printLeaks(path.join(cwd, 'threadport.linux-x64-gnu.node'));
  const found = name === 'leak' ? [] : readReports();
  for (const text of found) console.log(text);
  console.log(`sanitize ${name}: ${files.length} files, ${pass} tests passed, ${fail} failed, ${found.length} reports`);
  if (!ok || found.length > 0) process.exit(1);
}

cargo('build');
if (texts.length === 0) cargo('test', '--no-default-features', '--tests');
javascript();
