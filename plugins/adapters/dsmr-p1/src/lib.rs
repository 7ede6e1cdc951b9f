//! Reads the telegrams that smart electricity meters send through their P1 port.
//!
//! # Promises
//!
//! - A telegram whose checksum is wrong is malformed; one that has none, too, unless its owner said that the
//!   meter is so old that it writes none.
//! - The first reading is the electricity meter's own, at the time of the telegram. After it comes one for each
//!   peak of power and for each meter that is connected by M-Bus (gas, water, heat), at their own times.
//! - What identifies the home (numbers of equipment, text messages) is never taken out of the telegram.
//! - An object that is not known here is ignored. A known one that breaks its format spoils the telegram.
//!
//! # Settings
//!
//! - `checksum`: `required` (the default) or `optional`, for DSMR 2.2 and 3.
//! - `utc-offset-minutes`: how far the meter's clock is ahead of UTC in winter. Without it 60 counts, for times
//!   that the meter marks as winter or summer time alone.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    config,
};
use serde::Deserialize;

mod channel;
mod object;
mod peak;
mod stamp;
mod telegram;

use channel::Channels;
use stamp::{Clock, Stamp};
use telegram::{Checksum, Line};

/// What the contract allows in one reading.
const FIELDS_MAX: usize = 256;

/// Of meters in one time zone, with the setting for old ones.
#[derive(Debug)]
pub struct DsmrP1 {
    checksum: Checksum,
    clock: Clock,
}

hushgate_sdk::adapter!(DsmrP1);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    #[serde(default)]
    checksum: Checksum,
    utc_offset_minutes: Option<i64>,
}

impl Adapter for DsmrP1 {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { checksum, utc_offset_minutes } = config::parse(json)?;
        let clock = Clock::new(utc_offset_minutes)
            .ok_or_else(|| config::invalid("utc-offset-minutes", "must be -840 to 840"))?;
        Ok(Self { checksum, clock })
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let data = telegram::data(&frame.body, self.checksum)?;
        let mut found = Found::default();
        let mut line = Line::default();
        let mut rest = data;
        while line.read(&mut rest)? {
            found.take(&line, self.clock)?;
        }
        found.readings()
    }
}

/// What was found in the lines so far.
#[derive(Default)]
struct Found<'a> {
    at: Option<Stamp>,
    fields: Vec<Field>,
    peaks: Vec<Reading>,
    channels: Channels<'a>,
}

impl<'a> Found<'a> {
    fn take(&mut self, line: &Line<'a>, clock: Clock) -> Result<(), DecodeError> {
        let code = line.code;
        match (code.medium, code.channel, code.value) {
            (0, 0, [1, 0, 0]) => self.at = clock.stamp(line.one()?)?,
            (0, 0, [98, 1, 0]) => self.peaks.extend(peak::of_months(line, clock)?),
            (0, 1.., [24, ..]) => self.channels.take(line, clock)?,
            (1, 0, [1, 6, 0]) => self.peaks.extend(peak::of_this_month(line, clock)?),
            _ => self.add(object::field(line)?),
        }
        Ok(())
    }

    /// What a meter says twice counts the first time.
    fn add(&mut self, field: Option<Field>) {
        if let Some(field) = field
            && self.fields.len() < FIELDS_MAX
            && self.fields.iter().all(|known| known.path != field.path)
        {
            self.fields.push(field);
        }
    }

    fn readings(self) -> Result<Vec<Reading>, DecodeError> {
        let mut readings = vec![reading(self.at, "electricity", self.fields)];
        readings.extend(self.peaks);
        readings.extend(self.channels.readings()?);
        if readings.len() > READINGS_MAX {
            return Err(DecodeError::Unsupported("there are more than 64 readings".to_owned()));
        }
        Ok(readings)
    }
}

/// What the contract allows in one answer.
const READINGS_MAX: usize = 64;

/// A reading of a moment; of one without a zone the device's own words stay.
fn reading(stamp: Option<Stamp>, kind: &str, mut fields: Vec<Field>) -> Reading {
    match stamp {
        None => Reading::now(kind, fields),
        Some(Stamp::At(ms)) => Reading::at(Some(ms), kind, fields),
        Some(Stamp::Local(civil)) => {
            fields.push(Field::without_unit("device-time", Scalar::Text(civil.iso())));
            Reading::now(kind, fields)
        }
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}

#[cfg(test)]
mod tests;
