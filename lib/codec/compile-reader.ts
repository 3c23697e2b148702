/** Generates the readers of a shape, with the common scalars inline. */
import { generate } from './codegen';
import type { Decoder } from './decoder';
import { Tag } from './format';
import { CorruptMessageError } from './corrupt';
import { jsonStringify, ObjectPrototype, substring } from './primordials';

export type ShapeReader = (d: Decoder) => object;

/** Children first, then the object as one literal. */
export function compileFastReader(keys: string[]): ShapeReader | undefined {
  const n = keys.length;
  let names = 'w';
  let reads = '';
  let literal = '';
  for (let i = 0; i < n; i++) {
    names += `,v${i}`;
    reads += read(i);
    literal += `${propertyName(keys[i]!)}:v${i},`;
  }
  return compile(`
return function read(d) {
  let p = d.pos, t = d.textPos, ${names};
  if (d.end - p < ${n}) throw new Corrupt('count');
  const i = d.i32, text = d.text;
  ${reads}
  d.pos = p;
  d.textPos = t;
  return {${literal}};
};`, undefined);
}

/** The object first, numbered; then its properties, which exist and so are stored without meeting a setter. */
export function compileCarefulReader(keys: string[], hole: unknown): ShapeReader | undefined {
  const n = keys.length;
  let literal = '';
  let stores = '';
  for (let i = 0; i < n; i++) {
    const name = jsonStringify(keys[i]!);
    literal += `${propertyName(keys[i]!)}:undefined,`;
    stores += `if ((v = d.value(d.i32[d.pos++])) === hole) delete o[${name}]; else o[${name}] = v;\n`;
  }
  return compile(`
return function read(d) {
  if (d.end - d.pos < ${n}) throw new Corrupt('count');
  let v;
  const o = d.add({${literal}});
  ${stores}
  return o;
};`, hole);
}

/** An object of these keys from an array of its values. */
export function compileLiteral(keys: string[]): ((values: unknown[]) => object) | undefined {
  let literal = '';
  for (let i = 0; i < keys.length; i++) literal += `${propertyName(keys[i]!)}:v[${i}],`;
  return generate('v', `return {${literal}};`) as ((values: unknown[]) => object) | undefined;
}

/** The same by a constructor. Its stores meet setters of Object.prototype. */
export function compileConstructor(keys: string[]): ((values: unknown[]) => object) | undefined {
  let stores = '';
  for (let i = 0; i < keys.length; i++) stores += `this[${jsonStringify(keys[i]!)}]=v[${i}];`;
  return generate('prototype', `
function Object(v) {${stores}}
Object.prototype = prototype;
return (v) => new Object(v);`)?.(ObjectPrototype) as ((values: unknown[]) => object) | undefined;
}

function compile(body: string, hole: unknown): ShapeReader | undefined {
  return generate('Corrupt,substring,hole', body)?.(CorruptMessageError, substring, hole) as ShapeReader | undefined;
}

function read(i: number): string {
  return `w = i[p++];
  if ((w & 15) === ${Tag.Str}) v${i} = substring(text, t, t += w >>> 4);
  else if ((w & 15) === ${Tag.Int}) v${i} = w >> 4;
  else { d.pos = p; d.textPos = t; v${i} = d.value(w); p = d.pos; t = d.textPos; }
  `;
}

/** `__proto__: v` in a literal would set the prototype; computed names are slow, so only that one is computed. */
function propertyName(key: string): string {
  return key === '__proto__' ? '["__proto__"]' : jsonStringify(key);
}
