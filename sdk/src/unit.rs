//! The units that devices write, in UCUM.
//!
//! # Promises
//!
//! - A spelling that is not in the table is no unit: nothing is guessed.
//! - Units are named, never converted: `mV` stays `mV`.

/// Spellings and their unit in UCUM, sorted by spelling as [`plain`] leaves it.
const UNITS: [(&str, &str); 179] = [
    ("%", "%"),
    ("% RH", "%"),
    ("%LEL", "%{LEL}"),
    ("%RH", "%"),
    ("/min", "/min"),
    ("A", "A"),
    ("Ah", "A.h"),
    ("B", "By"),
    ("BPM", "/min"),
    ("Bq/m3", "Bq/m3"),
    ("C", "Cel"),
    ("Celsius", "Cel"),
    ("F", "[degF]"),
    ("Fahrenheit", "[degF]"),
    ("G", "G"),
    ("GB", "GBy"),
    ("GHz", "GHz"),
    ("GJ", "GJ"),
    ("GWh", "GW.h"),
    ("GiB", "GiBy"),
    ("Hour", "h"),
    ("Hours", "h"),
    ("Hr", "h"),
    ("Hz", "Hz"),
    ("J", "J"),
    ("K", "K"),
    ("KiB", "KiBy"),
    ("L", "L"),
    ("L/h", "L/h"),
    ("L/min", "L/min"),
    ("L/s", "L/s"),
    ("LUX", "lx"),
    ("Lux", "lx"),
    ("Lx", "lx"),
    ("MB", "MBy"),
    ("MHz", "MHz"),
    ("MJ", "MJ"),
    ("MPa", "MPa"),
    ("MW", "MW"),
    ("MWh", "MW.h"),
    ("MiB", "MiBy"),
    ("Ohm", "Ohm"),
    ("Pa", "Pa"),
    ("Sec", "s"),
    ("V", "V"),
    ("VA", "V.A"),
    ("VAR", "var"),
    ("VARh", "var.h"),
    ("VAr", "var"),
    ("VArh", "var.h"),
    ("W", "W"),
    ("W/m2", "W/m2"),
    ("Wh", "W.h"),
    ("bar", "bar"),
    ("bit", "bit"),
    ("bpm", "/min"),
    ("cal", "cal"),
    ("cbar", "cbar"),
    ("cd", "cd"),
    ("cm", "cm"),
    ("d", "d"),
    ("dB", "dB"),
    ("dB(A)", "dB"),
    ("dBA", "dB"),
    ("dBm", "{dBm}"),
    ("day", "d"),
    ("days", "d"),
    ("deg", "deg"),
    ("degC", "Cel"),
    ("degF", "[degF]"),
    ("degrees", "deg"),
    ("fl. oz.", "[foz_us]"),
    ("ft", "[ft_i]"),
    ("ft/s", "[ft_i]/s"),
    ("ft3", "[cft_i]"),
    ("ft3/min", "[cft_i]/min"),
    ("g", "g"),
    ("g/m3", "g/m3"),
    ("gal", "[gal_us]"),
    ("gal/min", "[gal_us]/min"),
    ("h", "h"),
    ("hPa", "hPa"),
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("in", "[in_i]"),
    ("in/d", "[in_i]/d"),
    ("in/h", "[in_i]/h"),
    ("inHg", "[in_i'Hg]"),
    ("kB", "kBy"),
    ("kHz", "kHz"),
    ("kJ", "kJ"),
    ("kOhm", "kOhm"),
    ("kPa", "kPa"),
    ("kV", "kV"),
    ("kVA", "kV.A"),
    ("kVAr", "kvar"),
    ("kVArh", "kvar.h"),
    ("kW", "kW"),
    ("kWh", "kW.h"),
    ("kcal", "kcal"),
    ("kg", "kg"),
    ("kg/m2", "kg/m2"),
    ("km", "km"),
    ("km/h", "km/h"),
    ("kn", "[kn_i]"),
    ("kvar", "kvar"),
    ("kvarh", "kvar.h"),
    ("l", "L"),
    ("l/h", "L/h"),
    ("l/min", "L/min"),
    ("l/s", "L/s"),
    ("lb", "[lb_av]"),
    ("lbs", "[lb_av]"),
    ("lm", "lm"),
    ("lux", "lx"),
    ("lx", "lx"),
    ("m", "m"),
    ("m/s", "m/s"),
    ("m/s2", "m/s2"),
    ("m3", "m3"),
    ("m3/h", "m3/h"),
    ("mA", "mA"),
    ("mAh", "mA.h"),
    ("mL", "mL"),
    ("mPa", "mPa"),
    ("mS/cm", "mS/cm"),
    ("mV", "mV"),
    ("mW", "mW"),
    ("mbar", "mbar"),
    ("meter", "m"),
    ("meters", "m"),
    ("mg", "mg"),
    ("mg/L", "mg/L"),
    ("mg/dL", "mg/dL"),
    ("mg/m3", "mg/m3"),
    ("mi", "[mi_i]"),
    ("min", "min"),
    ("min.", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("ml", "mL"),
    ("mm", "mm"),
    ("mm/d", "mm/d"),
    ("mm/h", "mm/h"),
    ("mm/s", "mm/s"),
    ("mmHg", "mm[Hg]"),
    ("mmol/L", "mmol/L"),
    ("month", "mo"),
    ("months", "mo"),
    ("mph", "[mi_i]/h"),
    ("ms", "ms"),
    ("oz", "[oz_av]"),
    ("pH", "[pH]"),
    ("ppb", "[ppb]"),
    ("ppm", "[ppm]"),
    ("psi", "[psi]"),
    ("rpm", "/min"),
    ("s", "s"),
    ("sec", "s"),
    ("sec.", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("uS/cm", "uS/cm"),
    ("uSv/h", "uSv/h"),
    ("uV", "uV"),
    ("ug", "ug"),
    ("ug/m3", "ug/m3"),
    ("um", "um"),
    ("us", "us"),
    ("var", "var"),
    ("varh", "var.h"),
    ("wk", "wk"),
    ("yd", "[yd_i]"),
    ("year", "a"),
    ("years", "a"),
    ("°", "deg"),
    ("°C", "Cel"),
    ("°F", "[degF]"),
];

/// The UCUM unit that a device means by `°C`, `µg/m³`, `lux` or `kWh`; `None` where the spelling is not known,
/// or stands for different things from different makers (`w`: watt and week).
#[must_use]
pub fn ucum(spelling: &str) -> Option<&'static str> {
    let spelling = plain(spelling);
    let at = UNITS.binary_search_by(|(known, _)| (*known).cmp(spelling.as_str())).ok()?;
    UNITS.get(at).map(|(_, unit)| *unit)
}

/// Without the letters that look the same and are not: two of micro, two of ohm, two of degree.
fn plain(spelling: &str) -> String {
    let mut plain = String::with_capacity(spelling.len());
    for letter in spelling.trim().chars() {
        match letter {
            '²' => plain.push('2'),
            '³' => plain.push('3'),
            '\u{b5}' | '\u{3bc}' => plain.push('u'),
            '\u{3a9}' | '\u{2126}' => plain.push_str("Ohm"),
            'º' => plain.push('°'),
            '℃' => plain.push_str("°C"),
            '℉' => plain.push_str("°F"),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_makers_are_units_of_ucum() {
        for (spelling, expected) in [
            ("°C", "Cel"),
            ("℃", "Cel"),
            ("ºC", "Cel"),
            (" C", "Cel"),
            ("°F", "[degF]"),
            ("%", "%"),
            ("µg/m³", "ug/m3"),
            ("\u{3bc}g/m³", "ug/m3"),
            ("ug/m3", "ug/m3"),
            ("kΩ", "kOhm"),
            ("\u{2126}", "Ohm"),
            ("lx", "lx"),
            ("lux", "lx"),
            ("kWh", "kW.h"),
            ("VA", "V.A"),
            ("mmHg", "mm[Hg]"),
            ("inHg", "[in_i'Hg]"),
            ("dBm", "{dBm}"),
            ("m³/h", "m3/h"),
        ] {
            assert_eq!(ucum(spelling), Some(expected), "{spelling}");
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_no_unit() {
        for spelling in ["", "w", "raw", "KWH", "µ", "VOC Index points", "kWh/day", "\0"] {
            assert_eq!(ucum(spelling), None, "{spelling}");
        }
    }

    #[test]
    fn the_table_is_sorted_and_says_each_thing_once() {
        for pair in UNITS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{pair:?}");
        }
        for (spelling, unit) in UNITS {
            assert_eq!(plain(spelling), spelling);
            assert_eq!(ucum(spelling), Some(unit));
        }
    }
}
