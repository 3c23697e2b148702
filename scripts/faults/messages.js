'use strict';
// Messages of all kinds, by number.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { MessageChannel } = require('threadport');

/** Of the copy of the package that this file is in. */
const folder = path.join(__dirname, '..', '..');
const addon = fs.readdirSync(folder).find((name) => /^threadport\..*\.node$/.test(name));
const { failAllocations } = require(path.join(folder, addon));

const KINDS = [
  () => ({}),
  (number) => ({ list: new Array(40).fill(number) }),
  (number) => ({ text: `${number}`.repeat(3000) }),
  (number) => ({ text: `\u20ac${number}`.repeat(20_000) }),
  (number) => ({ bytes: new Uint8Array(50_000).fill(number) }),
  (number) => ({ shared: new Int32Array(new SharedArrayBuffer(8)).fill(number) }),
  (number) => ({ moved: new Uint8Array(10).fill(number) }),
  () => ({ port: new MessageChannel().port1 }),
  (number) => ({ list: new Array(9000).fill(number) }),
  () => ({ uncloneable() {} }),
  (number) => ({ map: new Map([[number, new Set([number])]]) }),
];

const message = (number) => ({ number, ...KINDS[number % KINDS.length](number) });

/** Is it what was sent? */
function check({ number, ...content }) {
  if (content.port !== undefined) return content.port.close();
  assert.deepEqual(content, KINDS[number % KINDS.length](number));
}

/** Was it sent? The errors that may be thrown are those that say so. */
function post(port, value) {
  const list = [value.port, value.moved?.buffer].filter((part) => part !== undefined);
  try {
    port.postMessage(value, list);
    return true;
  } catch (error) {
    if (error.name === 'DataCloneError' && value.uncloneable !== undefined) return false;
    assert.equal(error.code, 'ERR_THREADPORT_TOO_LARGE', error.stack);
    assert.ok(error instanceof RangeError);
    return false;
  } finally {
    if (value.port !== undefined) value.port.close();
  }
}

module.exports = { check, failAllocations, message, post };
