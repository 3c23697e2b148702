/** Objects without children: Date, RegExp, boxed primitives. */
import type { Encoder } from './encoder';
import { Ext, Tag } from './format';
import {
  bigIntValueOf, booleanValueOf, charCodeAt, dateGetTime, isBigIntObject, isBooleanObject, isNumberObject, isRegExp,
  isStringObject, numberValueOf, regExpFlagGetters, regExpFlagLetters, regExpSource, stringValueOf, StringFromCharCode,
} from './primordials';

/** Writes the tag of an object seen for the first time (true), or the reference to it (false). */
export function beginLeaf(e: Encoder, object: object, word: number): boolean {
  const known = e.ids.enterExact(object);
  if (known >= 0) {
    e.backRef(e.pos, e.text, known);
    return false;
  }
  e.i32[e.pos++] = word;
  return true;
}

export function writeDate(e: Encoder, date: Date): boolean {
  let time: number;
  try {
    time = dateGetTime(date);
  } catch {
    return false; // the prototype lies
  }
  if (beginLeaf(e, date, Tag.Ext | (Ext.Date << 4))) e.rawDouble(time);
  return true;
}

/** lastIndex is not cloned. The flags getter would read patchable properties, the single ones read the flags. */
export function writeRegExp(e: Encoder, regExp: RegExp): boolean {
  if (!isRegExp(regExp)) return false;
  if (!beginLeaf(e, regExp, Tag.Ext | (Ext.RegExp << 4))) return true;
  let flags = '';
  for (let i = 0; i < regExpFlagLetters.length; i++) {
    if (regExpFlagGetters[i]?.(regExp) === true) flags += StringFromCharCode(charCodeAt(regExpFlagLetters, i));
  }
  return e.scalar(regExpSource(regExp)) && e.scalar(flags);
}

export function writeNumberObject(e: Encoder, object: object): boolean {
  return isNumberObject(object) && writeBoxed(e, object, numberValueOf(object));
}

export function writeStringObject(e: Encoder, object: object): boolean {
  return isStringObject(object) && writeBoxed(e, object, stringValueOf(object));
}

export function writeBooleanObject(e: Encoder, object: object): boolean {
  return isBooleanObject(object) && writeBoxed(e, object, booleanValueOf(object));
}

export function writeBigIntObject(e: Encoder, object: object): boolean {
  return isBigIntObject(object) && writeBoxed(e, object, bigIntValueOf(object));
}

function writeBoxed(e: Encoder, object: object, value: unknown): boolean {
  return beginLeaf(e, object, Tag.Ext | (Ext.Boxed << 4)) ? e.scalar(value) : true;
}
