/** A message that no encoder can have written. */
export class CorruptMessageError extends Error {
  readonly code = 'ERR_THREADPORT_CORRUPT';
  constructor(what: string, cause?: unknown) {
    super(`Corrupt message (${what})`, cause === undefined ? undefined : { cause });
    this.name = 'CorruptMessageError';
  }
}
