// What the owner set, checked. The schema in plugin.toml was asked before; this holds without it.

import { NETWORK_PATHS, isPath } from './names.js';

const KNOWN = ['codec', 'encoding', 'fields', 'port', 'simulated', 'variables'];
const CODEC_BYTES_MAX = 256 * 1024;
const FIELDS_MAX = 256;

export function settingsOf(json) {
  const given = object(json);
  for (const name of Object.keys(given)) {
    if (!KNOWN.includes(name)) throw invalid(name, `is not a setting; there are: ${KNOWN.join(', ')}`);
  }
  const { codec, encoding = 'raw', fields = {}, port = null, simulated = false, variables = {} } = given;
  if (codec === undefined) throw { tag: 'missing', val: 'codec' };
  check('codec', typeof codec === 'string' && codec.length <= CODEC_BYTES_MAX, 'JavaScript, 256 KiB at most');
  check('encoding', encoding === 'raw' || encoding === 'hex', 'raw or hex');
  check('encoding', given.encoding === undefined || port !== null, 'for payloads without an envelope: set `port`, too');
  check('port', port === null || (Number.isInteger(port) && port >= 1 && port <= 255), '1 to 255');
  check('simulated', typeof simulated === 'boolean', 'true or false');
  check('variables', isPlain(variables) && Object.values(variables).every(isText), 'a table of texts');
  check('fields', isPlain(fields) && Object.keys(fields).length <= FIELDS_MAX, 'a table of 256 names at most');
  return { codec, encoding, fields: mapping(fields), port, simulated, variables };
}

/** Name by name, without a prototype: a codec chooses the names that are looked up here. */
function mapping(fields) {
  const mapping = Object.create(null);
  for (const [name, rule] of Object.entries(fields)) {
    check('fields', isRule(rule), 'a path for each name, and `unit` and `scale` where it has them');
    check('fields', !NETWORK_PATHS.includes(rule.path), 'other paths than those of the network itself');
    mapping[name] = { path: rule.path, unit: rule.unit ?? null, scale: rule.scale ?? 1 };
  }
  return mapping;
}

function isRule(rule) {
  if (!isPlain(rule) || !isText(rule.path) || !isPath(rule.path)) return false;
  if (!Object.keys(rule).every((key) => key === 'path' || key === 'unit' || key === 'scale')) return false;
  const { unit, scale } = rule;
  return (unit === undefined || (isText(unit) && unit !== '' && unit.length <= 32)) &&
    (scale === undefined || (Number.isFinite(scale) && scale !== 0));
}

function object(json) {
  try {
    const value = JSON.parse(json);
    if (isPlain(value)) return value;
  } catch {
    // Told below.
  }
  throw invalid('configuration', 'must be a JSON object');
}

function isPlain(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value) {
  return typeof value === 'string';
}

function check(setting, holds, mustBe) {
  if (!holds) throw invalid(setting, mustBe);
}

export function invalid(setting, mustBe) {
  return { tag: 'invalid', val: [setting, mustBe] };
}
