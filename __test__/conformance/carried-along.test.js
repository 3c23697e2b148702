'use strict';
// A port that goes where nobody reads lanes takes along the ports in its unread messages: their other ends hear of the close.

const test = require('node:test');
const { createContext } = require('node:vm');
const { deadline, inbox, once } = require('../support/deadline.js');
const { spawn } = require('../support/threads.js');

const wt = require(process.env.THREADPORT_TEST_MODULE ?? 'threadport');

const closing = ({ workerData, parentPort }) => {
  process.once('workerMessage', ({ road }) => road.close());
  parentPort.once('message', () => workerData.road.close());
  parentPort.postMessage('ready');
};

/** Move `road`, or throw, and end it there. */
const ENDS = {
  moveMessagePortToContext: (road) => wt.moveMessagePortToContext(road, createContext()).close(),
  structuredClone: (road) => structuredClone({ road }, { transfer: [road] }).road.close(),
  'structuredClone beside a stream': (road) => {
    const stream = new ReadableStream();
    structuredClone({ road, stream }, { transfer: [stream, road] }).road.close();
  },
  'workerData behind a getter': (road, t) => {
    const workerData = { get road() { return road; } };
    spawn(t, wt, closing, { workerData, transferList: [road] }).postMessage('close');
  },
  'a port that was closed': (road, t) => {
    const { port1, port2 } = new wt.MessageChannel();
    t.after(() => port2.close());
    port1.close();
    port1.postMessage(road, [road]);
  },
};

if (wt.postMessageToThread !== undefined) {
  ENDS.postMessageToThread = async (road, t) => {
    const worker = spawn(t, wt, closing);
    await inbox(worker).next();
    await deadline(wt.postMessageToThread(worker.threadId, { road }, [road]), 'postMessageToThread');
  };
}

for (const [name, end] of Object.entries(ENDS)) {
  test(name, async (t) => {
    const { port1: kept, port2: carried } = new wt.MessageChannel();
    const { port1, port2: road } = new wt.MessageChannel();
    t.after(() => kept.close());
    t.after(() => port1.close());
    kept.on('message', () => {});
    const closed = once(kept, 'close');
    port1.postMessage(carried, [carried]);
    await end(road, t);
    await closed;
  });
}
