/** Objects whose keys are in the message. */
import { type Decoder, HOLE } from './decoder';
import { defineOwn, ObjectPrototype } from './primordials';

export function readDict(d: Decoder, n: number): object {
  d.need(2 * n);
  const object = d.add({} as Record<string, unknown>);
  for (let i = 0; i < n; i++) {
    const key = d.string(d.i32[d.pos++]! & 0x7fffffff);
    const value = d.value(d.i32[d.pos++]!);
    if (value === HOLE) continue;
    // Object.prototype may have a setter, or be frozen.
    if (key in ObjectPrototype) defineOwn(object, key, value);
    else object[key] = value;
  }
  return object;
}
