'use strict';

const vm = require('node:vm');

/** Calls `body` time and again on the way back from the end of the stack, at other distances from it each `round`, until it has returned `times` times. */
function nearTheEnd(round, body, times = 2) {
  let returned = 0;
  const dive = () => {
    try {
      dive();
    } catch {}
    if (returned === times) return;
    try {
      body();
      returned++;
    } catch {}
  };
  // Frames of another size.
  const names = Array.from({ length: round + 1 }, (_, index) => `v${index}`);
  // Not by Function: some hosts forbid it (`npm run test:hosts`).
  vm.runInThisContext(`(dive) => { let ${names.map((name) => `${name} = 0`).join()}; dive(); return ${names.join('+')}; }`)(dive);
}

module.exports = { nearTheEnd };
