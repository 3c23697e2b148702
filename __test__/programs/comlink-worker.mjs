import { parentPort } from 'node:worker_threads';
import * as Comlink from 'comlink/dist/esm/comlink.mjs';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { work } from './tasks.mjs';

class Counter {
  constructor(value) {
    this.value = value;
  }

  increase() {
    this.value++;
  }
}

// A port that is passed as a MessagePort answers to the events of a browser by itself.
Comlink.expose({ work, version: 3, Counter }, nodeEndpoint(parentPort));
