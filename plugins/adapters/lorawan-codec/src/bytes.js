// Bytes that came as text.

import { malformed } from './refusal.js';

/** Both alphabets of RFC 4648: protobuf's JSON mapping takes either. */
const BASE64 = valuesOf(['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', '-_'], [0, 62]);
const HEX = valuesOf(['0123456789abcdef', 'ABCDEF'], [0, 10]);
const SPACE = valuesOf([' \t\r\n'], [0]);

/** RFC 4648, sections 4 and 5; the padding at its end may be missing. */
export function ofBase64(text) {
  let end = text.length;
  while (end > 0 && text.length - end < 2 && text[end - 1] === '=') end -= 1;
  if (end % 4 === 1 || (end !== text.length && text.length % 4 !== 0)) throw malformed('the payload is not base64');
  const bytes = [];
  let bits = 0;
  for (let at = 0; at < end; at += 1) {
    const value = BASE64[text[at]];
    if (value === undefined) throw malformed('the payload is not base64');
    bits = ((bits << 6) | value) & 0xffffff;
    const left = 6 * ((at % 4) + 1) % 8;
    if (at % 4 > 0) bytes[bytes.length] = (bits >> left) & 0xff;
  }
  return bytes;
}

/** Two digits a byte, white space between bytes and around them allowed. */
export function ofHex(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 1) {
    if (SPACE[text[at]] !== undefined) continue;
    const high = HEX[text[at]];
    const low = HEX[text[at + 1]];
    if (high === undefined || low === undefined) throw malformed('the text is not hexadecimal');
    bytes[bytes.length] = (high << 4) | low;
    at += 1;
  }
  return bytes;
}

/** What each character of some alphabets stands for, counted from some start. */
function valuesOf(alphabets, starts) {
  const values = Object.create(null);
  alphabets.forEach((alphabet, which) => {
    [...alphabet].forEach((character, at) => {
      values[character] = starts[which] + at;
    });
  });
  return values;
}
