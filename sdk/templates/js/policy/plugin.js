// Lets nothing leave between 22:00 and 06:00 UTC.
//
// wit/*.wit says what the gateway hands over and wants back. Here, a record is an object with names in camelCase,
// a variant is `{ tag, val }`, an absent value is `null`, and an error is thrown. Integers beyond 2^53 are not exact.

const HOUR_MS = 3_600_000;

export const policy = {
  configure(json) {
    if (json.replace(/\s/g, '') !== '{}') {
      throw { tag: 'invalid', val: ['settings', 'must be empty: this plugin has none'] };
    }
  },

  evaluate(request) {
    const hour = Math.floor(request.nowMs / HOUR_MS) % 24;
    if (hour >= 6 && hour < 22) {
      return { tag: 'release', val: [] };
    }
    return { tag: 'withhold', val: 'outside 06:00 to 22:00 UTC' };
  },
};
