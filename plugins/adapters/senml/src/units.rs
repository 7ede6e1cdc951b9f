//! SenML's units in UCUM: the registry of RFC 8428 and RFC 8798, section 2, and the secondary units of RFC 8798,
//! section 3.
//!
//! # Promises
//!
//! - A unit that is not in the table is kept as an arbitrary unit of UCUM, `{name}`: never taken for another one.

use std::borrow::Cow;

/// The longest unit that is kept: more than any that is registered.
const UNIT_BYTES_MAX: usize = 32;

/// Counted, so that the numbers are whole.
pub(crate) const COUNTS: [&str; 2] = ["{count}", "{beats}"];

/// Units whose name in UCUM is another one.
const OTHERWISE: &[(&str, &str)] = &[
    ("l", "L"),
    ("l/s", "L/s"),
    ("lat", "deg"),
    ("lon", "deg"),
    ("pH", "[pH]"),
    ("dBW", "dB[W]"),
    ("Bspl", "B[SPL]"),
    ("count", "{count}"),
    ("/", "1"),
    ("%RH", "%"),
    ("%EL", "%"),
    ("EL", "s"),
    ("1/s", "/s"),
    ("1/min", "/min"),
    ("beat/min", "/min"),
    ("beats", "{beats}"),
    ("B", "By"),
    ("VA", "V.A"),
    ("VAs", "V.A.s"),
    ("vars", "var.s"),
    ("kVA", "kV.A"),
    ("Ah", "A.h"),
    ("Wh", "W.h"),
    ("kWh", "kW.h"),
    ("varh", "var.h"),
    ("kvarh", "kvar.h"),
    ("kVAh", "kV.A.h"),
    ("Wh/km", "W.h/km"),
    ("KiB", "KiBy"),
    ("GB", "GBy"),
    ("B/s", "By/s"),
    ("MB/s", "MBy/s"),
    ("dBm", "{dBm}"),
    ("ppm", "[ppm]"),
    ("ppb", "[ppb]"),
    ("/100", "%"),
    ("/1000", "[ppth]"),
];

/// Units that UCUM, or this gateway, calls the same.
const ALIKE: &[&str] = &[
    "m", "kg", "g", "s", "A", "K", "cd", "mol", "Hz", "rad", "sr", "N", "Pa", "J", "W", "C", "V",
    "F", "Ohm", "S", "Wb", "T", "H", "Cel", "lm", "lx", "Bq", "Gy", "Sv", "kat", "m2", "m3", "m/s",
    "m/s2", "m3/s", "W/m2", "cd/m2", "bit", "bit/s", "dB", "%", "S/m", "var", "J/m", "kg/m3",
    "deg", "ms", "min", "h", "MHz", "kW", "kvar", "Mbit/s", "mV", "mA", "ug/m3", "mm/h", "m/h",
    "hPa", "mm", "cm", "km", "km/h",
];

/// Units of which there is no half and no sum over time in UCUM: their zero is not nothing.
const SPECIAL: &[&str] = &["Cel", "[pH]", "dB", "dB[W]", "B[SPL]", "{dBm}"];

/// `unit` in UCUM, or `None` if it cannot be a unit at all.
pub(crate) fn ucum(unit: &str) -> Option<Cow<'static, str>> {
    if let Some((_, ucum)) = OTHERWISE.iter().find(|(senml, _)| *senml == unit) {
        return Some(Cow::Borrowed(ucum));
    }
    if let Some(alike) = ALIKE.iter().find(|it| **it == unit) {
        return Some(Cow::Borrowed(alike));
    }
    let is_name = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
    let fits = (1..=UNIT_BYTES_MAX).contains(&unit.len()) && unit.bytes().all(is_name);
    fits.then(|| Cow::Owned(format!("{{{unit}}}")))
}

/// The unit of a value's sum over time: the value's, times seconds (RFC 8428, section 4.2).
pub(crate) fn over_time(ucum: Option<&str>) -> Option<String> {
    match ucum {
        None | Some("1") => Some("s".to_owned()),
        Some(special) if SPECIAL.contains(&special) => None,
        Some(unit) => Some(format!("{unit}.s")),
    }
}
