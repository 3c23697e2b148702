/** Objects of a registered shape: a loop at first, generated code for shapes in steady use. */
import { compileWriter } from './compile-writer';
import type { Encoder } from './encoder';
import { Flag, Layout, Word } from './format';
import { mix, seal } from './hash';
import { NEW } from './identity';
import { getPrototypeOf, hasOwn, ObjectPrototype } from './primordials';
import type { Shape } from './shapes';
import { Small } from './write-object';

/** Uses after which a writer is worth generating. */
const WARM = 16;

export function writeShapeLoop(e: Encoder, object: Record<string, unknown>, shape: Shape, isKnown: boolean): boolean | undefined {
  if (!isKnown && (getPrototypeOf(object) !== ObjectPrototype || !hasKeys(object, shape.keys))) return undefined;
  if (++shape.uses === WARM) {
    try {
      shape.write = compileWriter(shape, e.shapes.registry) ?? shape.write;
    } catch {
      shape.uses = 0;
    }
  }
  const { keys, sites } = shape;
  const n = keys.length;
  const { pos: start, text, ids } = e;
  const small = n <= Small.Keys;
  const entered = small ? ids.enter(object) : ids.enterExact(object);
  if (entered >= 0) return e.backRef(start, text, entered);
  e.i32[e.pos++] = shape.word;
  let open = small && entered !== NEW;
  let hash = n;
  let last = '';
  for (let i = 0; i < n; i++) {
    const value = object[keys[i]!];
    sites[i]!.constant.meet(value);
    if (typeof value === 'object' && value !== null) {
      if (open) {
        open = false;
        const known = ids.noteParent(object, seal(hash, last), entered, i);
        if (known >= 0) return e.backRef(start, text, known);
      }
      if (!e.object(value, sites[i]!)) return false;
      if (ids.unwinding !== null) return e.unwound(object, start, text);
    } else {
      if (value === undefined) writeUndefined(e, object, keys[i]!);
      else if (!e.scalar(value)) return false;
      hash = mix(hash, e.i32[e.pos - 1]!);
      if (typeof value === 'string') last = value;
    }
  }
  if (!open) return true;
  const known = ids.note(object, seal(hash, last), entered);
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

/**
 * Whether the enumerable keys of an ordinary object are those of the shape, without reading a property. Enumerable keys
 * of Object.prototype would be listed too: then nothing matches and writePlain decides by own keys.
 */
export function hasKeys(object: object, keys: string[]): boolean {
  const n = keys.length;
  let i = 0;
  for (const key in object) {
    if (i === n || key !== keys[i]) return false;
    i++;
  }
  return i === n;
}
