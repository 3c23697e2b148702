'use strict';
// V8 ends what runs without its `finally` blocks, and the thread goes on: at the timeout of node:vm, at Ctrl-C in the REPL.

const assert = require('node:assert/strict');
const vm = require('node:vm');

/** Calls `run`, which has no end, and ends it after `ms`. */
function cutShort(run, ms = 20) {
  globalThis.cutShort = run;
  try {
    assert.throws(() => vm.runInThisContext('cutShort()', { timeout: ms }), { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' });
  } finally {
    delete globalThis.cutShort;
  }
}

const forever = () => {
  for (;;);
};

module.exports = { cutShort, forever };
