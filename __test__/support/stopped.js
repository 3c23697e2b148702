'use strict';

const assert = require('node:assert/strict');
const stock = require('node:worker_threads');
const { farThread } = require('./far.js');
const { once } = require('./deadline.js');
const { channel } = require('./threads.js');

/**
 * A port that has got one message of those that `post` sends from another thread, and then is stopped. They come while Node gives out
 * messages of this thread, in the order in which ports were made: so it looks at this port before anybody can look into its lane. The ports
 * `more` are over there by their names; `post` gets `args`.
 */
async function stopped(t, wt, post, more = {}, ...args) {
  const ahead = channel(t, stock);
  const { port1, port2 } = channel(t, wt);
  const farm = farThread(t, wt);
  const far = await farm.adopt(port2);
  for (const [name, port] of Object.entries(more)) await farm.adopt(port, name);
  const got = once(port1, 'message');
  ahead.port2.on('message', () => {
    ahead.port2.close();
    far.run(post, ...args);
  });
  ahead.port1.postMessage(0);
  const [message] = await got;
  assert.equal(message, 'first');
  return { port: port1, far };
}

module.exports = { stopped };
