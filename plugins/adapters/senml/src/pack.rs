//! Resolves the records of a pack (RFC 8428, sections 4.1 to 4.6) and makes readings of them.

use std::{borrow::Cow, collections::BTreeMap};

use hushgate_sdk::{Field, Reading, Scalar, adapter::DecodeError, json::Number, naming};

use super::{
    exact, malformed,
    record::{Record, Value},
    units, unsupported,
};

/// Versions that are read: RFC 8428's and older ones, and RFC 9100's with secondary units.
const VERSION: f64 = 10.0;
const VERSION_SECONDARY_UNITS: f64 = 26.0;

/// Times below this count from now, those from it on since 1970 (section 4.5.3).
const ABSOLUTE_FROM_S: f64 = 268_435_456.0;

/// The end of the year 9999.
const TIME_MAX_S: f64 = 253_402_300_800.0;

const READINGS_MAX: usize = 64;
const FIELDS_MAX: usize = 256;
const TEXT_BYTES_MAX: usize = 1024;
const BLOB_BYTES_MAX: usize = 16 * 1024;

/// Bytes of an answer, its fields' overhead included: somewhat less than the 64 KiB of the contract.
const ANSWER_BYTES_MAX: usize = 60_000;
const FIELD_OVERHEAD_BYTES: usize = 24;

const ZERO: Number = Number::Whole(0);

/// Where names without a setting of their own lead.
const PREFIX: &str = "senml.";

/// The paths that the owner gave names. Few, of which most differ in length from the name that is looked for.
#[derive(Debug)]
pub(crate) struct Names(Vec<(String, String)>);

impl Names {
    pub(crate) fn new(names: BTreeMap<String, String>) -> Self {
        Self(names.into_iter().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, path)| path.as_str())
    }
}

/// What base fields say, from the record that sets them on.
struct Base<'a> {
    name: &'a str,
    /// Whether names may begin with it.
    is_name: bool,
    time: Number,
    unit: Option<&'a str>,
    value: Number,
    sum: Number,
}

/// What the records of a pack say, each moment in one reading unless a path repeats.
pub(crate) fn readings(
    records: &[Record<'_>],
    received_ms: u64,
    names: &Names,
) -> Result<Vec<Reading>, DecodeError> {
    if records.is_empty() {
        return Err(malformed("a pack has at least one record"));
    }
    check_version(records)?;
    let mut base = Base { name: "", is_name: true, time: ZERO, unit: None, value: ZERO, sum: ZERO };
    let mut readings = Readings::default();
    for record in records {
        base.apply(record);
        if record.is_strange {
            return Err(unsupported("a field must be understood, and is not"));
        }
        if record.value.is_none() && record.sum.is_none() {
            record.check_base()?;
            continue;
        }
        let path = path_of(&base.name_of(record)?, names)?;
        let at_ms = base.time_of(record, received_ms)?;
        for field in base.fields(record, path)?.into_iter().flatten() {
            readings.add(at_ms, field)?;
        }
    }
    Ok(readings.all)
}

/// Whether SenML allows this name (section 4.5.1).
pub(crate) fn is_name(name: &str) -> bool {
    name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) && has_name_bytes(name)
}

fn has_name_bytes(name: &str) -> bool {
    // `-`, `.`, `/`, the digits and `:` are neighbours.
    name.bytes().all(|byte| matches!(byte, b'-'..=b':' | b'A'..=b'Z' | b'_' | b'a'..=b'z'))
}

/// All records of a pack have one version (section 4.4), 10 if nothing is said.
fn check_version(records: &[Record<'_>]) -> Result<(), DecodeError> {
    let mut said = records.iter().filter_map(|record| record.base_version).map(Number::to_f64);
    let first = records.first().and_then(|it| it.base_version).map_or(VERSION, Number::to_f64);
    if said.any(|version| version != first) {
        return Err(malformed("a pack has more than one version"));
    }
    if first < 1.0 || first.fract() != 0.0 {
        return Err(malformed("a version is a whole number above 0"));
    }
    if first > VERSION && first != VERSION_SECONDARY_UNITS {
        return Err(unsupported("the pack is of a newer version"));
    }
    Ok(())
}

fn path_of(name: &str, names: &Names) -> Result<String, DecodeError> {
    let trimmed = name.trim_end_matches([':', '/']);
    let last = trimmed.rsplit([':', '/']).next().unwrap_or(trimmed);
    if let Some(path) = names.get(name).or_else(|| names.get(last)) {
        return Ok(path.to_owned());
    }
    naming::groups(&[PREFIX, last].concat())
        .filter(|path| path.starts_with(PREFIX))
        .ok_or_else(|| unsupported("a name makes no path: it needs one in the settings"))
}

impl Record<'_> {
    /// Without a value, a record may only set the base for those after it.
    fn check_base(&self) -> Result<(), DecodeError> {
        let sets = self.base_name.is_some()
            || self.base_time.is_some()
            || self.base_unit.is_some()
            || self.base_value.is_some()
            || self.base_sum.is_some()
            || self.base_version.is_some();
        let says = self.name.is_some() || self.unit.is_some() || self.time.is_some();
        if sets && !says { Ok(()) } else { Err(malformed("a record has no value")) }
    }
}

impl<'a> Base<'a> {
    fn apply(&mut self, record: &'a Record<'_>) {
        if let Some(name) = record.base_name.as_deref() {
            (self.name, self.is_name) = (name, name.is_empty() || is_name(name));
        }
        self.time = record.base_time.unwrap_or(self.time);
        self.unit = record.base_unit.as_deref().or(self.unit);
        self.value = record.base_value.unwrap_or(self.value);
        self.sum = record.base_sum.unwrap_or(self.sum);
    }

    fn name_of(&self, record: &Record<'_>) -> Result<String, DecodeError> {
        let own = record.name.as_deref().unwrap_or_default();
        // The base was looked at when it was set: it is the beginning of many names.
        let fits =
            self.is_name && if self.name.is_empty() { is_name(own) } else { has_name_bytes(own) };
        if fits {
            return Ok([self.name, own].concat());
        }
        Err(malformed("a name is empty or has other signs"))
    }

    /// `None` is now.
    fn time_of(&self, record: &Record<'_>, received_ms: u64) -> Result<Option<u64>, DecodeError> {
        let seconds = exact::add(self.time, record.time.unwrap_or(ZERO));
        if seconds == 0.0 {
            return Ok(None);
        }
        if seconds.abs() > TIME_MAX_S {
            return Err(malformed("a time is out of range"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "compared with the largest just now")]
        let ms = (seconds * 1000.0).round() as i64;
        if seconds >= ABSOLUTE_FROM_S {
            return Ok(u64::try_from(ms).ok());
        }
        received_ms
            .checked_add_signed(ms)
            .map(Some)
            .ok_or_else(|| malformed("a time is out of range"))
    }

    /// The value, if it is known, and the sum.
    fn fields(&self, record: &Record<'_>, path: String) -> Result<[Option<Field>; 2], DecodeError> {
        let unit = match record.unit.as_deref().or(self.unit) {
            Some(unit) => Some(units::ucum(unit).ok_or_else(|| malformed("a unit is not one"))?),
            None => None,
        };
        let sum = match record.sum.filter(|sum| sum.is_finite()) {
            Some(sum) => Some(self.sum_field(sum, &path, unit.as_deref())?),
            None => None,
        };
        let value = match &record.value {
            Some(value) => self.value_field(value, path, unit)?,
            None => None,
        };
        Ok([value, sum])
    }

    fn sum_field(&self, sum: Number, path: &str, unit: Option<&str>) -> Result<Field, DecodeError> {
        let path = [path, "-sum"].concat();
        if path.len() > naming::PATH_BYTES_MAX {
            return Err(unsupported("a name is too long for a sum"));
        }
        let value = real(exact::add(self.sum, sum))?;
        Ok(Field { path, value, unit: units::over_time(unit) })
    }

    fn value_field(
        &self,
        value: &Value<'_>,
        path: String,
        unit: Option<Cow<'_, str>>,
    ) -> Result<Option<Field>, DecodeError> {
        let (value, unit) = match value {
            Value::Number(number) if !number.is_finite() => return Ok(None),
            Value::Number(number) => {
                let number = exact::add(self.value, *number);
                let is_count = unit.as_deref().is_some_and(|unit| units::COUNTS.contains(&unit));
                (if is_count { count(number)? } else { real(number)? }, unit)
            }
            Value::Flag(flag) => (Scalar::Flag(*flag), None),
            Value::Text(text) if text.len() <= TEXT_BYTES_MAX => {
                (Scalar::Text(text.to_string()), None)
            }
            Value::Bytes(bytes) if bytes.len() <= BLOB_BYTES_MAX => {
                (Scalar::Blob(bytes.clone()), None)
            }
            Value::Text(_) | Value::Bytes(_) => return Err(unsupported("a value is too long")),
        };
        Ok(Some(Field { path, value, unit: unit.map(Cow::into_owned) }))
    }
}

fn real(number: f64) -> Result<Scalar, DecodeError> {
    if number.is_finite() {
        return Ok(Scalar::Real(number));
    }
    Err(malformed("a number is out of range"))
}

/// Whole, where it is.
fn count(number: f64) -> Result<Scalar, DecodeError> {
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far from the limits of an i64")]
    if number.fract() == 0.0 && number.abs() < 1e15 {
        Ok(Scalar::Int(number as i64))
    } else {
        real(number)
    }
}

#[derive(Default)]
struct Readings {
    all: Vec<Reading>,
    bytes: usize,
}

impl Readings {
    fn add(&mut self, at_ms: Option<u64>, field: Field) -> Result<(), DecodeError> {
        self.bytes += FIELD_OVERHEAD_BYTES + field.path.len() + bytes_of(&field);
        if self.bytes > ANSWER_BYTES_MAX {
            return Err(unsupported("the pack says too much"));
        }
        let has_room = |reading: &&mut Reading| {
            reading.at_ms == at_ms
                && reading.fields.len() < FIELDS_MAX
                && reading.fields.iter().all(|it| it.path != field.path)
        };
        if let Some(reading) = self.all.iter_mut().find(has_room) {
            reading.fields.push(field);
            return Ok(());
        }
        if self.all.len() == READINGS_MAX {
            return Err(unsupported("the pack has more than 64 moments"));
        }
        self.all.push(Reading::at(at_ms, "senml", vec![field]));
        Ok(())
    }
}

fn bytes_of(field: &Field) -> usize {
    let value = match &field.value {
        Scalar::Text(text) => text.len(),
        Scalar::Blob(bytes) => bytes.len(),
        Scalar::Flag(_) | Scalar::Int(_) | Scalar::Real(_) => 0,
    };
    value + field.unit.as_ref().map_or(0, String::len)
}
