'use strict';
// V8 ends what runs where a function begins, or a loop begins anew, and nowhere else. A copy of the package that counts
// these places, and programs that are ended at each of them in turn.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const ts = require('typescript');
const { copyOfPackage } = require('./copy.js');
const { farThread } = require('./far.js');

/** More than any of the programs has. */
const MOST = 1000;
const MOST_LOST = 5;
const COUNTER = '(globalThis.countEntry !== undefined && globalThis.countEntry())';

function isLoop(node) {
  return ts.isForStatement(node) || ts.isForInStatement(node) || ts.isForOfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node);
}

/** `text` with a call of the counter at each entry of a function or a loop. */
function counted(text) {
  const source = ts.createSourceFile('dist.js', text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const insertions = [];
  const enclose = (node, before, after) => insertions.push([node.getStart(), before], [node.end, after]);
  const visit = (node) => {
    const body = ts.isFunctionLike(node) ? node.body : isLoop(node) ? node.statement : undefined;
    if (body !== undefined) {
      if (!ts.isBlock(body)) {
        if (isLoop(node)) enclose(body, `{ ${COUNTER}; `, ' }');
        else enclose(body, `(${COUNTER}, `, ')');
      } else {
        const [first] = body.statements;
        const hasDirective = first !== undefined && ts.isExpressionStatement(first) && ts.isStringLiteral(first.expression);
        insertions.push([hasDirective ? first.end : body.getStart() + 1, ` ${COUNTER}; `]);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  // From the last one on, and what encloses is written after what it encloses.
  insertions.map((insertion, order) => [...insertion, order]).sort((a, b) => b[0] - a[0] || b[2] - a[2])
    .forEach(([at, more]) => (text = text.slice(0, at) + more + text.slice(at)));
  return text;
}

/** The folder of such a package. */
function countedPackage(t) {
  const folder = copyOfPackage(t);
  for (const name of ['index.js', 'package.js']) {
    const file = path.join(folder, 'dist', name);
    fs.writeFileSync(file, counted(fs.readFileSync(file, 'latin1')), 'latin1');
  }
  return folder;
}

/** V8 is late, or has lost the order to end. */
const LOST_MS = 2000;

/**
 * Calls `body`, and ends it at entry number `entry`. False: there are not so many. Undefined: V8 has not ended it. By a SIGINT, since a
 * time would be over elsewhere on a loaded machine, in code of Node's that does not stand it.
 */
function endAt(entry, body) {
  let left = entry;
  let isLost = false;
  globalThis.countEntry = () => {
    if (--left > 0) return;
    globalThis.countEntry = undefined;
    process.kill(process.pid, 'SIGINT');
    for (const end = Date.now() + LOST_MS; Date.now() < end; );
    isLost = true;
  };
  globalThis.body = () => {
    body();
    globalThis.countEntry = undefined;
  };
  try {
    vm.runInThisContext('body()', { breakOnSigint: true });
    return isLost ? undefined : false;
  } catch (error) {
    assert.equal(error.code, 'ERR_SCRIPT_EXECUTION_INTERRUPTED');
    return true;
  } finally {
    delete globalThis.countEntry;
    delete globalThis.body;
  }
}

/**
 * For each entry: a scene, mostly of a channel, whose end `near` is closed at last; `act`, which is ended there; and the check. `run`: calls its second
 * argument, which does that, and returns what that returns.
 */
async function forEachEntry(t, { open, act, check, run = (_, body) => body() }) {
  const folder = countedPackage(t);
  const wt = require(folder);
  const thread = farThread(t, wt, folder);
  let entry = 1;
  let lost = 0;
  for (; entry < MOST; entry++) {
    const scene = await open(thread, wt);
    const isCut = await run(scene, () => endAt(entry, () => act(scene)));
    try {
      await check(scene, isCut);
    } catch (error) {
      error.message = `ended at entry ${entry}: ${error.message}`;
      throw error;
    }
    scene.near?.close();
    if (isCut === false) break;
    if (isCut === undefined) assert.ok(lost++ < MOST_LOST, 'scripts are not ended any more');
  }
  assert.ok(entry > 10 && entry < MOST, `${entry} entries`);
}

/** In order, and with at most `lost` missing. */
function assertRest(got, count, lost) {
  assert.deepEqual(got, [...new Set(got)].sort((a, b) => a - b));
  assert.ok(got.length >= count - lost, `only ${got}`);
}

module.exports = { assertRest, forEachEntry };
