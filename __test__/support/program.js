'use strict';
// Small programs, forked and judged by how they end and what they print.

const { spawn } = require('node:child_process');
const path = require('node:path');
const { SLOWNESS } = require('./deadline.js');

const FIXTURES = path.join(__dirname, '..', 'fixtures');
const ROOT = path.join(__dirname, '..', '..');

/**
 * Runs `node ...args` and resolves with `{ code, signal, stdout, stderr, lines }`. A program that outlives the
 * deadline is killed and rejects with what it had printed. `onLine(line, child)` sees each line of stdout as it comes.
 */
function run(args, { env, ms = 30_000, onLine, node = [], cwd = ROOT } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...node, ...args], {
      cwd,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: process.env.THREADPORT_TEST_OPTIONS, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let seen = 0;
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      for (let end = stdout.indexOf('\n', seen); end !== -1; end = stdout.indexOf('\n', seen)) {
        const line = stdout.slice(seen, end);
        seen = end + 1;
        onLine?.(line, child);
      }
    });
    let expired = false;
    const timer = setTimeout(() => {
      expired = true;
      child.kill('SIGKILL');
    }, ms * SLOWNESS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (expired) {
        reject(new Error(`${args.join(' ')} still ran after ${ms * SLOWNESS} ms\nstdout: ${stdout}\nstderr: ${stderr}`));
        return;
      }
      resolve({ code, signal, stdout, stderr, lines: stdout.split('\n').filter((line) => line !== '') });
    });
  });
}

const fixture = (name) => path.join(FIXTURES, name);

module.exports = { run, fixture, FIXTURES, ROOT };
