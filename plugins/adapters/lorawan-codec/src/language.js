// JavaScript's own functions, taken before any codec ran: a codec may replace what it likes, and these stay.
//
// What reads an envelope uses these and syntax alone, so that no method of a codec is ever handed a part of it.

export const { apply } = Reflect;
export const { defineProperty, hasOwn, keys } = Object;
export const { isArray } = Array;
export const { parse, stringify } = JSON;
export const { isFinite, isInteger } = Number;
export const { round } = Math;
export const EngineDate = Date;
export const { UTC } = Date;
export const EngineFunction = Function;

const fromBase64Of = Uint8Array.fromBase64;
const toBase64Of = Uint8Array.prototype.toBase64;
const binaryOf = atob;
const execOf = RegExp.prototype.exec;
const toPrecisionOf = Number.prototype.toPrecision;

/** The groups of a match, or null. */
export function matched(pattern, text) {
  return typeof text === 'string' ? apply(execOf, pattern, [text]) : null;
}

/** The bytes of base64, as a typed array; throws if it is none. */
export function fromBase64(text) {
  return apply(fromBase64Of, Uint8Array, [text]);
}

/** A character for each byte. By way of base64, which is twice as fast here as anything that looks at each byte. */
export function latin1(bytes) {
  return binaryOf(apply(toBase64Of, bytes, []));
}

/** To so many significant digits. */
export function rounded(number, digits) {
  return +apply(toPrecisionOf, number, [digits]);
}

/** An object's own property, whatever a codec put into the prototype of all objects. */
export function own(value, name) {
  return isObject(value) && hasOwn(value, name) ? value[name] : undefined;
}

export function isObject(value) {
  return typeof value === 'object' && value !== null;
}
