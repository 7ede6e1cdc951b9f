// What a codec returned, as fields.
//
// # Promises
//
// - At most 256 fields, each path once: of the network first, then what the owner mapped, then what is normalized,
//   then the rest by its own name.

import { isArray, isObject, keys, matched } from './language.js';
import { NORMALIZED } from './normalized.js';
import { pathOf } from './names.js';
import { real, scalar } from './values.js';

const FIELDS_MAX = 256;
const LEVELS_MAX = 8;
const AMOUNT = /^\s*([+-]?\d+(?:\.\d+)?)\s*(?:[^\s\d.,:/+-][^\d]*)?$/;

export function collect({ network, mapping, data, normalized }) {
  // Nothing below makes one of the network's paths.
  const fields = { list: network, paths: Object.create(null) };
  const named = flat(data);
  const rest = [];
  for (let at = 0; at < named.length; at += 1) {
    const rule = mapping[named[at].name];
    if (rule) add(fields, rule.path, mapped(named[at].value, rule), rule.unit);
    else rest[rest.length] = named[at];
  }
  const measured = flat(normalized);
  for (let at = 0; at < measured.length; at += 1) addNormalized(fields, measured[at].name, measured[at].value);
  for (let at = 0; at < rest.length; at += 1) add(fields, pathOf(rest[at].name), scalar(rest[at].value), null);
  return fields.list;
}

function add(fields, path, value, unit) {
  if (path === null || value === null || fields.paths[path] || fields.list.length >= FIELDS_MAX) return;
  fields.paths[path] = true;
  fields.list[fields.list.length] = { path, value, unit };
}

/** The measurement's own time is no field of it. */
function addNormalized(fields, name, value) {
  const meaning = NORMALIZED[name];
  const known = meaning ? meaning.read(value) : null;
  if (known !== null) add(fields, meaning.path, known, meaning.unit);
  else if (name !== 'time') add(fields, pathOf(name), scalar(value), null);
}

/** Names and values, with dots for nesting and `-1`, `-2` … for the items of a list. */
function flat(data) {
  const found = [];
  descend(data, '', 1, found);
  return found;
}

function descend(value, name, level, found) {
  if (found.length >= 4 * FIELDS_MAX || level > LEVELS_MAX) return;
  if (!isObject(value)) {
    if (name !== '') found[found.length] = { name, value };
    return;
  }
  const parts = isArray(value) ? null : keys(value);
  const count = parts ? parts.length : value.length;
  for (let at = 0; at < count; at += 1) {
    const inner = parts ? (name === '' ? parts[at] : `${name}.${parts[at]}`) : `${name}-${at + 1}`;
    descend(value[parts ? parts[at] : at], inner, level + 1, found);
  }
}

/** Where the owner declared a unit there must be a number; a text such as `3.384 V` is read as one. */
function mapped(value, { unit, scale }) {
  const amount = typeof value === 'string' && unit !== null ? matched(AMOUNT, value) : null;
  const number = amount ? +amount[1] : value;
  if (typeof number === 'number') return real(number * scale);
  return unit === null ? scalar(value) : null;
}
