/**
 * Generates the writer of a shape: write-shape's loop unrolled, with named loads and the common scalars inline.
 *
 * The text below must write and hash exactly as writeShapeLoop does (the parity test compares them), since one object
 * may be written by both within a message.
 */
import { generate } from './codegen';
import { Limit, Tag } from './format';
import { charCodeAt, imul, jsonStringify } from './primordials';
import type { ShapeWriter, Site } from './shapes';
import { Small } from './write-object';
import { writeUndefined } from './write-shape';

export function compileWriter(keys: string[], word: number, sites: Site[]): ShapeWriter | undefined {
  const n = keys.length;
  const room = 4 * n + 4;
  const small = n <= Small.Keys;
  let body = `
return function write(e, o) {
  if (e.pos + ${room} > e.cap) e.reserve(${room});
  const start = e.pos, text = e.text, ids = e.ids;
  const entered = ids.${small ? 'enter' : 'enterExact'}(o);
  if (entered >= 0) return e.backRef(start, text, entered);
  let p = start, i32 = e.i32, open = ${small}, h = ${n}, v, w, n;
  i32[p++] = ${word};`;
  for (let i = 0; i < n; i++) body += property(jsonStringify(keys[i]!), i, room);
  body += `
  e.pos = p;
  if (open && (n = ids.note(o, h, entered)) >= 0) return e.backRef(start, text, n);
  return true;
};`;
  const factory = generate('sites,charCodeAt,imul,undefinedValue', body);
  return factory?.(sites, charCodeAt, imul, writeUndefined) as ShapeWriter | undefined;
}

function property(key: string, index: number, room: number): string {
  return `
  v = o[${key}];
  if (typeof v === 'string' && (n = v.length) > 1 && n < ${Limit.Payload}) {
    i32[p++] = w = n << 4 | ${Tag.Str};
    e.text += v;
    h = imul(h, 31) + w + (charCodeAt(v, n - 1) << 5) + (charCodeAt(v, n - 2) << 12) | 0;
  } else if (typeof v === 'number' && v << 4 >> 4 === v && (v !== 0 || 1 / v > 0)) {
    i32[p++] = w = v << 4 | ${Tag.Int};
    h = imul(h, 31) + w | 0;
  } else {
    e.pos = p;
    if (typeof v === 'object' && v !== null) {
      if (open) {
        open = false;
        if ((n = ids.note(o, h, entered)) >= 0) return e.backRef(start, text, n);
      }
      if (!e.object(v, sites[${index}])) return false;
    } else {
      if (v === undefined) undefinedValue(e, o, ${key});
      else if (!e.scalar(v)) return false;
      h = imul(h, 31) + e.i32[e.pos - 1] | 0;
    }
    p = e.pos;
    if (p + ${room} > e.cap) e.reserve(${room});
    i32 = e.i32;
  }`;
}
