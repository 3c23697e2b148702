'use strict';
// What one thread of the fuzzer does: its ports by label, the operations on them, and the log of all that was seen.

const { generator } = require('../support/random.js');
const { describe } = require('../support/describe.js');
const { outcome } = require('../support/outcome.js');
const { message } = require('./message.js');

const MOST_ANSWERS = 4;
const quiet = () => {};
const peerOf = (label) => label.replace(/[12]$/, (end) => (end === '1' ? '2' : '1'));
/** Does nobody listen for its 'close'? Then it is used after its end, too. */
const hidesEnd = ({ label }) => label.startsWith('c3');
const channelOf = (label) => label?.split('.')[0];

class Stage {
  constructor(wt) {
    this.wt = wt;
    this.clear(false);
  }

  /** Begins a program. */
  clear(isStorm) {
    this.isStorm = isStorm;
    /** label -> port that can be used */
    this.ports = new Map();
    /** label -> the object that the port was before it moved */
    this.old = new Map();
    /** label -> what listens: `{ remove }` */
    this.listeners = new Map();
    this.answers = new Map();
    /** Labels in the list of a post on the stack. */
    this.underWay = new Set();
    /** Channels of which `structuredClone` has moved an end, or what came by them: what they move does not ask ours (docs/limitations.md). */
    this.unasked = new Set();
    /** Labels of ports that somebody has read. */
    this.used = new Set();
    /** Channels that carry, or have carried, labels: `channel label`. */
    this.sent = new Set();
    /** Channels that have carried what is perhaps not for the codec. */
    this.exotic = new Set();
    /** Labels of ports that a handler of theirs has stopped. */
    this.stopped = new Set();
    /** Labels of the ports of all threads. */
    this.present = new Set();
    /** Handlers on the stack. */
    this.handling = 0;
    this.entries = [];
    this.counts = new Map();
    this.depth = 0;
  }

  note(label, text) {
    this.entries.push([label, text]);
  }

  takeEntries() {
    const { entries } = this;
    this.entries = [];
    return entries;
  }

  /** Describes a message that arrived at `label`, and takes in the ports that it brought. */
  read(label, value, listed) {
    const ports = value?.ports;
    const text = describe(value);
    if (!Array.isArray(ports) || !Array.isArray(value.labels)) return text;
    ports.forEach((port, index) => this.adopt(value.labels[index], port));
    if (this.unasked.has(channelOf(label))) value.labels.forEach((moved) => this.unasked.add(channelOf(moved)));
    const same = listed === undefined || (listed.length >= ports.length && ports.every((port) => listed.includes(port)));
    return `${text}${same ? '' : ' with other ports in the event'}`;
  }

  adopt(label, port) {
    this.ports.set(label, port);
    this.present.add(label);
    this.listeners.set(label, []);
    this.stopped.delete(label);
    if (!hidesEnd({ label })) port.on('close', () => this.onClose(label, port));
  }

  onClose(label, port) {
    // When the object that a port was before it moved hears of it, is another matter than the order at the port.
    this.note(this.ports.get(label) === port ? label : `${label}, old object`, 'close');
    if (this.ports.get(label) === port) this.forget(label);
  }

  forget(label) {
    const port = this.ports.get(label);
    this.ports.delete(label);
    this.present.delete(label);
    if (port !== undefined) this.old.set(label, port);
  }

  /** What an operation on a port throws or returns, noted. */
  attempt(label, what, action, moving = []) {
    const made = outcome(action);
    // Which of several things in a value throws, where one is a port that is gone: see docs/limitations.md.
    const result = 'thrown' in made && moving.some(hidesEnd) ? { thrown: 'not compared' } : made;
    // Not whether the peer has closed, or the port: ours knows of the one a little earlier, of the other later. In a storm the peer closes at any time.
    const returned = ['post', 'answer', 'prime'].includes(what) ? !this.isStorm && result.returned === true : result.returned;
    this.note(label, `${what}: ${'thrown' in result ? JSON.stringify(result) : describe(returned)}`);
    return result;
  }

  // Operations

  channel({ labels }) {
    const { port1, port2 } = new this.wt.MessageChannel();
    this.adopt(labels[0], port1);
    this.adopt(labels[1], port2);
  }

  post({ label, seed }, port = this.ports.get(label)) {
    const made = message(seed, {
      choose: (random) => this.choose(random, label),
      act: (kinds) => this.inner(label, seed, kinds),
    });
    for (const { label: moved } of made.moving) this.underWay.add(moved);
    if (!made.isPlain) this.exotic.add(channelOf(label));
    // Who looks at the size of what is under way has the next message measured.
    if (seed % 4 === 0) void port.bufferedAmount;
    const result = this.attempt(label, 'post', () =>
      'list' in made ? port.postMessage(made.value, made.list) : port.postMessage(made.value), made.moving);
    for (const { label: moved } of made.moving) this.underWay.delete(moved);
    const detached = made.buffers.map((buffer) => buffer.byteLength);
    if (detached.length > 0) this.note(label, `buffers after the post: ${detached}`);
    if ('thrown' in result) return;
    for (const { label: moved } of made.moving) {
      this.sent.add(`${channelOf(label)} ${moved}`);
      this.forget(moved);
    }
  }

  /**
   * What is unread in ours can no longer be moved once the other end is lost in a message that nobody receives. Nor does everything move along that
   * Node has handed over to a port which its handler stopped meanwhile (docs/limitations.md).
   */
  mayMove(label) {
    if (this.stopped.has(label) && this.exotic.has(channelOf(label))) return false;
    return !this.used.has(label) || this.present.has(peerOf(label));
  }

  /** Ports to move: mostly others, seldom the port itself. */
  choose(random, label) {
    // What a getter moves out of the list of the post around it ends the process with the built-in.
    // A channel that carries its own other end is lost, and so is what nobody has read in it.
    const mayMove = (name) => !this.underWay.has(name) && this.mayMove(name) && channelOf(name) !== channelOf(label);
    if (this.unasked.has(channelOf(label))) return [];
    if (this.handling > 0) return this.chooseNew(random);
    const labels = [...this.ports.keys()].sort().filter(mayMove);
    if (labels.length === 0) return [];
    const chosen = new Set(Array.from({ length: random.below(3) }, () => random.pick(labels)));
    if (random.chance(0.05) && !this.underWay.has(label)) chosen.add(label);
    return [...chosen].map((name) => ({ label: name, port: this.ports.get(name) }));
  }

  /** In a handler: whether messages of other ports, or their end, have come by now is another matter than the order at the port. */
  chooseNew(random) {
    const name = `c${random.below(2 ** 31)}`;
    this.channel({ labels: [`${name}.1`, `${name}.2`] });
    return [{ label: `${name}.1`, port: this.ports.get(`${name}.1`) }];
  }

  /** What a getter does in the middle of a post. */
  inner(label, seed, kinds) {
    if (this.depth > 2 || this.underWay.has(label)) return;
    this.depth++;
    const random = generator(seed ^ 0x5bd1e995);
    const kind = random.pick(kinds);
    const labels = [...this.ports.keys()].sort().filter((name) => !this.underWay.has(name));
    const other = this.handling > 0 || random.chance(0.6) ? label : random.pick(labels);
    const port = this.ports.get(other);
    const isMatterOfOrder = this.handling > 0 && (kind === 'receive' || kind === 'close') && !this.isPeerFar(other);
    // A message whose getter closes its port may be lost on the way to where nobody reads lanes (docs/limitations.md).
    const mayBeLost = kind === 'close' && !this.present.has(peerOf(other));
    if (port !== undefined && !isMatterOfOrder && !mayBeLost) this[kind]({ label: other, seed: random.below(2 ** 31), times: 1 }, port);
    this.depth--;
  }

  receive({ label, times = 2 }, port = this.ports.get(label)) {
    this.used.add(label);
    for (let n = 0; n < times; n++) {
      const result = outcome(() => this.wt.receiveMessageOnPort(port));
      if ('thrown' in result) this.note(label, `receive: ${JSON.stringify(result)}`);
      else this.note(label, `receive: ${result.returned === undefined ? 'nothing' : this.read(label, result.returned.message)}`);
      if (result.returned === undefined && !('thrown' in result)) return;
    }
  }

  listen({ label, seed }, port = this.ports.get(label)) {
    const random = generator(seed);
    const number = (this.counts.get(label) ?? 0) + 1;
    this.counts.set(label, number);
    const id = `listener ${number}`;
    const face = random.pick(['on', 'on', 'once', 'addEventListener', 'onmessage', 'messageerror']);
    const picked = random.pick(this.behaviours());
    const behaviour = picked === 'throw' && this.listeners.get(label)?.some(({ throws }) => throws) ? 'none' : picked;
    const entry = { remove: quiet, throws: behaviour === 'throw' };
    this.used.add(label);
    const handler = (argument) => {
      const isEvent = argument instanceof MessageEvent;
      const value = isEvent ? argument.data : argument;
      const event = isEvent ? ` ${argument.type} ${argument.ports.length} ports` : '';
      this.note(label, `${id} ${face}${event}: ${this.read(label, value, isEvent ? argument.ports : undefined)}`);
      this.handling++;
      try {
        this.behave(behaviour, { label, port, entry, seed });
      } finally {
        this.handling--;
        if (face === 'once' || behaviour === 'off') this.stopped.add(label);
      }
    };
    // The built-in throws where removeAllListeners() came first.
    this.attempt(label, `${id} ${face} ${behaviour}`, () => void Object.assign(entry, FACES[face](port, handler)));
    this.listeners.get(label)?.push(entry);
    this.stopped.delete(label);
    this.note(label, `hasRef ${port.hasRef()}`);
  }

  /**
   * Of one port one listener throws at most: Node throws the second exception of a message in the turn of whichever port comes next, and that one, if it
   * closes in its turn, loses what is behind. Which it is, is a matter of the order at different ports.
   */
  behaviours() {
    if (this.isStorm) return ['none', 'answer', 'throw'];
    // None moves its port: what Node has handed over is then lost (docs/limitations.md).
    return ['none', 'none', 'none', 'answer', 'answer', 'answer', 'off', 'receive', 'throw', 'add', 'post', 'close'];
  }

  behave(behaviour, { label, port, entry, seed }) {
    const count = (this.answers.get(label) ?? 0) + 1;
    this.answers.set(label, count);
    if (behaviour === 'off') entry.remove();
    else if (behaviour === 'throw') throw new RangeError(`from a handler of ${label}`);
    else if (count > MOST_ANSWERS) return;
    if (behaviour === 'answer') this.attempt(label, 'answer', () => port.postMessage(`answer ${count} of ${label}`));
    else if (behaviour === 'post' && this.ports.get(label) === port) this.post({ label, seed: seed + count });
    else if (behaviour === 'receive' && this.ports.get(label) === port && this.isPeerFar(label)) this.receive({ label, times: 1 }, port);
    else if (behaviour === 'close' && this.isPeerFar(label)) this.close({ label }, port);
    else if (behaviour === 'add' && this.ports.get(label) === port) this.listen({ label, seed: seed + count }, port);
  }

  /**
   * What a handler of the other end has posted by now is a matter of the order at different ports, unless that end is in another
   * thread; so is whether it has come out of a message.
   */
  isPeerFar(label) {
    const peer = peerOf(label);
    return this.present.has(peer) && !this.ports.has(peer);
  }

  /** A message by which the other end learns that there is a reader. */
  prime({ label }) {
    this.attempt(label, 'prime', () => this.ports.get(label)?.postMessage('prime'));
  }

  /** So many in a row of what only the built-in takes that the fast way is left for it. */
  burst({ label, seed }, port = this.ports.get(label)) {
    this.exotic.add(channelOf(label));
    this.attempt(label, 'burst', () => {
      for (let n = 0; n < 60 + (seed % 80); n++) port.postMessage(Object.assign(Object.create({ of: 'a class' }), { n }));
    });
  }

  unlisten({ label, seed }, port = this.ports.get(label)) {
    const entries = this.listeners.get(label) ?? [];
    if (entries.length === 0) return;
    const random = generator(seed);
    if (random.chance(0.2)) this.attempt(label, 'removeAllListeners', () => void port.removeAllListeners(random.pick(['message', 'messageerror'])));
    // The built-in throws where removeAllListeners() came first.
    else this.attempt(label, 'remove', () => void entries.splice(random.below(entries.length), 1)[0].remove());
    this.note(label, `unlisten: hasRef ${port.hasRef()}`);
  }

  start({ label }, port = this.ports.get(label)) {
    this.used.add(label);
    this.attempt(label, 'start', () => port.start());
  }

  ref({ label }, port = this.ports.get(label)) {
    this.attempt(label, 'ref', () => port.ref());
  }

  unref({ label }, port = this.ports.get(label)) {
    this.attempt(label, 'unref', () => port.unref());
  }

  hasRef({ label }, port = this.ports.get(label)) {
    this.attempt(label, 'hasRef', () => port.hasRef());
  }

  close({ label }, port = this.ports.get(label)) {
    this.attempt(label, 'close', () => port.close());
  }

  clone({ label }) {
    const port = this.ports.get(label);
    const result = outcome(() => structuredClone([port, port], { transfer: [port] }));
    this.note(label, `clone: ${'thrown' in result ? JSON.stringify(result) : describe(result.returned)}`);
    if ('thrown' in result) return;
    this.forget(label);
    this.adopt(label, result.returned[0]);
    this.unasked.add(channelOf(label));
  }

  context({ label }) {
    const port = this.ports.get(label);
    const result = outcome(() => this.wt.moveMessagePortToContext(port, require('node:vm').createContext()));
    if ('thrown' in result) {
      this.note(label, `context: ${JSON.stringify(result)}`);
      return;
    }
    this.note(label, 'context');
    this.forget(label);
    this.elsewhere ??= [];
    this.elsewhere.push(result.returned);
  }

  /** An operation on an object whose port has moved, or is closed. */
  stale({ label, seed }) {
    const port = this.old.get(label);
    const random = generator(seed);
    this[random.pick(['post', 'start', 'ref', 'unref', 'hasRef', 'close', 'listen'])]({ label, seed }, port);
  }

  /** Posts a port on a road to another thread. */
  send({ label, road }) {
    if (!this.mayMove(label)) return false;
    const port = this.ports.get(label);
    const result = this.attempt(label, 'move', () => this.roads.get(road).postMessage({ labels: [label], ports: [port] }, [port]));
    if ('thrown' in result) return false;
    this.forget(label);
    return true;
  }

  arrive({ label, road }) {
    const received = this.wt.receiveMessageOnPort(this.roads.get(road));
    this.note(label, `arrives: ${received === undefined ? 'nothing' : this.read(undefined, received.message)}`);
  }

  /** The end of a case. */
  end() {
    for (const port of [...this.ports.values(), ...this.old.values(), ...(this.elsewhere ?? [])]) port.close();
    this.elsewhere = undefined;
  }
}

const FACES = {
  on(port, handler) {
    port.on('message', handler);
    return { remove: () => port.off('message', handler) };
  },
  once(port, handler) {
    port.once('message', handler);
    return { remove: () => port.off('message', handler) };
  },
  addEventListener(port, handler) {
    port.addEventListener('message', handler);
    return { remove: () => port.removeEventListener('message', handler) };
  },
  onmessage(port, handler) {
    port.onmessage = handler;
    return { remove: () => { port.onmessage = null; } };
  },
  messageerror(port, handler) {
    port.on('messageerror', handler);
    return { remove: () => port.off('messageerror', handler) };
  },
};

module.exports = { Stage, peerOf };
