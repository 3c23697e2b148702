/** Errors of our own. Where Node has an error for the case, it is Node's that is thrown. */

/** A message that no memory, or no V8 heap, could hold. Nothing was sent. */
export class RangeTooLarge extends RangeError {
  override name = 'RangeError';
  readonly code = 'ERR_THREADPORT_TOO_LARGE';

  constructor() {
    super('The message is too large, or there is no memory for it');
  }
}

/** `highWaterMark` with something that is not a number. */
export class InvalidArgType extends TypeError {
  override name = 'TypeError';
  readonly code = 'ERR_INVALID_ARG_TYPE';

  constructor(name: string, expected: string, actual: unknown) {
    super(`The "${name}" property must be of type ${expected}. Received ${actual === null ? 'null' : `type ${typeof actual}`}`);
  }
}

/** `highWaterMark` with a number that is no size. */
export class OutOfRange extends RangeError {
  override name = 'RangeError';
  readonly code = 'ERR_OUT_OF_RANGE';

  constructor(name: string, range: string, actual: number) {
    super(`The value of "${name}" is out of range. It must be ${range}. Received ${actual}`);
  }
}
