'use strict';
// A thread that was not given a port or queue cannot name, guess or forge it, not even with the raw addon.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run, fixture } = require('../support/program.js');

for (const first of ['attacker', 'package']) {
  test(`a thread calls the raw addon with all small numbers (the ${first} comes first): others exchange messages, and it sees none`, async () => {
    const { code, signal, lines, stderr } = await run([fixture('isolation.js'), first], { ms: 60_000 });
    assert.deepEqual({ code, signal, lines }, { code: 0, signal: null, lines: ['{"leaks":[],"attacked":true}'] }, stderr);
  });
}

test('a thread tells by the raw addon that it waits where there is no memory: who posts to it does not notice', async () => {
  const program = `
    const { Worker, MessageChannel } = require('threadport');
    const { port1, port2 } = new MessageChannel();
    new Worker(\`
      const addon = require(process.cwd() + '/__test__/support/addon.js');
      const { Binding } = addon;
      let given;
      addon.Binding = class extends Binding { constructor(...args) { super(...args); given = this; } };
      const { workerData: port } = require('threadport');
      port.on('message', () => {});
      for (let slot = 0; slot < 10; slot++) for (const code of [35, 36]) given.op(code, slot, 65_535);
      port.postMessage('ready');
      let count = 0;
      port.on('message', () => ++count === 100 && port.postMessage(count));
    \`, { eval: true, workerData: port2, transferList: [port2] });
    port1.on('message', (value) => {
      console.log(value);
      if (value === 'ready') for (let n = 0; n < 100; n++) port1.postMessage({ n });
      else port1.close();
    });`;
  const { code, signal, lines, stderr } = await run(['-e', program]);
  assert.deepEqual({ code, signal, lines, stderr }, { code: 0, signal: null, lines: ['ready', '100'], stderr: '' });
});
