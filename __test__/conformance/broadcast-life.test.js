'use strict';
// BroadcastChannel and the event loop: small programs, judged by what they print and how they end.

const test = require('node:test');
const assert = require('node:assert/strict');
const { run } = require('../support/program.js');
const { specifier } = require('../support/threads.js');

/** What this process preloads, the program preloads. */
const preloads = process.execArgv.flatMap((argument, index, list) => (list[index - 1] === '--require' ? ['--require', argument] : []));

function program(name, body, expected) {
  test(name, async () => {
    const source = `'use strict'; const wt = require(${JSON.stringify(specifier)});
      const print = (...values) => require('node:fs').writeSync(1, values.join(' ') + '\\n');
      const pair = () => [new wt.BroadcastChannel('life'), new wt.BroadcastChannel('life')];
      (${body})({ wt, print, pair });`;
    const { code, signal, lines, stderr } = await run([...preloads, '-e', source]);
    assert.deepEqual({ code, signal, lines, stderr }, { code: 0, signal: null, lines: expected, stderr: '' });
  });
}

program('a channel keeps the process alive until it is closed', ({ print, pair }) => {
  const [a, b] = pair();
  a.unref();
  const timer = setTimeout(() => {
    print('alive');
    b.close();
  }, 20);
  timer.unref();
  process.on('exit', () => print('exit'));
}, ['alive', 'exit']);

program('unreferenced channels do not, and a message under way does not either', ({ print, pair }) => {
  const [a, b] = pair();
  a.unref();
  b.unref();
  b.onmessage = () => print('heard');
  a.postMessage(1);
  process.on('exit', () => print('exit'));
}, ['exit']);

program('a channel that is referenced in beforeExit goes on', ({ print, pair }) => {
  const [a, b] = pair();
  a.unref();
  b.unref();
  b.onmessage = ({ data }) => {
    print(data);
    b.close();
  };
  process.once('beforeExit', () => {
    print('beforeExit');
    b.ref();
    a.postMessage('heard');
  });
}, ['beforeExit', 'heard']);

program('messages posted before the close of their sender are heard', ({ print, pair }) => {
  const [a, b] = pair();
  b.onmessage = ({ data }) => {
    print(data);
    if (data === 2) b.close();
  };
  for (const n of [0, 1, 2]) a.postMessage(n);
  a.close();
}, ['0', '1', '2']);

program('an exception in a handler is an uncaughtException, and the next message comes', ({ print, pair }) => {
  const [a, b] = pair();
  process.on('uncaughtException', (error) => print('uncaught', error.message));
  b.onmessage = ({ data }) => {
    print(data);
    if (data === 3) {
      a.close();
      b.close();
    }
    throw new Error(`thrown ${data}`);
  };
  for (const n of [1, 2, 3]) a.postMessage(n === 2 ? Object(n) : n);
}, ['1', 'uncaught thrown 1', '2', 'uncaught thrown 2', '3', 'uncaught thrown 3']);

program('a worker lives with its channel, and ends when it is closed', ({ wt, print }) => {
  const a = new wt.BroadcastChannel('life');
  const worker = new wt.Worker(`
    const wt = require(${JSON.stringify(require.resolve('node:worker_threads'))});
    const b = new BroadcastChannel('life');
    b.onmessage = ({ data }) => {
      b.postMessage('got ' + data);
      if (data === 'end') b.close();
    };
    b.postMessage('ready');`, { eval: true });
  a.onmessage = ({ data }) => {
    print(data);
    if (data === 'ready') a.postMessage('go on');
    if (data === 'got go on') a.postMessage('end');
    if (data === 'got end') a.close();
  };
  // Its last message and its end come by two handles, in either order.
  worker.on('exit', (code) => process.on('exit', () => print('exit', code)));
}, ['ready', 'got go on', 'got end', 'exit 0']);

program('a worker with an open channel is terminated', ({ wt, print }) => {
  const a = new wt.BroadcastChannel('life');
  const worker = new wt.Worker(`
    const b = new BroadcastChannel('life');
    b.onmessage = () => {};
    b.postMessage('ready');`, { eval: true });
  a.onmessage = () => worker.terminate();
  worker.on('exit', (code) => {
    print('exit', code);
    a.postMessage('to nobody');
    a.close();
  });
}, ['exit 1']);

program('an endless repost does not starve timers', ({ print, pair }) => {
  const [a, b] = pair();
  let count = 0;
  a.onmessage = ({ data }) => a.postMessage(data);
  b.onmessage = ({ data }) => {
    count++;
    b.postMessage(data);
  };
  a.postMessage('ball');
  const timer = setInterval(() => {
    if (count <= 10) return;
    clearInterval(timer);
    print('timer');
    a.close();
    b.close();
  }, 5);
}, ['timer']);
