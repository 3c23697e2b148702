'use strict';
// Workers and processes that end while messages are under way: the code, the order, and no crash.

const { scenario } = require('../support/scenario.js');

const traffic = (name, expected, options) => scenario('traffic.js', name, expected, options);
const done = { lines: ['done'] };

traffic('terminate a worker that is asked and answers, thirty times', done, { ms: 60_000, faces: ['on', 'onmessage'] });
traffic('terminate a worker that floods, thirty times', done, { ms: 60_000, faces: ['on'] });
traffic('terminate a worker that exchanges large buffers, thirty times', done, { ms: 60_000, faces: ['on'] });
traffic('terminate a worker that is flooded', done, { ms: 60_000, faces: ['on', 'addEventListener'] });
traffic('terminate a worker while ports are in flight to it', done, { ms: 60_000, faces: ['on'] });
traffic('workers that talk to each other, one is terminated', done, { ms: 60_000, faces: ['on', 'onmessage'] });
traffic('process.exit in main', { code: 7, lines: [] });
traffic('process.exit in a worker', { lines: ['exit 9 complete true'] });
traffic('process.exit in an exit handler of a worker', { lines: ['got in the handler', 'exit 4'] }, { faces: ['on'] });
traffic('twenty workers, start and stop', { lines: ['done true'] }, { ms: 60_000, faces: ['on'] });

for (const name of ['SIGTERM', 'SIGINT']) {
  const drive = (line, child) => line === 'traffic' && child.kill(name);
  traffic('signal', { signal: name, lines: ['traffic'] }, { faces: ['on'], rest: ['unhandled', name], drive });
  traffic('signal', { lines: ['traffic', `handled ${name}`] }, { faces: ['on'], rest: ['handled', name], drive });
}
