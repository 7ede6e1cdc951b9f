// Times that networks write (RFC 3339, section 5.6), in milliseconds since 1970.

import { UTC, matched } from './language.js';

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Null if it is none, has no zone or was before 1970. Of the fraction, three digits count. */
export function timeMs(text) {
  const it = matched(TIME, text);
  if (it === null) return null;
  const month = +it[2];
  // A leap second counts as the second before it.
  const second = it[6] === '60' ? 59 : +it[6];
  if (+it[4] > 23 || +it[5] > 59 || second > 59 || +it[9] > 23 || +it[10] > 59) return null;
  if (month < 1 || month > 12 || +it[3] < 1 || +it[3] > daysIn(+it[1], month)) return null;
  const utc = UTC(+it[1], month - 1, +it[3], +it[4], +it[5], second, it[7] === undefined ? 0 : thousandths(it[7]));
  const ms = it[8] === undefined ? utc : utc - (+it[9] * 60 + +it[10]) * (it[8] === '-' ? -60_000 : 60_000);
  return ms >= 0 ? ms : null;
}

function thousandths(fraction) {
  return +(fraction[0] ?? 0) * 100 + +(fraction[1] ?? 0) * 10 + +(fraction[2] ?? 0);
}

function daysIn(year, month) {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
