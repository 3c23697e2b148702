'use strict';
// One side loads the module late or never: nothing is lost, order is kept, ports in the messages work.

const assert = require('node:assert/strict');
const { scenario } = require('../support/scenario.js');

const late = (name, lines, options) =>
  scenario('late.js', name, { lines, check: options?.check }, { faces: ['on'], formats: ['plain'], ...options });

/** Expects the lines in any order. */
const anyOrder = (...wanted) => ({
  check: (lines) => assert.deepEqual([...lines].sort(), [...wanted].sort()),
});

for (const k of [0, 1, 100, 259]) {
  for (const how of ['require', 'import']) {
    const faces = k === 100 ? ['on', 'onmessage', 'addEventListener'] : ['on'];
    late(`worker loads by ${how} after ${k} messages`, undefined, {
      faces,
      ...anyOrder('back in order true', 'report in order true', 'exit 0'),
    });
  }
}
late('worker never loads', ['back in order true', 'exit 0'], { faces: ['on', 'onmessage'] });
late('worker loads, but keeps using the stock parentPort', ['back in order true', 'exit 0'], { faces: ['on', 'onmessage'] });
late('stock Worker, worker loads at once', ['back in order true', 'exit 0'], { faces: ['on', 'onmessage'] });
late('stock Worker, main loads later, worker loads at once', ['back in order true', 'exit 0']);
late('ports in messages before and after the load are usable', undefined, anyOrder('all echoed true', 'exit 0'));
late('worker posts, loads, posts and ends', ['exit 0 in order true']);
late('a port that was used with the stock module before the load', undefined, anyOrder('in order true', 'exit 0'));
late('twenty workers load late, two at a time', ['all in order true'], { ms: 60_000 });
