// Compiled, never run: what a program that is typed against node:worker_threads may do with ours.

import type * as ours from 'threadport';
import * as stock from 'node:worker_threads';
import { isMainThread, MessageChannel, MessagePort, native, parentPort, receiveMessageOnPort, version, Worker } from 'threadport';
import { register, unregister } from 'threadport/register';

const { port1, port2 } = new MessageChannel();
const asStock: stock.MessagePort = port1;
const answer: { message: any } | undefined = receiveMessageOnPort(port2);
const heard: { message: any } | undefined = receiveMessageOnPort(new stock.BroadcastChannel('a name'));
const isNative: boolean = native;
const text: string = version;

port1.on('message', (value) => value).once('close', () => {});
port1.on('drain', () => {});
port1.postMessage({ port2 }, [port2, new ArrayBuffer(8)]);
const wasAccepted: boolean | undefined = port1.postMessage(0, new Set([port2]));
port1.postMessage(0, { transfer: [new ArrayBuffer(8)] });
// @ts-expect-error: nothing that can be transferred
port1.postMessage(0, ['text']);
port2.close(() => wasAccepted);
const amount: number = port1.bufferedAmount;
port1.highWaterMark = amount + 1;
// @ts-expect-error: it is measured, not set
port1.bufferedAmount = 5;

const worker = new Worker(new URL('file:///x.js'), { workerData: port2, transferList: [port2], resourceLimits: { maxOldGenerationSizeMb: 64 } });
worker.on('message', (value) => value).on('exit', (code: number) => code).on('drain', () => {});
worker.postMessage(1);
worker.postMessage(2, new Set([port2]));
worker.postMessage(3, { transfer: [port2] });
// @ts-expect-error: nothing that can be transferred
worker.postMessage(4, ['text']);
const stockWorker: stock.Worker = worker;
const workerAmount: number = worker.bufferedAmount + worker.highWaterMark;

if (!isMainThread && parentPort !== null) {
  parentPort.postMessage('up');
  const back: number = parentPort.bufferedAmount;
  parentPort.on('drain', () => back);
}

// Every name of the built-in is there.
type Missing = Exclude<keyof typeof stock, keyof typeof ours | 'default'>;
const missing: Missing[] = [];
const none: never[] = missing;

const isPort: boolean = asStock instanceof MessagePort;
// @ts-expect-error: ports are made by channels
new MessageChannel(1);

const again = register();
const nothing: undefined | typeof again = undefined;
unregister();
// @ts-expect-error: there is nothing to choose
register('workers');

export { answer, heard, isNative, isPort, none, nothing, stockWorker, text, workerAmount };
