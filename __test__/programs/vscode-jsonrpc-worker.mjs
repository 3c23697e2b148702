import { parentPort, workerData } from 'node:worker_threads';
import { createMessageConnection, PortMessageReader, PortMessageWriter, ResponseError } from 'vscode-jsonrpc/node';
import { isOurs, range } from './tasks.mjs';

const port = workerData ?? parentPort;
const connection = createMessageConnection(new PortMessageReader(port), new PortMessageWriter(port));
connection.onRequest('ours', isOurs);
connection.onRequest('echo', (value) => value);
connection.onRequest('steps', async ({ count }) => {
  for (const n of range(count)) await connection.sendNotification('progress', n);
  return count;
});
connection.onRequest('back', (value) => connection.sendRequest('client', value));
connection.onRequest('fail', () => {
  throw new ResponseError(1234, 'refused');
});
connection.onRequest('never', (token) => new Promise((_, reject) => {
  token.onCancellationRequested(() => reject(new ResponseError(-32800, 'cancelled')));
  connection.sendNotification('started');
}));
connection.onNotification('exit', () => port.close());
connection.listen();
