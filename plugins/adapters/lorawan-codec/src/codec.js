// A vendor's codec: TS013-1.0.0 (`decodeUplink`), The Things Network v2 (`Decoder`) or ChirpStack v3 (`Decode`).
//
// # Promises
//
// - Its source is compiled once. Each uplink runs it from its top, so that its variables are new; globals that it
//   leaves behind are removed. What it changes of JavaScript's own objects stays until the instance ends.
// - It has no clock and no chance: `new Date()` is the time of the uplink, `Math.random()` is always the same.
// - It speaks JSON: what `JSON.stringify` makes nothing of (NaN, functions, undefined) is nothing.

import { malformed } from './refusal.js';
import { invalid } from './settings.js';
import { EngineDate, EngineFunction, defineProperty, isArray, keys, parse, stringify } from './language.js';

const DATA_CHARS_MAX = 256 * 1024;
const ENTRIES = ['decodeUplink', 'Decode', 'Decoder', 'normalizeUplink'];

/** With what a codec is run, and where its functions may be that it did not declare. */
const SCRIPT = { parameters: [], elsewhere: () => 'undefined' };
const MODULE = {
  parameters: ['module', 'exports'],
  elsewhere: (name) => `module.exports?.${name} ?? exports.${name}`,
};

/** What the engine offers beside the language: a way around its sandbox, and a clock that there is not. */
const ENGINE_GLOBALS = ['__cqjs', 'wit', 'performance', 'queueMicrotask'];

let nowMs = 0;

export class Codec {
  #load;
  #variables;

  constructor(source, variables) {
    prepareGlobals();
    this.#load = loaderOf(source);
    this.#variables = variables;
  }

  /** What it makes of an uplink: its data, and its normalized measurements if it knows how. */
  decode(uplink) {
    nowMs = uplink.recvMs;
    try {
      return attempt(() => this.#run(uplink));
    } finally {
      removeLeftovers();
    }
  }

  #run({ bytes, fPort, recvMs }) {
    const { decodeUplink, Decode, Decoder, normalizeUplink } = this.#load();
    const variables = { ...this.#variables };
    if (!decodeUplink) {
      const data = Decode ? Decode(fPort, bytes, variables) : Decoder(bytes, fPort);
      return { data: plain(data, false), measurements: [] };
    }
    const output = decodeUplink({ bytes, fPort, recvTime: new EngineDate(recvMs), variables });
    const data = dataOf(output);
    return { data, measurements: normalizeUplink ? measurementsOf(normalizeUplink, output.data) : [] };
  }
}

/** Whatever a codec throws, at whatever depth, means that it did not understand the payload. */
function attempt(run) {
  try {
    return run();
  } catch {
    throw malformed('the codec did not decode it');
  }
}

/** As networks run it or, where that does not do, as Node would: some are published with their `exports`. */
function loaderOf(source) {
  let mistake;
  for (const style of [SCRIPT, MODULE]) {
    try {
      const load = compile(source, style);
      const { decodeUplink, Decode, Decoder } = load();
      if (decodeUplink || Decode || Decoder) return load;
    } catch (error) {
      mistake ??= `does not run: ${told(error)}`;
    } finally {
      removeLeftovers();
    }
  }
  throw invalid('codec', mistake ?? 'must define decodeUplink(input), Decode(fPort, bytes) or Decoder(bytes, port)');
}

/** A function's body is compiled once and run often; a script could only be compiled anew each time. */
function compile(source, { parameters, elsewhere }) {
  const entries = ENTRIES.map((name) => `${name}: typeof ${name} === 'function' ? ${name} : ${elsewhere(name)}`);
  const body = new EngineFunction(...parameters, `${source}\n;return { ${entries.join(', ')} };`);
  return () => {
    const module = { exports: {} };
    return body(module, module.exports);
  };
}

/** What such a function returned as data. Errors mean that it is none. */
function dataOf(output, mayBeArray = false) {
  const { data, errors } = output;
  if (typeof errors === 'string' ? errors !== '' : errors?.length > 0) throw errors;
  return data === undefined || data === null ? {} : plain(data, mayBeArray);
}

/** Normalized data is an object or several; where it has errors, what was decoded still counts. */
function measurementsOf(normalizeUplink, data) {
  try {
    const normalized = dataOf(normalizeUplink({ data }), true);
    return isArray(normalized) ? normalized : [normalized];
  } catch {
    return [];
  }
}

/** A copy in which nothing of the codec is left: no getter, proxy or prototype. */
function plain(value, mayBeArray) {
  const json = stringify(value);
  if (json.length > DATA_CHARS_MAX) throw json;
  const copy = parse(json);
  if (typeof copy !== 'object' || copy === null || (isArray(copy) && !mayBeArray)) throw copy;
  return copy;
}

/** The owner's own codec is told about to its owner, briefly. */
function told(error) {
  return String(error?.message ?? 'it throws').slice(0, 120);
}

function prepareGlobals() {
  const silent = () => {};
  const console = { log: silent, info: silent, warn: silent, error: silent, debug: silent, trace: silent };
  define('console', console);
  define('Date', dateOfTheUplink());
  Math.random = () => 0.5;
  for (const name of ENGINE_GLOBALS) delete globalThis[name];
}

function define(name, value) {
  defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

/** `Date`, with the time of the uplink for now. */
function dateOfTheUplink() {
  function Date(...parts) {
    if (!new.target) return new EngineDate(nowMs).toString();
    return parts.length === 0 ? new EngineDate(nowMs) : new EngineDate(...parts);
  }
  Date.prototype = EngineDate.prototype;
  Date.prototype.constructor = Date;
  Date.now = () => nowMs;
  Date.parse = EngineDate.parse;
  Date.UTC = EngineDate.UTC;
  return Date;
}

/** A variable that a codec forgot to declare is a global, and the only kind that is listed: the rest is hidden. */
function removeLeftovers() {
  const left = keys(globalThis);
  for (let at = 0; at < left.length; at += 1) delete globalThis[left[at]];
}
