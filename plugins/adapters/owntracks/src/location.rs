//! What each element of an OwnTracks message means.

use hushgate_sdk::{
    Field, Scalar,
    adapter::DecodeError,
    decimal::Decimal,
    json::{Object, Value},
};

/// The elements of a message.
pub(crate) type Elements<'a> = Object<'a>;

/// A measured element: its name there, the field's, the unit, and what it can be. Beyond that it is not known: iOS
/// says with negative numbers that it has no value.
struct Measure {
    element: &'static str,
    path: &'static str,
    unit: &'static str,
    least: f64,
    most: f64,
}

const MEASURES: [Measure; 7] = [
    measure("alt", "altitude", "m", (-100_000.0, 1e9)),
    measure("acc", "accuracy", "m", (0.0, 1e9)),
    measure("vac", "vertical-accuracy", "m", (0.0, 1e9)),
    measure("vel", "speed", "km/h", (0.0, 1e9)),
    measure("cog", "course", "deg", (0.0, 360.0)),
    measure("batt", "battery", "%", (0.0, 100.0)),
    measure("p", "pressure", "kPa", (0.0, 1e9)),
];

const BATTERY_STATES: [(i64, &str); 3] = [(1, "unplugged"), (2, "charging"), (3, "full")];

const MODES: [(i64, &str); 4] = [(-1, "quiet"), (0, "manual"), (1, "significant"), (2, "move")];

const CONNECTIONS: [(&str, &str); 3] = [("w", "wifi"), ("o", "offline"), ("m", "mobile")];

/// Where it is.
pub(crate) fn place(elements: &Elements<'_>) -> Result<[Field; 2], DecodeError> {
    let coordinate = |element: &str, path: &str, most: f64| match elements.get(element) {
        Some(value) => match number(value)? {
            it if it.abs() <= most => Ok(Field::with_unit(path, Scalar::Real(it), "deg")),
            _ => Err(malformed("there is no such place")),
        },
        None => Err(malformed("it does not say where it is")),
    };
    Ok([coordinate("lat", "latitude", 90.0)?, coordinate("lon", "longitude", 180.0)?])
}

/// What else was measured.
pub(crate) fn measures(elements: &Elements<'_>) -> Result<Vec<Field>, DecodeError> {
    let field = |Measure { element, path, unit, least, most }: &Measure| {
        let value = match elements.get(element) {
            None | Some(Value::Null) => return Ok(None),
            Some(value) => number(value)?,
        };
        let known = (*least..=*most).contains(&value);
        Ok(known.then(|| Field::with_unit(path, Scalar::Real(value), unit)))
    };
    MEASURES.iter().map(field).filter_map(Result::transpose).collect()
}

/// What the device tells of itself, in words.
pub(crate) fn states(elements: &Elements<'_>) -> Vec<Field> {
    let number = |element, words: &[(i64, &'static str)]| {
        let code = elements.get(element).and_then(Value::as_i64);
        words.iter().find(|(known, _)| Some(*known) == code).map(|(_, word)| *word)
    };
    let letter = |element, words: &[(&str, &'static str)]| {
        let code = elements.get(element).and_then(Value::as_str);
        words.iter().find(|(known, _)| Some(*known) == code).map(|(_, word)| *word)
    };
    let word = |path, word: Option<&'static str>| {
        word.map(|it| Field::without_unit(path, Scalar::Text(it.to_owned())))
    };
    [
        word("battery-state", number("bs", &BATTERY_STATES)),
        word("connection", letter("conn", &CONNECTIONS)),
        word("mode", number("m", &MODES)),
        trigger(elements),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Why it was sent: a letter that means different things for apps and trackers.
fn trigger(elements: &Elements<'_>) -> Option<Field> {
    let letter = elements.get("t")?.as_str().filter(|it| it.len() == 1)?;
    Some(Field::without_unit("trigger", Scalar::Text(letter.to_owned())))
}

/// When, in milliseconds.
pub(crate) fn time(elements: &Elements<'_>, element: &str) -> Result<Option<u64>, DecodeError> {
    match elements.get(element) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let seconds = whole(value).and_then(|it| u64::try_from(it).ok());
            let ms = seconds.and_then(|it| it.checked_mul(1000));
            ms.map(Some).ok_or_else(|| malformed("its time is none"))
        }
    }
}

/// A whole number. Apps of before 2015 put numbers into texts.
pub(crate) fn whole(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_i64(),
    }
}

fn number(value: &Value<'_>) -> Result<f64, DecodeError> {
    let number = match value {
        Value::String(text) => Decimal::parse(text).map(Decimal::to_f64),
        value => value.as_f64(),
    };
    number.ok_or_else(|| malformed("an element is not the number that it should be"))
}

const fn measure(
    element: &'static str,
    path: &'static str,
    unit: &'static str,
    (least, most): (f64, f64),
) -> Measure {
    Measure { element, path, unit, least, most }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}
