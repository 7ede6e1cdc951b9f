// Reads a temperature in degrees Celsius that a device sends as a text, such as `21.5`.
//
// wit/*.wit says what the gateway hands over and wants back. Here, a record is an object with names in camelCase,
// a variant is `{ tag, val }`, an absent value is `null`, and an error is thrown. Integers beyond 2^53 are not exact.

const DECIMAL = /^[\t-\r ]*([+-]?\d+(\.\d+)?)[\t-\r ]*$/;

export const adapter = {
  configure(json) {
    if (json.replace(/\s/g, '') !== '{}') {
      throw { tag: 'invalid', val: ['settings', 'must be empty: this plugin has none'] };
    }
  },

  decode(frame) {
    const [, number] = text(frame.body).match(DECIMAL) ?? [];
    const celsius = Number(number);
    if (!Number.isFinite(celsius)) {
      throw { tag: 'malformed', val: 'it is not a decimal number' };
    }
    const value = { tag: 'real', val: celsius };
    return [{ kind: 'temperature', atMs: null, fields: [{ path: 'temperature', value, unit: 'Cel' }] }];
  },
};

/** Bytes as text. Right for ASCII, and a number is nothing else; this engine has no TextDecoder. */
function text(bytes) {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
