'use strict';
// Reports what comes, by number, and sends as many back as it is told to; refused blocks of its own are tried as the program's are.

const { workerData } = require('threadport');
const { failAllocations, check, message, post } = require('./messages.js');

const { port, hold } = workerData;
const come = [];

port.on('message', (value) => {
  if (typeof value.number === 'number') {
    check(value);
    come.push(value.number);
    return;
  }
  if (value.back === undefined) return port.postMessage({ come: come.splice(0) });
  const { before, failures } = value;
  failAllocations(before, failures);
  const sent = [];
  for (let number = 0; number < value.back; number++) if (post(port, message(number))) sent.push(number);
  const left = failAllocations(0, 0);
  port.postMessage({ sent, left });
});

// It could read now, but what was posted before is still with the built-in port.
Atomics.store(hold, 0, Atomics.load(hold, 0) + 1);
Atomics.notify(hold, 0);
Atomics.wait(hold, 0, 2, 20_000);
