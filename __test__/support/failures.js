'use strict';
// Calls of postMessage that must fail, each with a transfer list of good things beside the bad one.

/** name -> (port, { buffer, inner, port2, extra }) => the call that fails */
const FAILURES = {
  'a function in the message': (port, { buffer, inner }) => port.postMessage({ f() {}, buffer }, [buffer, inner.port1]),
  'a symbol in the message': (port, { buffer, inner }) => port.postMessage([Symbol('s'), buffer], [buffer, inner.port1]),
  'a getter that throws': (port, { buffer, inner }) =>
    port.postMessage({ buffer, get trap() { throw new RangeError('from the getter'); } }, [buffer, inner.port1]),
  'the source port in its own list': (port, { buffer, inner }) => port.postMessage(1, [buffer, inner.port1, port]),
  'the source port in message and list': (port, { buffer, inner }) => port.postMessage(port, [buffer, inner.port1, port]),
  'a duplicate port': (port, { buffer, inner }) => port.postMessage(1, [buffer, inner.port1, inner.port1]),
  'a duplicate buffer': (port, { buffer, inner }) => port.postMessage(1, [buffer, inner.port1, buffer]),
  'a closed port in the list': (port, { buffer, inner, closed }) => port.postMessage(1, [buffer, inner.port1, closed]),
  'a port that was transferred before': (port, { buffer, inner, gone }) => port.postMessage(1, [buffer, inner.port1, gone]),
  'a port that is not in the list': (port, { buffer, extra }) => port.postMessage({ deep: [extra], buffer }, [buffer]),
  'a bare port without a list': (port, { extra }) => port.postMessage(extra),
  'a port in a Map without a list': (port, { extra }) => port.postMessage(new Map([[extra, 1]]), []),
  'the port itself without a list': (port) => port.postMessage({ port }),
  'a number in the list': (port, { buffer, inner }) => port.postMessage(1, [buffer, inner.port1, 1]),
  'null in the list': (port, { buffer, inner }) => port.postMessage(1, [buffer, inner.port1, null]),
  'undefined in the list': (port, { buffer, inner }) => port.postMessage(1, [buffer, inner.port1, undefined]),
  'a plain object in the list': (port, { buffer, inner }) => port.postMessage(1, [buffer, inner.port1, {}]),
  'a typed array in the list': (port, { buffer, inner }) => port.postMessage(1, [buffer, inner.port1, new Uint8Array(1)]),
  'a SharedArrayBuffer in the list': (port, { buffer, inner }) =>
    port.postMessage(1, [buffer, inner.port1, new SharedArrayBuffer(1)]),
  'a Map as the list': (port, { buffer, inner }) => port.postMessage(1, new Map([[buffer, inner.port1]])),
  'an iterator that throws after good values': (port, { buffer, inner }) =>
    port.postMessage(1, (function* list() { yield buffer; yield inner.port1; throw new RangeError('from the list'); })()),
  'a transfer getter that throws': (port) =>
    port.postMessage(1, { get transfer() { throw new RangeError('from transfer'); } }),
  'a list iterator that throws at once': (port) =>
    port.postMessage(1, { [Symbol.iterator]() { throw new RangeError('from Symbol.iterator'); } }),
};

module.exports = { FAILURES };
