// How names become paths.

import { matched } from './language.js';

/** The paths that no codec and no setting can have: they are the network's. */
export const NETWORK_PATHS = ['sequence', 'port', 'signal', 'signal-noise-ratio'];

const PATH_BYTES_MAX = 64;
const NAMES_MAX = 1024;
const PATH = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;

/** Paths that were asked for already: a codec uses the same few names for ever. */
const known = new Map();

export function isPath(text) {
  return text.length <= PATH_BYTES_MAX && matched(PATH, text) !== null;
}

/**
 * `Air.TempC_SHT-2` becomes `air.temp-c-sht-2`. Null if nothing is left of a part of it, or too much, or a path of the
 * network.
 */
export function pathOf(name) {
  const found = known.get(name);
  if (found !== undefined) return found;
  const path = hyphenated(name);
  const made = isPath(path) && !NETWORK_PATHS.includes(path) ? path : null;
  if (known.size < NAMES_MAX) known.set(name, made);
  return made;
}

/** A word begins at each capital that follows a small letter or a digit. */
function hyphenated(name) {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').replace(/[^A-Za-z0-9.]+/g, '-');
  return words.replace(/-*\.-*/g, '.').replace(/^-+|-+$/g, '').toLowerCase();
}
