// Runs the payload codec that a device's vendor published, unchanged, on what a LoRaWAN network hands on.
//
// # Promises
//
// - A codec is handed the payload's bytes, the port and the time. Of the envelope (names, EUIs, gateways, keys) it
//   sees nothing.
// - Each uplink finds the codec as if it had just been loaded: what its variables held before is gone.
// - What leaves is numbers, flags and texts by name. A name that the owner mapped has the owner's path and unit.
// - A codec returns data and nothing else: it has no path for `sequence`, `port` or `signal`, which are the network's.

import { Codec } from './codec.js';
import { uplinkOf } from './envelope.js';
import { collect } from './fields.js';
import { settingsOf } from './settings.js';
import { malformed } from './refusal.js';
import { own } from './language.js';
import { timeMs } from './time.js';

let settings;
let codec;

export const adapter = {
  configure(json) {
    if (settings) throw { tag: 'invalid', val: ['configuration', 'may be set once for each instance'] };
    const read = settingsOf(json);
    codec = new Codec(read.codec, read.variables);
    settings = read;
  },

  decode(frame) {
    if (!settings) throw { tag: 'unsupported', val: 'not configured' };
    const uplink = uplinkOf(frame, settings);
    if (uplink === null) return [];
    const decoded = uplink.bytes.length > 0 ? codec.decode(uplink) : { data: {}, measurements: [] };
    return readings(uplink, decoded);
  },
};

/** The uplink itself, and each of several normalized measurements by itself. */
function readings(uplink, { data, measurements }) {
  const lone = measurements.length === 1 && own(measurements[0], 'time') === undefined ? measurements[0] : {};
  const apart = lone === measurements[0] ? [] : measurements;
  const fields = collect({ network: uplink.fields, mapping: settings.fields, data, normalized: lone });
  const main = { kind: 'uplink', atMs: uplink.atMs, fields };
  if (apart.length + 1 > 64) throw malformed('it holds more than 64 measurements');
  const others = [];
  for (let at = 0; at < apart.length; at += 1) {
    const none = { network: [], mapping: {}, data: {} };
    const fields = collect({ ...none, normalized: apart[at] });
    others[at] = { kind: 'measurement', atMs: timeMs(own(apart[at], 'time')) ?? uplink.atMs, fields };
  }
  return [main, ...others];
}
