import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import { CancellationTokenSource, createMessageConnection, PortMessageReader, PortMessageWriter } from 'vscode-jsonrpc/node';
import { failure, isOurs, range, say } from './tasks.mjs';

async function talk(port, end) {
  const connection = createMessageConnection(new PortMessageReader(port), new PortMessageWriter(port));
  const progress = [];
  connection.onNotification('progress', (n) => progress.push(n));
  connection.onRequest('client', ({ n }) => n * 2);
  connection.listen();
  console.log(JSON.stringify({ ours: [isOurs(), await connection.sendRequest('ours')] }));
  say('round trip', await connection.sendRequest('echo', { text: 'x'.repeat(10), list: [1, { a: null }] }));
  const answers = await Promise.all(range(100).map((n) => connection.sendRequest('echo', { n })));
  say('100 in flight', answers.every((answer, n) => answer.n === n));
  say('progress', [await connection.sendRequest('steps', { count: 20 }), progress]);
  say('request back', await connection.sendRequest('back', { n: 21 }));
  say('error', await failure(connection.sendRequest('fail')));
  say('unknown', await failure(connection.sendRequest('nothing')));
  const source = new CancellationTokenSource();
  connection.onNotification('started', () => source.cancel());
  const cancelled = failure(connection.sendRequest('never', source.token));
  say('cancelled', await cancelled);
  await connection.sendNotification('exit');
  await end;
  connection.dispose();
}

const file = new URL('vscode-jsonrpc-worker.mjs', import.meta.url);
const worker = new Worker(file);
await talk(worker, once(worker, 'exit'));
const { port1, port2 } = new MessageChannel();
const other = new Worker(file, { workerData: port2, transferList: [port2] });
const exit = once(other, 'exit');
await talk(port1, once(port1, 'close'));
say('exit', (await exit)[0]);
