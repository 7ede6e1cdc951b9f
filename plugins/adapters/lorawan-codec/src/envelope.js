// Finds the payload in what a LoRaWAN network sends: The Things Stack v3, ChirpStack v4 and v3.
//
// # Promises
//
// - Of the envelope go on: the payload, the port, the frame counter, the time, and how well the best gateway heard it.
// - Protobuf leaves out what is 0 (its JSON mapping): a frame counter that is not there is 0.

import { NOT_MINE, malformed, unsupported } from './refusal.js';
import { isArray, isFinite, isInteger, isObject, latin1, matched, own, parse } from './language.js';
import { listOf, ofBase64, ofHex } from './bytes.js';
import { timeMs } from './time.js';

/** More than any LoRaWAN frame holds (TS001-1.0.4, section 4.3.2: 242 bytes). */
const PAYLOAD_BYTES_MAX = 4096;

/** ChirpStack: what only its other events have, for those that come without a topic. */
const CHIRP_EVENT_KEYS = [
  'queueItemId', 'downlinkId', 'level', 'location', 'integrationName', 'margin', 'batteryLevel', 'acknowledged',
  'error', 'batteryLevelUnavailable', 'externalPowerSource',
];
const CHIRP_TOPIC = /(?:^|\/)device\/[^/]+\/(?:event\/)?([a-z]+)$/;

/** The uplink in a frame, or null for an event that is none. */
export function uplinkOf(frame, settings) {
  const uplink = settings.port === null ? enveloped(frame, settings) : bare(frame, settings);
  if (uplink === null) return null;
  if (uplink.bytes.length > PAYLOAD_BYTES_MAX) throw malformed('the payload is longer than 4096 bytes');
  uplink.recvMs = uplink.atMs ?? frame.receivedMs;
  return uplink;
}

function bare(frame, { encoding, port }) {
  const bytes = encoding === 'hex' ? ofHex(latin1(frame.body)) : listOf(frame.body);
  return { bytes, fPort: port, atMs: null, fields: [] };
}

function enveloped(frame, settings) {
  // No text of an envelope goes on, so that nothing beyond ASCII has to be right.
  const message = json(latin1(frame.body));
  const up = own(message, 'uplink_message');
  if (isObject(up)) return ofThingsStack(message, up, settings);
  if (isObject(own(message, 'deviceInfo')) || own(message, 'devEUI') !== undefined) {
    return isChirpUplink(frame.channel, message) ? ofChirpStack(message) : null;
  }
  if (isObject(own(message, 'end_device_ids'))) return null;
  throw NOT_MINE;
}

function ofThingsStack(message, up, { simulated }) {
  if (own(message, 'simulated') === true && !simulated) throw unsupported('no device sent it: it is simulated');
  const isLora = isObject(own(own(own(up, 'settings'), 'data_rate'), 'lora'));
  const heard = best(own(up, 'rx_metadata'), ['snr'], isLora);
  return {
    bytes: payload(own(up, 'frm_payload')),
    fPort: number(own(up, 'f_port'), 255),
    atMs: timeMs(own(up, 'received_at')) ?? timeMs(own(message, 'received_at')),
    fields: network(own(up, 'f_cnt'), own(up, 'f_port'), heard),
  };
}

function ofChirpStack(message) {
  const tx = own(message, 'txInfo');
  const isLora = isObject(own(own(tx, 'modulation'), 'lora')) || own(tx, 'modulation') === 'LORA';
  const heard = best(own(message, 'rxInfo'), ['snr', 'loRaSNR'], isLora);
  return {
    bytes: payload(own(message, 'data')),
    fPort: number(own(message, 'fPort'), 255),
    atMs: timeMs(own(message, 'time')) ?? timeMs(own(message, 'publishedAt')),
    fields: network(own(message, 'fCnt'), own(message, 'fPort'), heard),
  };
}

function isChirpUplink(channel, message) {
  const topic = matched(CHIRP_TOPIC, channel);
  if (topic !== null) return topic[1] === 'up' || topic[1] === 'rx';
  for (let at = 0; at < CHIRP_EVENT_KEYS.length; at += 1) {
    if (own(message, CHIRP_EVENT_KEYS[at]) !== undefined) return false;
  }
  return isArray(own(message, 'rxInfo')) || own(message, 'data') !== undefined;
}

/** The reception with the most signal above the noise, then the strongest. */
function best(receptions, snrNames, isLora) {
  let best = null;
  for (let at = 0; isArray(receptions) && at < receptions.length; at += 1) {
    const rssi = own(receptions[at], 'rssi') ?? own(receptions[at], 'channel_rssi');
    let snr = isLora && isFinite(rssi) ? 0 : undefined;
    for (let name = 0; name < snrNames.length; name += 1) snr = own(receptions[at], snrNames[name]) ?? snr;
    const heard = { rssi: isFinite(rssi) ? rssi : -Infinity, snr: isFinite(snr) ? snr : -Infinity };
    if (best === null || heard.snr > best.snr || (heard.snr === best.snr && heard.rssi > best.rssi)) best = heard;
  }
  return best;
}

function network(count, port, heard) {
  const fields = [{ path: 'sequence', value: { tag: 'int', val: number(count, 4294967295) }, unit: null }];
  if (port !== undefined) fields[1] = { path: 'port', value: { tag: 'int', val: port }, unit: null };
  if (isFinite(heard?.rssi)) fields[fields.length] = measured('signal', heard.rssi, '{dBm}');
  if (isFinite(heard?.snr)) fields[fields.length] = measured('signal-noise-ratio', heard.snr, 'dB');
  return fields;
}

function measured(path, number, unit) {
  return { path, value: { tag: 'real', val: number }, unit };
}

/** A number of protobuf's that is left out where it is 0. */
function number(value, max) {
  const number = value ?? 0;
  if (!isInteger(number) || number < 0 || number > max) throw malformed('a port or a frame counter is out of range');
  return number;
}

function payload(text) {
  if (text === undefined || text === null) return [];
  if (typeof text !== 'string') throw malformed('the payload is not a text');
  return ofBase64(text);
}

function json(text) {
  let message;
  try {
    message = parse(text);
  } catch {
    throw matched(/^\s*\{/, text) === null ? NOT_MINE : malformed('the body is not the JSON that it should be');
  }
  if (!isObject(message)) throw NOT_MINE;
  return message;
}
