// The language server of pyright with its background worker, over its standard streams, on the files in ./pyright.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { say } from './tasks.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const uri = (name) => pathToFileURL(path(`pyright/${name}`)).href;
const FILES = ['shapes.py', 'report.py', 'fine.py'];

/** The server changes its folder, and Node looks for what its worker preloads from there. */
const flags = process.execArgv.map((arg) => (arg === 'threadport/register' ? path('../../register.js') : arg));
const args = [...flags, '--require', path('pyright-preload.cjs'), path('node_modules/pyright/langserver.index.js'), '--stdio', `--cancellationReceive=file:${process.pid}`];
const server = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
const exit = once(server, 'exit');

/** Each thread says first whose classes it has. */
const threads = new Map();
createInterface({ input: server.stderr }).on('line', (line) => {
  if (!line.startsWith('{')) return console.error(line);
  const { isMainThread, ours } = JSON.parse(line);
  threads.set(isMainThread, ours);
});

const connection = createMessageConnection(new StreamMessageReader(server.stdout), new StreamMessageWriter(server.stdin));
const published = new Map();
let noted = () => {};
connection.onRequest('workspace/configuration', ({ items }) => items.map(() => ({})));
connection.onRequest('client/registerCapability', () => null);
connection.onRequest('window/workDoneProgress/create', () => null);
connection.onNotification('textDocument/publishDiagnostics', (params) => {
  published.set(`${params.uri} ${params.version}`, params.diagnostics);
  noted();
});
connection.listen();

/** The diagnostics of a file in this version. */
async function diagnostics(name, version) {
  const key = `${uri(name)} ${version}`;
  while (!published.has(key)) await new Promise((resolve) => { noted = resolve; });
  return published.get(key).map(({ range: { start }, severity, message, code }) => [start.line, start.character, severity, code, message]);
}

const open = (name, version) => connection.sendNotification('textDocument/didOpen', {
  textDocument: { uri: uri(name), languageId: 'python', version, text: fs.readFileSync(path(`pyright/${name}`), 'utf8') },
});
const at = (name, line, character) => ({ textDocument: { uri: uri(name) }, position: { line, character } });

const root = pathToFileURL(path('pyright')).href;
const { capabilities } = await connection.sendRequest('initialize', {
  processId: process.pid, rootUri: root, workspaceFolders: [{ uri: root, name: 'pyright' }],
  capabilities: { workspace: { configuration: true, workspaceFolders: true } },
});
say('capabilities', Object.keys(capabilities).sort());
await connection.sendNotification('initialized', {});
for (const name of FILES) {
  await open(name, 1);
  say(name, await diagnostics(name, 1));
}
await connection.sendNotification('textDocument/didChange', {
  textDocument: { uri: uri('fine.py'), version: 2 }, contentChanges: [{ text: 'print(double(21))\n' }],
});
say('fine.py, changed', await diagnostics('fine.py', 2));
say('symbols', await connection.sendRequest('textDocument/documentSymbol', { textDocument: { uri: uri('shapes.py') } }));
say('references', (await connection.sendRequest('textDocument/references', { ...at('shapes.py', 9, 7), context: { includeDeclaration: true } })).length);
say('completion', (await connection.sendRequest('textDocument/completion', at('report.py', 6, 15))).items.length);
console.log(JSON.stringify({ ours: [threads.get(true), threads.get(false)] }));
await connection.sendRequest('shutdown');
await connection.sendNotification('exit');
say('exit', await exit);
connection.dispose();
