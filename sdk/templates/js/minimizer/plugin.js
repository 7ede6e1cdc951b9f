// Lets a reading through when its first number has moved by at least 1 since the last one that went through.
//
// wit/*.wit says what the gateway hands over and wants back. Here, a record is an object with names in camelCase,
// a variant is `{ tag, val }`, an absent value is `null`, and an error is thrown. Integers beyond 2^53 are not exact.

export const minimizer = {
  configure(json) {
    if (json.replace(/\s/g, '') !== '{}') {
      throw { tag: 'invalid', val: ['settings', 'must be empty: this plugin has none'] };
    }
  },

  minimize(state, nowMs, readings) {
    let last = readState(state);
    const moved = readings.filter((reading) => {
      const number = firstNumber(reading);
      if (number === null) return false;
      if (last !== null && Math.abs(number - last) < 1) return false;
      last = number;
      return true;
    });
    return { state: writeState(last), readings: moved };
  },
};

function firstNumber(reading) {
  const field = reading.fields.find(({ value }) => value.tag === 'int' || value.tag === 'real');
  return field ? field.value.val : null;
}

/** The state is the last number that went through, as 8 bytes, little-endian. Anything else is no state. */
function readState(state) {
  if (state?.length !== 8) return null;
  return new DataView(Uint8Array.from(state).buffer).getFloat64(0, true);
}

function writeState(last) {
  if (last === null) return null;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, last, true);
  return bytes;
}
