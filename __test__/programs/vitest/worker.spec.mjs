import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, MessageChannel, parentPort, Worker } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import { isOurs } from '../tasks.mjs';

test('is ours', () => expect(isOurs()).toBe(true));

test('runs in a thread', () => {
  expect(isMainThread).toBe(false);
  expect(parentPort).toBeInstanceOf(MessagePort);
});

test('fails', () => expect({ a: [1, 2] }).toEqual({ a: [1, 3] }));

test('throws later', async () => {
  await sleep(1);
  throw new TypeError('later');
});

test('talks with a worker of its own', async () => {
  const worker = new Worker('require("node:worker_threads").parentPort.on("message", ({ n, port }) => port.postMessage({ n }))', { eval: true });
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => port1.once('message', resolve));
  worker.postMessage({ n: 3, port: port2 }, [port2]);
  expect(await answer).toEqual({ n: 3 });
  port1.close();
  await worker.terminate();
});

test('mocks', () => {
  const f = vi.fn(() => 2);
  expect([f(), f.mock.calls.length]).toEqual([2, 1]);
});
