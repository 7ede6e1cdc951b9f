//! Reads Eclipse Sparkplug B: births, data and deaths of edge nodes and their devices.
//!
//! # Promises
//!
//! - Metrics of one moment become one reading; those of other moments have readings of their own.
//! - An adapter remembers no birth: what an alias stands for, and the type of a metric that does not say it, come
//!   from the settings. What nobody knows becomes no field, never a guess.
//! - A null, a value that is bad or stale, and what is not a single value become no field.

mod datatype;
mod names;
mod payload;
mod protobuf;
mod topic;

use datatype::Announced;
use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
};
use names::Names;
use payload::{Metric, Payload};
use topic::Kind;

/// Fields in one reading, by the contract.
const FIELDS_MAX: usize = 256;

/// Readings of one frame, by the contract.
const READINGS_MAX: usize = 64;

/// Sequence numbers go from 0 to this, and begin again.
const SEQUENCE_MAX: u64 = 255;

/// The adapter, with what its owner said of metrics.
#[derive(Debug)]
pub struct SparkplugB {
    names: Names,
}

hushgate_sdk::adapter!(SparkplugB);

impl Adapter for SparkplugB {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        Ok(Self { names: Names::parse(json)? })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let kind = Kind::of_topic(&frame.channel)?;
        let payload = Payload::read(&frame.body)?;
        let mut readings = Readings::of(kind, &payload)?;
        let (mut metrics, mut known) = (0_usize, 0_usize);
        payload.each_metric(|metric| {
            metrics += 1;
            let Some(name) = self.names.name(metric) else { return Ok(()) };
            known += 1;
            match self.field(metric, name)? {
                Some(field) => readings.add(metric, field),
                None => Ok(()),
            }
        })?;
        if kind == Kind::Data && metrics > 0 && known == 0 {
            return Err(unsupported("the settings name none of its aliases"));
        }
        Ok(readings.finish())
    }
}

impl SparkplugB {
    fn field(&self, metric: &Metric<'_>, name: &str) -> Result<Option<Field>, DecodeError> {
        let named = self.names.named(name);
        let announced = match (Announced::of(metric.datatype), named.and_then(|it| it.data_type)) {
            (Announced::Nowhere, Some(data_type)) => Announced::As(data_type),
            (announced, _) => announced,
        };
        let Some(value) = metric.value.filter(|_| !metric.is_null) else { return Ok(None) };
        let value = datatype::scalar(announced, value)?.filter(|_| !metric.is_bad);
        let path = match named {
            Some(named) => Some(named.path().into()),
            None => names::path(name),
        };
        let (Some(value), Some(path)) = (value, path) else { return Ok(None) };
        let is_time = announced == Announced::As(datatype::DataType::DateTime);
        let unit = named
            .and_then(|it| it.unit())
            .or_else(|| metric.unit.and_then(names::unit))
            .or(is_time.then_some("ms"));
        Ok(Some(Field { path: path.into_owned(), value, unit: unit.map(str::to_owned) }))
    }
}

/// The readings of one message.
struct Readings {
    kind: Kind,
    /// The first is of the message itself.
    readings: Vec<Reading>,
}

impl Readings {
    fn of(kind: Kind, payload: &Payload<'_>) -> Result<Self, DecodeError> {
        let online =
            kind.online().map(|online| Field::without_unit("online", Scalar::Flag(online)));
        let mut fields = Vec::from_iter(online);
        match (payload.sequence, kind) {
            // It was written when the node began, for the broker to keep: also what time it was then.
            (_, Kind::NodeDeath) => {}
            (Some(sequence @ 0..=SEQUENCE_MAX), _) => {
                let sequence = Scalar::Int(sequence.cast_signed());
                fields.push(Field::without_unit("sequence", sequence));
            }
            _ => return Err(malformed("it has no sequence number from 0 to 255")),
        }
        let at_ms = payload.timestamp.filter(|_| kind != Kind::NodeDeath);
        Ok(Self { kind, readings: vec![Reading::at(at_ms, kind.name(), fields)] })
    }

    /// To the reading of the same moment that has no such field yet.
    fn add(&mut self, metric: &Metric<'_>, field: Field) -> Result<(), DecodeError> {
        let at_ms = match (metric.timestamp, self.kind) {
            (_, Kind::NodeDeath) => None,
            (Some(ms), _) => Some(ms),
            (None, _) => self.readings.first().and_then(|it| it.at_ms),
        };
        let kind = if metric.is_historical { "historical" } else { self.kind.name() };
        let takes = |it: &&mut Reading| {
            it.at_ms == at_ms && it.kind == kind && it.fields.iter().all(|it| it.path != field.path)
        };
        let is_full = self.readings.len() >= READINGS_MAX;
        match self.readings.iter_mut().find(takes) {
            Some(Reading { fields, .. }) if fields.len() < FIELDS_MAX => fields.push(field),
            None if !is_full => {
                self.readings.push(Reading::at(at_ms, kind, vec![field]));
            }
            _ => {
                return Err(unsupported("it has more metrics than 64 readings of 256 fields hold"));
            }
        }
        Ok(())
    }

    fn finish(self) -> Vec<Reading> {
        self.readings.into_iter().filter(|it| !it.fields.is_empty()).collect()
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

fn unsupported(why: &str) -> DecodeError {
    DecodeError::Unsupported(why.to_owned())
}

#[cfg(test)]
mod tests;
