/** Objects of a registered shape: a loop at first, generated code for shapes in steady use. */
import { compileWriter } from './compile-writer';
import type { Encoder } from './encoder';
import { Flag, Layout, Word } from './format';
import { mix, mixString } from './hash';
import { hasOwn } from './primordials';
import type { Shape } from './shapes';
import { Small } from './write-object';

/** Uses after which a writer is worth generating. */
const WARM = 16;

export function writeShapeLoop(e: Encoder, object: Record<string, unknown>, shape: Shape): boolean {
  if (++shape.uses === WARM) shape.write = compileWriter(shape.keys, shape.word, shape.sites) ?? shape.write;
  const { keys, sites } = shape;
  const n = keys.length;
  const { pos: start, text, ids } = e;
  const small = n <= Small.Keys;
  const entered = small ? ids.enter(object) : ids.enterExact(object);
  if (entered >= 0) return e.backRef(start, text, entered);
  e.i32[e.pos++] = shape.word;
  let open = small;
  let hash = n;
  for (let i = 0; i < n; i++) {
    const value = object[keys[i]!];
    if (typeof value === 'object' && value !== null) {
      if (open) {
        open = false;
        const known = ids.note(object, hash, entered);
        if (known >= 0) return e.backRef(start, text, known);
      }
      if (!e.object(value, sites[i]!)) return false;
    } else {
      if (value === undefined) writeUndefined(e, object, keys[i]!);
      else if (!e.scalar(value)) return false;
      hash = typeof value === 'string' ? mixString(hash, e.i32[e.pos - 1]!, value) : mix(hash, e.i32[e.pos - 1]!);
    }
  }
  if (!open) return true;
  const known = ids.note(object, hash, entered);
  return known >= 0 ? e.backRef(start, text, known) : true;
}

/** undefined, or a property that a getter has deleted since the keys were listed: stock skips those. */
export function writeUndefined(e: Encoder, object: object, key: string): void {
  if (e.pos + Layout.Scalar > e.cap) e.reserve(Layout.Scalar);
  if (hasOwn(object, key)) e.i32[e.pos++] = Word.Undefined;
  else {
    e.i32[e.pos++] = Word.Hole;
    e.flags |= Flag.Holes;
  }
}
