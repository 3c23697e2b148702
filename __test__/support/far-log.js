'use strict';
// What comes to a port in another thread (far.js), noted there.

const { until } = require('./deadline.js');

const instance = (fields) => Object.assign(Object.create({ of: 'a class' }), fields);

/** Over there what comes is noted; a port that comes is read, too. */
function listen(far) {
  far.run(({ port, kept }) => {
    kept.log = [];
    kept.inner = [];
    port.on('message', ({ n, port: inner }) => {
      kept.log.push(n);
      inner?.on('message', (value) => kept.inner.push(value));
    });
  });
}

const logOf = (far) => far.run(({ kept }) => kept.log);

async function logAfter(near, far) {
  near.postMessage({ n: 'after' });
  near.postMessage(instance({ n: 'an instance' }));
  near.postMessage({ n: 'end' });
  await until(() => logOf(far).at(-1) === 'end', 'the last one');
  return logOf(far).filter((n) => n !== 'many');
}

module.exports = { instance, listen, logAfter, logOf };
