// Times that networks write (RFC 3339, section 5.6), in milliseconds since 1970.

import { UTC, matched } from './language.js';

const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** Null if it is none, has no zone or was before 1970. Of the fraction, three digits count. */
export function timeMs(text) {
  const it = matched(TIME, text);
  if (it === null) return null;
  const [year, month, day, hour, minute] = [+it[1], +it[2], +it[3], +it[4], +it[5]];
  // A leap second counts as the second before it.
  const second = it[6] === '60' ? 59 : +it[6];
  const [zoneHour, zoneMinute] = [+(it[9] ?? 0), +(it[10] ?? 0)];
  const inDay = hour < 24 && minute < 60 && second < 60 && zoneHour < 24 && zoneMinute < 60;
  if (!inDay || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  const ahead = (zoneHour * 60 + zoneMinute) * (it[8] === '-' ? -60_000 : 60_000);
  const ms = UTC(year, month - 1, day, hour, minute, second, thousandths(it[7])) - ahead;
  return ms >= 0 ? ms : null;
}

function thousandths(fraction = '') {
  return +(fraction[0] ?? 0) * 100 + +(fraction[1] ?? 0) * 10 + +(fraction[2] ?? 0);
}

function daysIn(year, month) {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
