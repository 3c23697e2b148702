'use strict';
// `docs/compatibility.md` names the test that proves each rule, as `file: title` in a cell of its own. A wall: each of them must
// exist. In the source a title may have parts in `${}`; those match anything.

const fs = require('node:fs');
const path = require('node:path');
const { filesUnder, root } = require('./steps.js');

const DOC = 'docs/compatibility.md';

const escaped = (text) => text.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&');

/** The titles in a test file, as expressions with a group for the first part that is filled in when the test is made. */
function titlesIn(source) {
  const literals = source.matchAll(/\b(?:test|scenario)\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g);
  return [...literals].map(([, single, double, template]) => {
    if (template === undefined) return new RegExp(`^${escaped((single ?? double).replace(/\\(.)/g, '$1'))}$`);
    return new RegExp(`^${template.split(/\$\{[^}]*(?:\}[^`$]*?(?=\}))?\}/).map(escaped).join('(.*)')}$`);
  });
}

const tables = filesUnder('__test__/support').map((name) => fs.readFileSync(path.join(root, name), 'utf8')).join('\n');
const worded = (text) => text.replaceAll('-', ' ');

/** Is there such a test? What fills a title in must stand in its file or in the tables. */
function hasTest(name, title) {
  const file = path.join(root, '__test__', name);
  if (!fs.existsSync(file)) return false;
  const source = fs.readFileSync(file, 'utf8');
  const words = worded(source + tables);
  return titlesIn(source).some((expression) => {
    const match = expression.exec(title);
    return match !== null && (match[1] === undefined || words.includes(worded(match[1])));
  });
}

/** Lines of the document that name a test which is not there. */
function missingTests() {
  const text = fs.readFileSync(path.join(root, DOC), 'utf8');
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(/`([\w-]+\/[\w.-]+\.test\.m?js): ([^`]+)`/g)].flatMap(([, name, title]) =>
      hasTest(name, title) ? [] : [`${DOC}:${index + 1}: no test "${title}" in ${name}`]));
}

module.exports = { missingTests };
