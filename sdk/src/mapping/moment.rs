//! When something was observed, as a message says it.

use super::{Literal, Raw, malformed};
use crate::{adapter::DecodeError, exact::Exact, time};

const THOUSAND: Exact = Exact::new(1, 3);
const MS_IN_MINUTE: i64 = 60_000;

/// Where a message says when it was observed, and how.
#[derive(Clone, Debug)]
pub struct At {
    /// Where it is: a pointer into JSON, or a column.
    pub source: String,
    /// How it is written.
    pub format: Format,
    /// How far clocks are ahead of UTC, for times without a zone.
    pub utc_offset_minutes: Option<i16>,
    /// What stands for no time at all.
    pub none_values: Vec<Literal>,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Seconds since 1970, UTC, with a fraction if need be.
    UnixS,
    /// Milliseconds since 1970, UTC.
    UnixMs,
    /// `2026-11-27T06:25:00.25+01:00`.
    Rfc3339,
    /// `2026-11-27T06:25:00` or `2026-11-27 06:25:00`: without a zone.
    Local,
}

/// When something was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The message does not say it.
    Unknown,
    /// Milliseconds since 1970.
    At(u64),
    /// What a clock showed, nobody knows where: ISO 8601.
    Local(String),
}

impl At {
    /// The moment that the value says.
    ///
    /// # Errors
    ///
    /// Malformed: it is no time in this format.
    pub fn moment(&self, value: Option<Raw<'_>>) -> Result<Moment, DecodeError> {
        let Some(value) = value else { return Ok(Moment::Unknown) };
        if value == Raw::Nothing || self.none_values.iter().any(|none| none.is(value)) {
            return Ok(Moment::Unknown);
        }
        let moment = match (self.format, value) {
            (Format::UnixS, number) => unix_ms(number, THOUSAND),
            (Format::UnixMs, number) => unix_ms(number, Exact::ONE),
            (Format::Rfc3339, Raw::Text(text)) => time::rfc3339_ms(text).map(Moment::At),
            (Format::Local, Raw::Text(text)) => self.local(text),
            _ => None,
        };
        moment.ok_or_else(|| malformed("the time is not of its format"))
    }

    /// Whether it can work.
    ///
    /// # Errors
    ///
    /// Says what it must be.
    pub fn check(&self) -> Result<(), &'static str> {
        match self.utc_offset_minutes {
            Some(offset) if !(-1440..=1440).contains(&offset) => {
                Err("with `utc-offset-minutes` within a day")
            }
            Some(_) if self.format != Format::Local => {
                Err("with `utc-offset-minutes` for the format `local` alone")
            }
            _ => Ok(()),
        }
    }

    fn local(&self, text: &str) -> Option<Moment> {
        let utc_ms = time::rfc3339_ms(&format!("{text}Z"))?;
        match self.utc_offset_minutes {
            Some(offset) => {
                utc_ms.checked_add_signed(-i64::from(offset) * MS_IN_MINUTE).map(Moment::At)
            }
            None => Some(Moment::Local(text.replacen([' ', 't'], "T", 1))),
        }
    }
}

/// A number of units of so many milliseconds each; what is finer than a millisecond is cut off.
fn unix_ms(value: Raw<'_>, unit: Exact) -> Option<Moment> {
    let ms = value.number()?.times(unit)?.floor()?;
    u64::try_from(ms).ok().map(Moment::At)
}
