'use strict';
// Channels whose other end lives in another thread, driven from here as if it were local: `far.run(f)` runs `f` over
// there while this thread waits. The orders travel by the built-in and by shared memory, not by what is under test.

const stock = require('node:worker_threads');
const { deadline, until, DEFAULT_MS } = require('./deadline.js');
const { modulePath } = require('./threads.js');

/** What runs in the thread over there. */
const program = `'use strict';
const { workerData: { module, control, done, tools } } = require('node:worker_threads');
const wt = require(module);
const { describe } = require(tools.describe);
const mixture = require(tools.mixture);
const ports = new Map();
const kept = {};

wt.parentPort.on('message', ({ id, port }) => ports.set(id, port));

function carryOut({ id, source, args }) {
  try {
    if (id !== undefined && !ports.has(id)) return { missing: true };
    const action = require('node:vm').runInThisContext('(' + source + ')');
    return { result: action({ port: ports.get(id), ports, wt, describe, mixture, get posts() { return require(tools.posts); }, kept, require }, ...args) };
  } catch (error) {
    return { error };
  }
}

control.on('message', (order) => {
  const answer = carryOut(order);
  try {
    control.postMessage(answer);
  } catch (error) {
    control.postMessage({ error });
  }
  Atomics.store(done, 0, order.ticket);
  Atomics.notify(done, 0);
});
`;

/** A thread for far ends of `wt`. `await farm.channel()` gives `{ near, far }`, attached and used in both directions. */
function farThread(t, wt, module = wt === stock ? 'node:worker_threads' : modulePath) {
  const { port1: control, port2 } = new stock.MessageChannel();
  const done = new Int32Array(new SharedArrayBuffer(4));
  const tools = { describe: require.resolve('./describe.js'), mixture: require.resolve('./mixture.js'), posts: require.resolve('./posts.js') };
  const worker = new wt.Worker(program, {
    eval: true,
    workerData: { module, control: port2, done, tools },
    transferList: [port2],
  });
  let ticket = 0;
  let ids = 0;
  const ends = [];
  t.after(async () => {
    for (const port of ends) port.close();
    control.close();
    await deadline(worker.terminate(), 'terminate() of the far thread');
  });

  const order = (id, action, args) => {
    const last = Atomics.load(done, 0);
    control.postMessage({ ticket: ++ticket, id, source: String(action), args });
    // A notification may come late, for the answer before.
    while (Atomics.load(done, 0) === last) {
      if (Atomics.wait(done, 0, last, DEFAULT_MS) === 'timed-out') throw new Error('the far thread does not answer');
    }
    return stock.receiveMessageOnPort(control).message;
  };
  const run = (id, action, args) => {
    const { error, result, missing } = order(id, action, args);
    if (missing) throw new Error(`the far thread has no port ${id}`);
    if (error) throw error;
    return result;
  };

  /** Sends `port` over there, by the name `id`; resolves with its handle when it has arrived. */
  const adopt = async (port, id = ids++) => {
    worker.postMessage({ id, port }, [port]);
    await until(() => order(undefined, ({ ports }, wanted) => ports.has(wanted), [id]).result, 'the port to arrive');
    return {
      run: (action, ...args) => run(id, action, args),
      post: (...values) => run(id, ({ port }, all) => all.forEach((value) => port.postMessage(value)), [values]),
      receive: () => run(id, ({ port, wt }) => wt.receiveMessageOnPort(port), []),
      /** Everything that has arrived over there, described. */
      drain: () => run(id, ({ port, wt, describe }) => {
        const all = [];
        for (let next; (next = wt.receiveMessageOnPort(port)) !== undefined; ) all.push(describe(next.message));
        return all;
      }, []),
    };
  };

  const channel = async () => {
    const { port1: near, port2 } = new wt.MessageChannel();
    ends.push(near);
    near.postMessage('hello');
    const far = await adopt(port2);
    await until(() => far.receive() !== undefined, 'the first message over there');
    far.post('hello');
    await until(() => wt.receiveMessageOnPort(near) !== undefined, 'the first message back');
    return { near, far };
  };
  return { worker, channel, adopt, run: (action, ...args) => run(undefined, action, args) };
}

/** `port` in the hands of this thread again, as an object that nobody has read. */
function moveHere(wt, port) {
  const { port1, port2 } = new wt.MessageChannel();
  port1.postMessage(port, [port]);
  const { message } = wt.receiveMessageOnPort(port2);
  port1.close();
  return message;
}

/** Moves `near` within this thread, in its own handler of the first message for which `isNow` is true. Resolves with the moved port. */
async function moveInHandler(t, wt, near, isNow) {
  const road = new wt.MessageChannel();
  const moved = await deadline(new Promise((resolve) => {
    near.on('message', (value) => {
      if (!isNow(value)) return;
      road.port1.postMessage(near, [near]);
      resolve(wt.receiveMessageOnPort(road.port2).message);
    });
  }), 'the move');
  t.after(() => {
    moved.close();
    road.port1.close();
  });
  return moved;
}

module.exports = { farThread, moveHere, moveInHandler };
