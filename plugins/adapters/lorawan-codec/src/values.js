// What a codec computed, as a value.
//
// # Promises
//
// - Numbers are rounded to 12 significant digits. Codecs compute in binary: 189 × 0.1 is 18.900000000000002 there, and
//   the device meant 18.9. No sensor of theirs has more digits; whole numbers (times, counters) keep all of theirs.

import { isFinite, isInteger, round, rounded } from './language.js';

/** Never more than 1 KiB of UTF-8. */
const TEXT_CHARS_MAX = 341;
const DIGITS = 12;
/** The most that has at most six digits before its point. */
const SHORT_MAX = 999_999;

/** JavaScript has no whole numbers: all are real. */
export function real(number) {
  if (!isFinite(number)) return null;
  return { tag: 'real', val: isInteger(number) || isShort(number) ? number : rounded(number, DIGITS) };
}

/** Whether it is what six decimals stand for: then it has no more digits, and rounding, which is slow, leaves it. */
function isShort(number) {
  return number < SHORT_MAX && number > -SHORT_MAX && round(number * 1e6) / 1e6 === number;
}

export function scalar(value) {
  if (typeof value === 'number') return real(value);
  if (typeof value === 'boolean') return { tag: 'flag', val: value };
  return typeof value === 'string' && value.length <= TEXT_CHARS_MAX ? { tag: 'text', val: value } : null;
}
