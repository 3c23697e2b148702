'use strict';
// Who waits for 'drain' holds the event loop: as long as it is owed, and no longer.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('../support/program.js');

/** Runs with two ports of one thread, of which `near` is full. */
const program = (body) => `
  const { MessageChannel } = require('threadport');
  const { port1: near, port2: other } = new MessageChannel();
  const drained = () => console.log('drain');
  near.highWaterMark = 100;
  near.maxBufferedBytes = 200;
  near.on('close', () => {
    console.log('close', near.bufferedAmount, near.postMessage(1));
    near.on('drain', () => {});
  });
  near.on('drain', drained);
  near.postMessage('x'.repeat(500));
  ${body}`;

const LISTEN = "near.on('drain', drained);";

const ENDS = {
  'the other end closes': 'other.close();',
  'it closes': 'near.close();',
  'the other end closes in a handler, with as much unread': "near.maxBufferedBytes = Infinity; near.postMessage('y'.repeat(500)); other.once('message', () => other.close());",
  'the other end is moved by what does not ask us, and closed': 'structuredClone(other, { transfer: [other] }).close();',
  'the other end is lost': 'const road = new MessageChannel(); road.port1.postMessage(other, [other]); road.port2.close();',
};

for (const [name, end] of Object.entries(ENDS)) {
  test(`'drain' is waited for, and ${name}: 'close', nothing is buffered any more, and the program ends`, async () => {
    const { code, signal, lines, stderr } = await run(['-e', program(end)]);
    assert.deepEqual({ code, signal, lines }, { code: 0, signal: null, lines: ['close 0 undefined'] }, stderr);
  });
}

test("'drain' is waited for, and the other end goes to a worker that reads: it comes", async () => {
  const { code, lines, stderr } = await run(['-e', program(`
    const { Worker } = require('threadport');
    const text = "const { workerData: port } = require('threadport'); port.on('message', ({ length }) => port.postMessage(length));";
    new Worker(text, { eval: true, workerData: other, transferList: [other] }).unref();
    console.log(near.bufferedAmount > 500);
    let left = 2;
    const end = () => --left === 0 && near.close();
    near.once('drain', end);
    near.once('message', (length) => {
      console.log(length);
      end();
    });`)]);
  assert.deepEqual({ code, lines: lines.sort() }, { code: 0, lines: ['500', 'close 0 undefined', 'drain', 'true'] }, stderr);
});

test("'drain' is waited for, and a transfer of the port fails: it is waited for all the same", async () => {
  const { code, lines, stderr } = await run(['-e', program(`
    const road = new MessageChannel();
    try {
      road.port1.postMessage([near, () => {}], [near]);
    } catch ({ name }) {
      console.log(name);
    }
    setTimeout(() => {
      other.on('message', () => {});
      other.unref();
    }, 50).unref();`)]);
  assert.deepEqual({ code, lines }, { code: 0, lines: ['DataCloneError', 'drain'] }, stderr);
});

test("the last listener for 'drain' is removed: the program ends", async () => {
  const { code, lines, stderr } = await run(['-e', program("near.off('drain', drained);")]);
  assert.deepEqual({ code, lines }, { code: 0, lines: [] }, stderr);
});

/** A worker that blocks for a while before it reads what `near` has sent. */
const over = {
  'a port': `
    const { port1: near, port2 } = new MessageChannel();
    const worker = new Worker(text, { eval: true, workerData: port2, transferList: [port2] });`,
  'a Worker': `
    const near = new Worker(text, { eval: true });
    const worker = near;`,
};

for (const [which, make] of Object.entries(over)) {
  for (const [when, first, then] of [['before', LISTEN, ''], ['after', '', LISTEN]]) {
    test(`${which}: a listener for 'drain' that is added ${when} the mark was reached is waited for`, async () => {
      const { code, lines, stderr } = await run(['-e', `
        const { MessageChannel, Worker } = require('threadport');
        const text = \`
          const { parentPort, workerData } = require('threadport');
          const port = workerData ?? parentPort;
          port.once('message', () => {
            parentPort.postMessage('blocks');
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
            port.on('message', () => {});
          });\`;
        ${make}
        const drained = () => console.log('drain');
        near.highWaterMark = 100;
        near.postMessage('block');
        worker.once('message', () => {
          worker.unref();
          ${first}
          near.postMessage('x'.repeat(500));
          ${then}
        });`]);
      assert.deepEqual({ code, lines }, { code: 0, lines: ['drain'] }, stderr);
    });
  }
}
