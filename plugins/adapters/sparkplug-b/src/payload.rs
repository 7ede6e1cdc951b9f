//! Payloads and metrics, as the schema has them (Sparkplug 3.0, section 6.4).

use hushgate_sdk::adapter::DecodeError;

use crate::protobuf::{Message, Wire};

/// What `uuid` says of a payload whose `body` is compressed.
const COMPRESSED: &str = "SPBV1.0_COMPRESSED";

/// The unit of a metric, as Ignition and most others call the property.
const UNIT_KEYS: [&str; 3] = ["engUnit", "engUnits", "Engineering Units"];

/// How far a value can be relied on.
const QUALITY_KEY: &str = "Quality";

/// The quality of a value that is good. The others are bad (0) and stale (500).
const QUALITY_GOOD: u64 = 192;

/// A message. The metrics in it are read one by one.
#[derive(Debug)]
pub(crate) struct Payload<'a> {
    pub(crate) timestamp: Option<u64>,
    pub(crate) sequence: Option<u64>,
    bytes: &'a [u8],
}

/// One metric.
#[derive(Debug, Default)]
pub(crate) struct Metric<'a> {
    pub(crate) name: Option<&'a str>,
    pub(crate) alias: Option<u64>,
    pub(crate) timestamp: Option<u64>,
    pub(crate) datatype: Option<u64>,
    pub(crate) is_historical: bool,
    pub(crate) is_null: bool,
    /// As the property says it.
    pub(crate) unit: Option<&'a str>,
    /// Its quality is said, and not good.
    pub(crate) is_bad: bool,
    pub(crate) value: Option<Value<'a>>,
}

/// A value, by the field that it came in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Int(u64),
    Long(u64),
    Float(f32),
    Double(f64),
    Flag(bool),
    Text(&'a str),
    /// Bytes, a data set, a template, or an extension.
    Other,
}

impl<'a> Payload<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut payload = Self { timestamp: None, sequence: None, bytes };
        let mut fields = Message::new(bytes);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => payload.timestamp = Some(field.value.number()?),
                3 => payload.sequence = Some(field.value.number()?),
                4 if field.value.text()? == COMPRESSED => {
                    return Err(DecodeError::Unsupported("it is compressed".to_owned()));
                }
                _ => {}
            }
        }
        Ok(payload)
    }

    /// Hands on each metric.
    pub(crate) fn each_metric(
        &self,
        mut take: impl FnMut(&Metric<'a>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let mut fields = Message::new(self.bytes);
        while let Some(field) = fields.next()? {
            if field.number == 2 {
                take(&Metric::read(field.value.bytes()?)?)?;
            }
        }
        Ok(())
    }
}

impl<'a> Metric<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut metric = Self::default();
        let mut fields = Message::new(bytes);
        while let Some(field) = fields.next()? {
            let value = field.value;
            match field.number {
                1 => metric.name = Some(value.text()?),
                2 => metric.alias = Some(value.number()?),
                3 => metric.timestamp = Some(value.number()?),
                4 => metric.datatype = Some(value.number()?),
                5 => metric.is_historical = value.flag()?,
                7 => metric.is_null = value.flag()?,
                9 => metric.read_properties(value.bytes()?)?,
                number @ 10..=19 => metric.value = Some(Value::of(number, value)?),
                _ => {}
            }
        }
        Ok(metric)
    }

    /// A list of names, and one of values in the same order.
    fn read_properties(&mut self, bytes: &'a [u8]) -> Result<(), DecodeError> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let mut fields = Message::new(bytes);
        while let Some(field) = fields.next()? {
            match field.number {
                1 => keys.push(field.value.text()?),
                2 => values.push(field.value.bytes()?),
                _ => {}
            }
        }
        if keys.len() != values.len() {
            return Err(DecodeError::Malformed("properties have no value or no name".to_owned()));
        }
        for (key, value) in keys.into_iter().zip(values) {
            match property(value)? {
                Some(Value::Text(text)) if UNIT_KEYS.contains(&key) => self.unit = Some(text),
                Some(Value::Int(code) | Value::Long(code)) if key == QUALITY_KEY => {
                    self.is_bad = code != QUALITY_GOOD;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl<'a> Value<'a> {
    /// By the number of its field in a metric.
    fn of(number: u32, wire: Wire<'a>) -> Result<Self, DecodeError> {
        Ok(match number {
            // Some write a negative number with all of 64 bits.
            10 => Self::Int(wire.number()? & u64::from(u32::MAX)),
            11 => Self::Long(wire.number()?),
            12 => Self::Float(wire.float()?),
            13 => Self::Double(wire.double()?),
            14 => Self::Flag(wire.flag()?),
            15 => Self::Text(wire.text()?),
            _ => {
                wire.bytes()?;
                Self::Other
            }
        })
    }
}

/// The value of a property: its fields are those of a metric, seven lower.
fn property(bytes: &[u8]) -> Result<Option<Value<'_>>, DecodeError> {
    let (mut value, mut is_null) = (None, false);
    let mut fields = Message::new(bytes);
    while let Some(field) = fields.next()? {
        match field.number {
            2 => is_null = field.value.flag()?,
            number @ 3..=8 => value = Some(Value::of(number + 7, field.value)?),
            _ => {}
        }
    }
    Ok(value.filter(|_| !is_null))
}
