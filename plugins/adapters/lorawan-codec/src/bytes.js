// Bytes that came as text.

import { fromBase64 } from './language.js';
import { malformed } from './refusal.js';

const HEX = valuesOf(['0123456789abcdef', 'ABCDEF'], [0, 10]);
const SPACE = valuesOf([' \t\r\n'], [0]);

/** RFC 4648, section 4; the padding at its end may be missing. */
export function ofBase64(text) {
  let bytes;
  try {
    bytes = fromBase64(text);
  } catch {
    throw malformed('the payload is not base64');
  }
  return listOf(bytes);
}

/** Codecs are promised an array of numbers, and some use what a typed array does not have. */
export function listOf(bytes) {
  const list = [];
  for (let at = 0; at < bytes.length; at += 1) list[at] = bytes[at];
  return list;
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
