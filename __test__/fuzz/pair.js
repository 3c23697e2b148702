'use strict';
// Plays programs on the built-in and on the module side by side, compares what was seen, and shrinks a program that differs.

const { fork } = require('node:child_process');
const path = require('node:path');
const { modulePath } = require('../support/threads.js');

const MAX_MS = 20_000;
const CRASH = 'the process ended';
/** How often the built-in is asked again where the two differ: of a race with two outcomes it may show the same one several times. */
const AGAIN = 30;

/** A process that plays; a new one takes its place after a crash. */
class Player {
  #child;

  constructor(module) {
    this.module = module;
  }

  async #started() {
    if (this.#child !== undefined) return this.#child;
    const child = fork(path.join(__dirname, 'player.js'), [this.module], {
      serialization: 'advanced',
      execArgv: ['--no-warnings'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: undefined },
    });
    this.#child = child;
    await answer(child);
    return child;
  }

  /** `{ log }`, or how it failed. */
  async play(program) {
    const child = await this.#started();
    child.send({ program });
    const result = await answer(child);
    if (!('log' in result)) this.stop();
    return result;
  }

  stop() {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

function answer(child) {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, MAX_MS, { failed: `no answer in ${MAX_MS} ms` });
    function finish(result) {
      clearTimeout(timer);
      child.off('message', finish);
      child.off('exit', onExit);
      resolve(result);
    }
    const onExit = (code, signal) => finish({ failed: `${CRASH}: ${signal ?? code}` });
    child.on('message', finish);
    child.on('exit', onExit);
  });
}

/** The first differences of two results, as lines; undefined if there are none. */
function difference(stock, ours) {
  if (stock.failed || ours.failed) return [`built-in: ${stock.failed ?? 'ended'}`, `ours: ${ours.failed ?? 'ended'}`];
  const [a, b] = [new Map(stock.log), new Map(ours.log)];
  const lines = [];
  for (const label of new Set([...a.keys(), ...b.keys()])) {
    const [left, right] = [a.get(label) ?? [], b.get(label) ?? []];
    const at = left.findIndex((text, index) => text !== right[index]);
    const first = at === -1 ? left.length : at;
    if (left.length === right.length && at === -1) continue;
    lines.push(`${label}, entry ${first}`, `  built-in: ${left[first]}`, `  ours:     ${right[first]}`);
  }
  return lines.length > 0 ? lines : undefined;
}

class Pair {
  constructor(module = modulePath) {
    this.stock = new Player('node:worker_threads');
    this.ours = new Player(module);
    /** Programs that were left out: the built-in ends the process, or differs from itself as well. */
    this.discarded = 0;
  }

  async compare(program) {
    const [stock, ours] = await Promise.all([this.stock.play(program), this.ours.play(program)]);
    const lines = difference(stock, ours);
    const isComparable = lines === undefined || !(stock.failed?.startsWith(CRASH) || (await this.#isRace(program, stock)));
    if (isComparable) return lines;
    this.discarded++;
    return undefined;
  }

  /** Both play again, beside each other as the first time: what the built-in does may depend on how busy the machine is. */
  async #isRace(program, first) {
    for (let run = 0; run < AGAIN; run++) {
      const [again] = await Promise.all([this.stock.play(program), this.ours.play(program)]);
      if (again.failed || difference(first, again)) return true;
    }
    return false;
  }

  /** In new processes, and a second time in them: what was learned in the first may matter. */
  async compareAfresh(program) {
    this.stop();
    return (await this.compare(program)) ?? this.compare(program);
  }

  stop() {
    this.stock.stop();
    this.ours.stop();
  }
}

/** Takes operations out as long as a difference remains: halves first, then ever smaller pieces. */
async function shrink(pair, program) {
  let { ops } = program;
  for (let size = ops.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < ops.length; ) {
      const fewer = [...ops.slice(0, at), ...ops.slice(at + size)];
      if (await pair.compareAfresh({ ...program, ops: fewer })) ops = fewer;
      else at += size;
    }
  }
  return { ...program, ops };
}

module.exports = { Pair, shrink };
