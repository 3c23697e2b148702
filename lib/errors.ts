/** Errors of our own. Where Node has an error for the case, it is Node's that is thrown. */

/** A message that no memory, or no V8 heap, could hold, or that is larger than its queue. Nothing was sent. */
export class RangeTooLarge extends RangeError {
  override name = 'RangeError';
  readonly code = 'ERR_THREADPORT_TOO_LARGE';

  constructor(message = 'The message is too large, or there is no memory for it') {
    super(message);
  }
}

/** "options.signal". A method of strings may be the user's. */
function isPath(name: string): boolean {
  for (let i = 0; i < name.length; i++) if (name[i] === '.') return true;
  return false;
}

/** An argument of another type. */
export class InvalidArgType extends TypeError {
  override name = 'TypeError';
  readonly code = 'ERR_INVALID_ARG_TYPE';

  constructor(name: string, expected: string, actual: unknown) {
    super(`The "${name}" ${isPath(name) ? 'property' : 'argument'} must be of type ${expected}. Received ${actual === null ? 'null' : `type ${typeof actual}`}`);
  }
}

/** A number that the argument cannot be. */
export class OutOfRange extends RangeError {
  override name = 'RangeError';
  readonly code = 'ERR_OUT_OF_RANGE';

  constructor(name: string, range: string, actual: number) {
    super(`The value of "${name}" is out of range. It must be ${range}. Received ${actual}`);
  }
}

/** An argument of the right type that makes no sense. */
export class InvalidArgValue extends TypeError {
  override name = 'TypeError';
  readonly code = 'ERR_INVALID_ARG_VALUE';

  constructor(name: string, reason: string) {
    super(`The argument '${name}' is invalid: ${reason}`);
  }
}

/** What cannot be asked of this object. */
export class InvalidState extends Error {
  readonly code = 'ERR_INVALID_STATE';

  constructor(reason: string) {
    super(`Invalid state: ${reason}`);
  }
}

/** A method of ports on something else. */
export class InvalidThis extends TypeError {
  override name = 'TypeError';
  readonly code = 'ERR_INVALID_THIS';

  constructor(type: string) {
    super(`Value of "this" must be of type ${type}`);
  }
}

/** So many bytes are under way already that nothing more is taken. Nothing was sent. */
export class Backpressure extends Error {
  readonly code = 'ERR_THREADPORT_BACKPRESSURE';

  constructor(bytes: number) {
    super(`${bytes} bytes or more were posted and not received yet`);
  }
}

/** The port is closed, here or on the other side: nothing will come any more. */
export class PortClosed extends Error {
  readonly code = 'ERR_THREADPORT_CLOSED';

  constructor(message = 'The port is closed') {
    super(message);
  }
}

/** The other end is in the very thread that would be blocked until it posts. */
export class Deadlock extends Error {
  readonly code = 'ERR_THREADPORT_DEADLOCK';

  constructor() {
    super('The other end is in this thread: a message cannot come while it is blocked');
  }
}

/** The queue was closed: nothing can be pushed, or nothing will come any more. */
export class QueueClosed extends Error {
  readonly code = 'ERR_THREADPORT_CLOSED';

  constructor() {
    super('The queue is closed');
  }
}

/** What is in the queue's memory was not written by a queue. */
export class QueueCorrupt extends Error {
  readonly code = 'ERR_THREADPORT_CORRUPT';

  constructor(cause?: unknown) {
    super("The queue's memory is corrupt", cause === undefined ? undefined : { cause });
  }
}

/** A value that the queue's codec does not carry. Nothing was pushed. */
export class NotCarried extends TypeError {
  override name = 'DataCloneError';
  readonly code = 'ERR_THREADPORT_DATA_CLONE';

  constructor(reason: string) {
    super(reason);
  }
}

/** What needs the native addon, where there is none. */
export class NoNative extends Error {
  readonly code = 'ERR_THREADPORT_NO_NATIVE';

  constructor(what: string) {
    super(`${what} needs threadport's native addon, which could not be loaded here`);
  }
}
