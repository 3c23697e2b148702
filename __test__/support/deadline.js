'use strict';
// Waiting without sleeping: every wait names what it waits for and fails when its time is over.

/** How much slower than usual all is, as under valgrind. */
const SLOWNESS = Number(process.env.THREADPORT_TEST_SLOWNESS ?? 1);
const DEFAULT_MS = 10_000 * SLOWNESS;

/** Settles as `promise` does, or rejects after `ms` with the name of what was awaited. */
function deadline(promise, what, ms = DEFAULT_MS) {
  let timer;
  const expired = new Promise((_, reject) => {
    const error = new Error(`deadline of ${ms} ms passed, waiting for: ${what}`);
    timer = setTimeout(reject, ms, error);
  });
  return Promise.race([promise, expired]).finally(() => clearTimeout(timer));
}

/** Resolves with the arguments of the next `name` event; an 'error' event of a worker rejects. */
function once(emitter, name, ms) {
  const happened = new Promise((resolve, reject) => {
    emitter.once(name, (...args) => resolve(args));
    if (name !== 'error') emitter.once('error', reject);
  });
  return deadline(happened, `'${name}' event`, ms);
}

/** Listens at once and for good; what came early waits for `next` or `take`. */
function inbox(emitter, event = 'message') {
  const queue = [];
  const waiting = [];
  const push = (value) => (waiting.length > 0 ? waiting.shift()(value) : queue.push(value));
  emitter.on(event, push);
  const next = (what = `'${event}'`, ms) => {
    if (queue.length > 0) return Promise.resolve(queue.shift());
    return deadline(new Promise((resolve) => waiting.push(resolve)), what, ms);
  };
  const take = async (count, ms) => {
    const taken = [];
    while (taken.length < count) taken.push(await next(`'${event}' ${taken.length + 1} of ${count}`, ms));
    return taken;
  };
  return { next, take, queue, stop: () => emitter.off(event, push) };
}

/** Resolves when `predicate` holds, asked once a turn of the loop. */
function until(predicate, what, ms = DEFAULT_MS) {
  const end = Date.now() + ms;
  return new Promise((resolve, reject) => {
    const ask = () => {
      if (predicate()) return resolve();
      if (Date.now() > end) return reject(new Error(`deadline of ${ms} ms passed, waiting for: ${what}`));
      return setImmediate(ask);
    };
    ask();
  });
}

/**
 * Lets the loop of this thread turn until whatever was already queued in it has been delivered: only to show that
 * something does *not* happen. A message of an unrelated stock channel goes round behind it as a fence.
 */
async function settle(turns = 4) {
  const { port1, port2 } = new globalThis.MessageChannel();
  const back = new Promise((resolve) => {
    port2.onmessage = resolve;
  });
  port1.postMessage('fence');
  await deadline(back, 'the fence');
  port1.close();
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

module.exports = { deadline, once, inbox, until, settle, DEFAULT_MS, SLOWNESS };
