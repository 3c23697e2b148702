/**
 * Generates the writer of a shape: write-shape's loop unrolled, with named loads and the common scalars inline.
 *
 * The text below must write and hash exactly as writeShapeLoop does (the parity test compares them), since one object
 * may be written by both within a message.
 */
import { generate } from './codegen';
import { Limit, Tag } from './format';
import { seal } from './hash';
import { LINEAR, NEW, PENDING } from './identity';
import { getPrototypeOf, imul, is, jsonStringify, ObjectPrototype } from './primordials';
import type { Shape, ShapeRegistry, ShapeWriter } from './shapes';
import { Small } from './write-object';
import { hasKeys, writeUndefined } from './write-shape';

/** Text is only ever appended. Where it has not grown V8 need not be told of the store, which takes longer than to look. */
const KEEP_TEXT = 'if (t.length !== e.text.length) e.text = t;';

export function compileWriter({ keys, word, sites }: Shape, registry: ShapeRegistry): ShapeWriter | undefined {
  const n = keys.length;
  const room = 4 * n + 4;
  const small = n <= Small.Keys;
  const enter = small ? `ids.large > 0 && ids.count >= ${LINEAR} ? ${PENDING} : ids.enter(o)` : 'ids.enterExact(o)';
  let body = `${hasPrototype(keys[0]!)}
return function write(e, o, shape, isKnown) {
  if (!isKnown && !(hasPrototype(o) && hasKeys(o, keys))) return undefined;
  if (e.pos + ${room} > e.cap) e.reserve(${room});
  const start = e.pos, text = e.text, ids = e.ids, entered = ${enter};
  if (entered >= 0) return e.backRef(start, text, entered);
  let p = start, i32 = e.i32, t = text, open = ${small ? `entered !== ${NEW}` : false}, h = ${n}, s = '', v, w, n;
  i32[p++] = ${word};`;
  for (let i = 0; i < n; i++) {
    const known = sites[i]!.constant.settle(registry);
    body += property(jsonStringify(keys[i]!), `sites[${i}]`, room, small ? i : undefined, known);
  }
  body += `
  e.pos = p;
  ${KEEP_TEXT}
  if (open && (n = ids.note(o, seal(h, s), entered)) >= 0) return e.backRef(start, text, n);
  return true;
};`;
  const factory = generate('keys,sites,seal,imul,is,undefinedValue,hasKeys,getPrototypeOf,ObjectPrototype', body);
  return factory?.(keys, sites, seal, imul, is, writeUndefined, hasKeys, getPrototypeOf, ObjectPrototype) as ShapeWriter | undefined;
}

/**
 * Is the prototype Object.prototype? By the look-up in front V8 learns the hidden class, from which it knows the prototype: to ask for that takes 7 ns
 * otherwise. (Only a proxy that is a prototype could see it, or throw.)
 */
function hasPrototype(first: string): string {
  return `
function hasPrototype(o) {
  try {
    return ${jsonStringify(first)} in o && getPrototypeOf(o) === ObjectPrototype;
  } catch {
    return false;
  }
}`;
}

interface Known { text: string; word: number }

/** The code of one property; with its index where the object is hashed. A known string is hashed as any string. */
function property(key: string, site: string, room: number, index?: number, known?: Known): string {
  const hashed = (code: string): string => (index === undefined ? '' : code);
  const constant = known === undefined ? '' : `if (v === ${jsonStringify(known.text)}) {
    i32[p++] = ${known.word};
    ${hashed(`s = v; h = imul(h, 31) + ${(known.text.length << 4) | Tag.Str} | 0;`)}
  } else `;
  return `
  v = o[${key}];
  ${constant}if (typeof v === 'string' && (n = v.length) > 1 && n < ${Limit.Payload}) {
    i32[p++] = ${hashed('w = ')}n << 4 | ${Tag.Str};
    t += v;
    ${hashed('s = v; h = imul(h, 31) + w | 0;')}
  } else if (typeof v === 'number' && v << 4 >> 4 === v && !is(v, -0)) {
    i32[p++] = ${hashed('w = ')}v << 4 | ${Tag.Int};
    ${hashed('h = imul(h, 31) + w | 0;')}
  } else {
    e.pos = p;
    ${KEEP_TEXT}
    if (typeof v === 'object' && v !== null) {
      ${hashed(`if (open) {
        open = false;
        if ((n = ids.noteParent(o, seal(h, s), entered, ${index})) >= 0) return e.backRef(start, text, n);
      }`)}
      if (!e.object(v, ${site})) return false;
      ${hashed('if (ids.unwinding !== null) return e.unwound(o, start, text);')}
    } else {
      if (v === undefined) undefinedValue(e, o, ${key});
      else if (!e.scalar(v)) return false;
      ${hashed("h = imul(h, 31) + e.i32[e.pos - 1] | 0; if (typeof v === 'string') s = v;")}
    }
    p = e.pos;
    t = e.text;
    if (p + ${room} > e.cap) e.reserve(${room});
    i32 = e.i32;
  }`;
}
