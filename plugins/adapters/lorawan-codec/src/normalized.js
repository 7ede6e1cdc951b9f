// What The Things Stack's normalized payload says, in the words of docs/fields.md.
//
// From lib/payload.json of TheThingsNetwork/lorawan-devices, which defines names and units. Without `battery`:
// it should be volts, and is percent in many codecs.

import { isInteger } from './language.js';
import { real } from './values.js';

const ROWS = [
  ['air.temperature', 'temperature', 'Cel', number],
  ['air.relativeHumidity', 'humidity', '%', number],
  ['air.pressure', 'pressure', 'hPa', number],
  ['air.co2', 'co2', '[ppm]', number],
  ['air.lightIntensity', 'illuminance', 'lx', number],
  ['wind.speed', 'wind-speed', 'm/s', number],
  ['wind.direction', 'wind-direction', 'deg', number],
  ['soil.depth', 'depth', 'cm', number],
  ['soil.moisture', 'moisture', '%', number],
  ['soil.temperature', 'temperature-soil', 'Cel', number],
  ['soil.ec', 'conductivity', 'dS/m', number],
  ['soil.pH', 'ph', '[pH]', number],
  ['soil.n', 'nitrogen', '[ppm]', number],
  ['soil.p', 'phosphorus', '[ppm]', number],
  ['soil.k', 'potassium', '[ppm]', number],
  ['water.leak', 'water-leak', null, flag],
  ['water.temperature.current', 'temperature-water', 'Cel', number],
  ['water.temperature.min', 'temperature-water-min', 'Cel', number],
  ['water.temperature.max', 'temperature-water-max', 'Cel', number],
  ['water.temperature.avg', 'temperature-water-avg', 'Cel', number],
  ['metering.water.total', 'water-volume', 'L', number],
  ['action.motion.detected', 'motion', null, flag],
  ['action.motion.count', 'motion-count', null, count],
  ['action.contactState', 'open', null, contact],
  ['position.latitude', 'latitude', 'deg', number],
  ['position.longitude', 'longitude', 'deg', number],
];

/** By name: path, unit, and what makes a value of that kind, or null. */
export const NORMALIZED = Object.create(null);
for (const [name, path, unit, read] of ROWS) NORMALIZED[name] = { path, unit, read };

function number(value) {
  return typeof value === 'number' ? real(value) : null;
}

function count(value) {
  return isInteger(value) ? { tag: 'int', val: value } : null;
}

function flag(value) {
  return typeof value === 'boolean' ? { tag: 'flag', val: value } : null;
}

function contact(value) {
  return value === 'open' || value === 'closed' ? { tag: 'flag', val: value === 'open' } : null;
}
