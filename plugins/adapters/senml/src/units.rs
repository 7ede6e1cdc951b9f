//! SenML's units in UCUM: the registry of RFC 8428 and RFC 8798, section 2, and the secondary units of RFC 8798,
//! section 3.
//!
//! # Promises
//!
//! - A unit that is not in the table is kept as an arbitrary unit of UCUM, `{name}`: never taken for another one.

use std::borrow::Cow;

use hushgate_sdk::naming::order;

/// The longest unit that is kept: more than any that is registered.
const UNIT_BYTES_MAX: usize = 32;

/// Counted, so that the numbers are whole.
pub(crate) const COUNTS: [&str; 2] = ["{count}", "{beats}"];

/// Units whose name in UCUM is another one, sorted.
const OTHERWISE: [(&str, &str); 37] = [
    ("%EL", "%"),
    ("%RH", "%"),
    ("/", "1"),
    ("/100", "%"),
    ("/1000", "[ppth]"),
    ("1/min", "/min"),
    ("1/s", "/s"),
    ("Ah", "A.h"),
    ("B", "By"),
    ("B/s", "By/s"),
    ("Bspl", "B[SPL]"),
    ("EL", "s"),
    ("GB", "GBy"),
    ("KiB", "KiBy"),
    ("MB/s", "MBy/s"),
    ("VA", "V.A"),
    ("VAs", "V.A.s"),
    ("Wh", "W.h"),
    ("Wh/km", "W.h/km"),
    ("beat/min", "/min"),
    ("beats", "{beats}"),
    ("count", "{count}"),
    ("dBW", "dB[W]"),
    ("dBm", "{dBm}"),
    ("kVA", "kV.A"),
    ("kVAh", "kV.A.h"),
    ("kWh", "kW.h"),
    ("kvarh", "kvar.h"),
    ("l", "L"),
    ("l/s", "L/s"),
    ("lat", "deg"),
    ("lon", "deg"),
    ("pH", "[pH]"),
    ("ppb", "[ppb]"),
    ("ppm", "[ppm]"),
    ("varh", "var.h"),
    ("vars", "var.s"),
];

/// Units that UCUM, or this gateway, calls the same, sorted.
const ALIKE: [&str; 63] = [
    "%", "A", "Bq", "C", "Cel", "F", "Gy", "H", "Hz", "J", "J/m", "K", "MHz", "Mbit/s", "N", "Ohm",
    "Pa", "S", "S/m", "Sv", "T", "V", "W", "W/m2", "Wb", "bit", "bit/s", "cd", "cd/m2", "cm", "dB",
    "deg", "g", "h", "hPa", "kW", "kat", "kg", "kg/m3", "km", "km/h", "kvar", "lm", "lx", "m",
    "m/h", "m/s", "m/s2", "m2", "m3", "m3/s", "mA", "mV", "min", "mm", "mm/h", "mol", "ms", "rad",
    "s", "sr", "ug/m3", "var",
];

/// Units of which there is no half and no sum over time in UCUM: their zero is not nothing.
const SPECIAL: &[&str] = &["Cel", "[pH]", "dB", "dB[W]", "B[SPL]", "{dBm}"];

/// `unit` in UCUM, or `None` if it cannot be a unit at all.
pub(crate) fn ucum(unit: &str) -> Option<Cow<'_, str>> {
    if ALIKE.binary_search_by(|alike| order(alike, unit)).is_ok() {
        return Some(Cow::Borrowed(unit));
    }
    let otherwise = OTHERWISE.binary_search_by(|(senml, _)| order(senml, unit));
    if let Some((_, ucum)) = otherwise.ok().and_then(|at| OTHERWISE.get(at)) {
        return Some(Cow::Borrowed(ucum));
    }
    let is_name = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
    let fits = (1..=UNIT_BYTES_MAX).contains(&unit.len()) && unit.bytes().all(is_name);
    fits.then(|| Cow::Owned(["{", unit, "}"].concat()))
}

/// The unit of a value's sum over time: the value's, times seconds (RFC 8428, section 4.2).
pub(crate) fn over_time(ucum: Option<&str>) -> Option<String> {
    match ucum {
        None | Some("1") => Some("s".to_owned()),
        Some(special) if SPECIAL.contains(&special) => None,
        Some(unit) => Some([unit, ".s"].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_name_each_unit_once() {
        assert!(ALIKE.is_sorted_by(|a, b| a < b));
        assert!(OTHERWISE.is_sorted_by(|a, b| a.0 < b.0));
        assert!(OTHERWISE.iter().all(|(senml, _)| !ALIKE.contains(senml)));
    }
}
