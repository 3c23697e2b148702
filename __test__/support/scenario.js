'use strict';
// Runs scenarios of fixtures/scenarios in every module format and on every face.

const assert = require('node:assert/strict');
const test = require('node:test');
const { run, fixture } = require('./program.js');

const FACES = ['on', 'onmessage', 'addEventListener'];
// `plain` leaves the loading of the module to the scenario.
const FORMATS = { CommonJS: 'program.js', ESM: 'program.mjs', plain: 'plain.js' };

/**
 * A test for each format and face: the program must end with `code` (or by `signal`), print `lines`, and leave stderr
 * to `stderr`: a pattern, or empty. `node` has flags for the program, `rest` its further arguments, `drive` sees lines.
 */
function scenario(file, name, expected, { faces = FACES, formats = ['CommonJS', 'ESM'], node, rest = [], drive, ms } = {}) {
  for (const format of formats) {
    for (const face of faces) {
      const title = [format, faces.length > 1 ? face : '', ...rest].filter((part) => part !== '').join(', ');
      test(`${name} (${title})`, async () => {
        const ended = await run([fixture(FORMATS[format]), file, name, face, ...rest], { node, onLine: drive, ms });
        judge(ended, expected);
      });
    }
  }
}

function judge({ code, signal, stdout, stderr, lines }, expected) {
  const seen = `stdout: ${stdout}\nstderr: ${stderr}`;
  assert.deepEqual({ code, signal }, { code: expected.signal ? null : (expected.code ?? 0), signal: expected.signal ?? null }, seen);
  if (Array.isArray(expected.lines)) assert.deepEqual(lines, expected.lines, seen);
  if (expected.stderr instanceof RegExp) assert.match(stderr, expected.stderr);
  else assert.equal(stderr, '');
  expected.check?.(lines);
}

module.exports = { scenario, FACES, FORMATS };
