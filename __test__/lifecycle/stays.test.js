'use strict';
// Programs that must go on until they let go, then end with code 0.

const { scenario } = require('../support/scenario.js');

const stays = (name, lines, options) => scenario('stays.js', name, { lines }, options);
const ONE_FACE = { faces: ['on'] };

stays('listener', ['alive']);
stays('listener that already got messages', ['alive']);
stays('two listeners, one removed', ['alive']);
stays('ref without listener', ['alive'], ONE_FACE);
stays('unref, then ref', ['alive']);
stays('listener on the later of two received ports', ['alive'], ONE_FACE);
stays('idle worker that listens', ['alive', 'exit 0']);
stays('worker with a listener on a transferred port', ['alive', 'exit 0']);
stays('worker that was unreferenced and referenced', ['alive', 'exit 1'], ONE_FACE);
stays('listener on a port whose other end waits in a worker', ['alive']);
