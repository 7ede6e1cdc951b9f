//! What The Things Stack's normalized payload says, in the words of docs/fields.md.
//!
//! From `lib/payload.json` of TheThingsNetwork/lorawan-devices, which defines names and units. Without `battery`: it
//! should be volts, and is percent in many decoders.

use hushgate_sdk::{Scalar, json::Value};

use crate::fields;

/// The name of a measurement's own time.
pub(crate) const TIME: &str = "time";

/// Of what kind a value must be.
#[derive(Clone, Copy)]
enum Kind {
    Number,
    Count,
    Flag,
    /// `open` or `closed`.
    Contact,
}

/// Name, path, unit, kind.
const ROWS: [(&str, &str, Option<&str>, Kind); 26] = [
    ("air.temperature", "temperature", Some("Cel"), Kind::Number),
    ("air.relativeHumidity", "humidity", Some("%"), Kind::Number),
    ("air.pressure", "pressure", Some("hPa"), Kind::Number),
    ("air.co2", "co2", Some("[ppm]"), Kind::Number),
    ("air.lightIntensity", "illuminance", Some("lx"), Kind::Number),
    ("wind.speed", "wind-speed", Some("m/s"), Kind::Number),
    ("wind.direction", "wind-direction", Some("deg"), Kind::Number),
    ("soil.depth", "depth", Some("cm"), Kind::Number),
    ("soil.moisture", "moisture", Some("%"), Kind::Number),
    ("soil.temperature", "temperature-soil", Some("Cel"), Kind::Number),
    ("soil.ec", "conductivity", Some("dS/m"), Kind::Number),
    ("soil.pH", "ph", Some("[pH]"), Kind::Number),
    ("soil.n", "nitrogen", Some("[ppm]"), Kind::Number),
    ("soil.p", "phosphorus", Some("[ppm]"), Kind::Number),
    ("soil.k", "potassium", Some("[ppm]"), Kind::Number),
    ("water.leak", "water-leak", None, Kind::Flag),
    ("water.temperature.current", "temperature-water", Some("Cel"), Kind::Number),
    ("water.temperature.min", "temperature-water-min", Some("Cel"), Kind::Number),
    ("water.temperature.max", "temperature-water-max", Some("Cel"), Kind::Number),
    ("water.temperature.avg", "temperature-water-avg", Some("Cel"), Kind::Number),
    ("metering.water.total", "water-volume", Some("L"), Kind::Number),
    ("action.motion.detected", "motion", None, Kind::Flag),
    ("action.motion.count", "motion-count", None, Kind::Count),
    ("action.contactState", "open", None, Kind::Contact),
    ("position.latitude", "latitude", Some("deg"), Kind::Number),
    ("position.longitude", "longitude", Some("deg"), Kind::Number),
];

/// Path, value and unit of a measurement's part, or `None` where the schema does not have it.
pub(crate) fn meaning(
    name: &str,
    value: &Value<'_>,
) -> Option<(&'static str, Scalar, Option<&'static str>)> {
    let (_, path, unit, kind) = ROWS.iter().find(|row| row.0 == name)?;
    let value = match kind {
        Kind::Number => fields::number(value.as_f64()?)?,
        // Protobuf has no whole numbers here: 3 may come as 3.0.
        Kind::Count => {
            let count = value.as_f64().filter(|it| it.fract() == 0.0)?;
            Scalar::Int(count as i64)
        }
        Kind::Flag => Scalar::Flag(value.as_bool()?),
        Kind::Contact => match value.as_str()? {
            "open" => Scalar::Flag(true),
            "closed" => Scalar::Flag(false),
            _ => return None,
        },
    };
    Some((path, value, *unit))
}
