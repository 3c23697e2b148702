'use strict';
// Ports in messages that nobody reads: they close with the port that the message was sent to, so their other ends get a 'close'.

const test = require('node:test');
const { once, settle } = require('../support/deadline.js');
const { stopped } = require('../support/stopped.js');
const { channel } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

/** A port with an unread message that brings a port, and the other end of that one. */
async function withUnread(t) {
  const { port1: kept, port2: inner } = new wt.MessageChannel();
  t.after(() => kept.close());
  const start = await stopped(t, wt, ({ port, ports }) => {
    port.postMessage('first');
    const carried = ports.get('inner');
    port.postMessage({ carried }, [carried]);
    port.postMessage('third');
  }, { inner });
  return { ...start, kept, closed: once(kept, 'close') };
}

test('a stopped port is closed here', async (t) => {
  const { port, closed } = await withUnread(t);
  port.close();
  await closed;
});

test('the other end of a stopped port is closed, then the port', async (t) => {
  const { port, far, closed } = await withUnread(t);
  far.run(({ port }) => port.close());
  await new Promise((resolve) => setTimeout(resolve, 50));
  port.close();
  await closed;
});

test('a stopped port is moved, and closed where it went', async (t) => {
  const { port, closed } = await withUnread(t);
  const { port1, port2 } = channel(t, wt);
  port1.postMessage({ port }, [port]);
  wt.receiveMessageOnPort(port2).message.port.close();
  await closed;
});

test('a stopped port is in a message that nobody reads', async (t) => {
  const { port, closed } = await withUnread(t);
  const { port1, port2 } = channel(t, wt);
  port1.postMessage({ port }, [port]);
  port2.close();
  await closed;
});

const READ = {
  'a listener': async (port) => (await once(port, 'message'))[0],
  receiveMessageOnPort: (port) => wt.receiveMessageOnPort(port).message,
};
for (const [name, read] of Object.entries(READ)) test(`a port whose other end closed while it was unread: 'close' comes to who gets it by ${name}`, async (t) => {
  const { port, kept } = await withUnread(t);
  t.after(() => port.close());
  kept.close();
  await settle();
  const { carried } = await read(port);
  await once(carried, 'close');
});
