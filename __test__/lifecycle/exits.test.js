'use strict';
// Programs that must end by themselves, with code 0, what they print, and nothing on stderr.

const { scenario } = require('../support/scenario.js');

const ends = (name, lines, options) => scenario('exits.js', name, { lines }, options);
const ONE_FACE = { faces: ['on'] };

ends('idle channel', ['done'], ONE_FACE);
ends('thousand idle channels', ['done'], ONE_FACE);
ends('started without listener', ['done'], ONE_FACE);
ends('listener removed', ['got 1']);
ends('listener removed, then added to another port and removed', ['got 0', 'got 1', 'got 2']);
ends('once', ['got 1'], ONE_FACE);
ends('unref', ['exit 0']);
ends('unref in the handler', ['got 1', 'got 2']);
ends('closed', ['got 1', 'closed']);
ends('closed by the other end', ['got 1', 'closed']);
ends('worker without listener', ['got 1', 'exit 0'], ONE_FACE);
ends('worker removes its listener', ['got {"echo":1}', 'got {"echo":2}', 'exit 0']);
ends('worker closes parentPort', ['got {"echo":"close"}', 'exit 0']);
ends('worker unrefs parentPort', ['got unreferenced', 'exit 0']);
ends('unref of a worker that listens for ever', ['got listening']);
ends('port to a worker that ends', ['got {"echo":"ping"}', 'closed']);
ends('listened port that was transferred away', ['got for the worker', 'exit 0']);
ends('port dropped without close', ['done'], { ...ONE_FACE, node: ['--expose-gc'] });
ends('post in the exit handler of main', ['read 0 exit 0'], ONE_FACE);
