'use strict';
// The content of the session: a notebook and what a language server says about it. Deterministic and built before the
// clock starts, so that the time measured is the time of moving messages.

const cells = 300;
const pick = (list, i) => list[i % list.length];
const times = (n, make) => Array.from({ length: n }, (_, i) => make(i));
const cellUri = (i) => `vscode-notebook-cell:/project/analysis.ipynb#cell${i}`;
const range = (line, from, to) => ({ start: { line, character: from }, end: { line, character: to } });

const statements = [
  'import pandas as pd',
  'frame = pd.read_csv("measurements.csv", parse_dates=["when"])',
  'frame.groupby("station").agg({"value": ["mean", "max"]}).sort_index()',
  'for row in frame.itertuples(index=False):',
  '    print(f"{row.station}: {row.value:.2f}  # 測定値")',
];

const cellText = (i) => times(20, (line) => pick(statements, i + line)).join('\n');

/** Host to server: the whole notebook. */
const didOpen = () => ({
  jsonrpc: '2.0',
  method: 'notebookDocument/didOpen',
  params: {
    notebookDocument: {
      uri: 'file:///project/analysis.ipynb',
      notebookType: 'jupyter-notebook',
      version: 1,
      cells: times(cells, (i) => ({ kind: 2, document: cellUri(i), metadata: { tags: [`t${i % 5}`] } })),
    },
    cellTextDocuments: times(cells, (i) => ({ uri: cellUri(i), languageId: 'python', version: 1, text: cellText(i) })),
  },
});

/** Host to server: one edit of a cell. */
const didChange = (cell, version) => ({
  jsonrpc: '2.0',
  method: 'textDocument/didChange',
  params: {
    textDocument: { uri: cellUri(cell), version },
    contentChanges: [{ range: range(cell % 20, 0, 4), rangeLength: 4, text: `x${version}` }],
  },
});

const request = (id, method, cell) => ({
  jsonrpc: '2.0',
  id,
  method,
  params: { textDocument: { uri: cellUri(cell) }, position: { line: cell % 20, character: 3 } },
});

const diagnostics = (variant) => ({
  uri: cellUri(variant),
  diagnostics: times(120, (i) => ({
    range: range(i % 20, i % 9, (i % 9) + 12),
    severity: 1 + (i % 4),
    code: 'reportAttributeAccessIssue',
    source: 'analysis',
    message: `Cannot access attribute "column_${variant}_${i}" for class "DataFrame"`,
  })),
});

const completion = (variant) => ({
  isIncomplete: false,
  items: times(500, (i) => ({
    label: `column_${variant}_${i}`,
    kind: 1 + (i % 25),
    detail: `(property) column_${i}: Series[float]`,
    sortText: `09.${String(i).padStart(4, '0')}`,
    insertText: `column_${variant}_${i}`,
    data: { cell: variant, symbol: i },
  })),
});

const semanticTokens = (variant) => ({
  resultId: String(variant),
  data: Uint32Array.from({ length: 10_000 }, (_, i) => (i * 31 + variant) % 97),
});

const hover = (variant) => ({
  contents: { kind: 'markdown', value: `(variable) frame_${variant}: DataFrame  \n---\nTwo-dimensional, size-mutable data.` },
  range: range(variant, 0, 5),
});

/** Analysis to host: the answers, a few variants of each. */
const answers = () => ({
  'textDocument/completion': times(8, completion),
  'textDocument/semanticTokens/full': times(8, semanticTokens),
  'textDocument/hover': times(8, hover),
  diagnostics: times(8, diagnostics),
});

module.exports = { answers, didChange, didOpen, request };
