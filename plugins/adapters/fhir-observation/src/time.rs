//! Reads FHIR's dates and times.
//!
//! # Promises
//!
//! - A date without a time of day is no moment: it stays text.

use hushgate_sdk::{adapter::DecodeError, time};

use super::malformed;

/// When something was observed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The resource does not say.
    #[default]
    Unsaid,
    /// In milliseconds since 1970.
    At(u64),
    /// A year, a month, a day, or before 1970: as it was written.
    Vague(String),
}

/// Reads a `dateTime` (FHIR R4, section 2.24.0.1): a year, a month, a day, or a moment with its zone.
pub(crate) fn date_time(text: &str) -> Result<Moment, DecodeError> {
    if let Some(ms) = moment_ms(text) {
        return Ok(Moment::At(ms));
    }
    // A year, month or day is one if it makes a moment when it is filled up. 2000 has all days and was after 1970.
    let (year, rest) = text.split_at_checked(4).ok_or_else(no_time)?;
    let is_year = year.bytes().all(|byte| byte.is_ascii_digit()) && year != "0000";
    let filled = match rest.len() {
        0 => format!("{}-01-01T00:00:00Z", after_1970(year)),
        3 => format!("{}{rest}-01T00:00:00Z", after_1970(year)),
        6 => format!("{}{rest}T00:00:00Z", after_1970(year)),
        _ => format!("{}{rest}", after_1970(year)),
    };
    if is_year && moment_ms(&filled).is_some() {
        return Ok(Moment::Vague(text.to_owned()));
    }
    Err(no_time())
}

/// Reads an `instant`: always a moment with its zone.
pub(crate) fn instant(text: &str) -> Result<Moment, DecodeError> {
    match date_time(text)? {
        Moment::Vague(date) if date.len() <= "2000-01-01".len() => Err(no_time()),
        moment => Ok(moment),
    }
}

/// FHIR is stricter than RFC 3339: capital letters, and no zone beyond 14 hours.
fn moment_ms(text: &str) -> Option<u64> {
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let zone_fits = zone == "Z" || zone.len() == 6 && zone.get(1..) <= Some("14:00");
    (text.as_bytes().get(10) == Some(&b'T') && zone_fits).then(|| time::rfc3339_ms(text))?
}

/// A year from 1972 on that is as long as `year`.
fn after_1970(year: &str) -> &str {
    let number: u32 = year.parse().unwrap_or_default();
    let leap =
        number.is_multiple_of(4) && (!number.is_multiple_of(100) || number.is_multiple_of(400));
    if leap { "2000" } else { "2001" }
}

fn no_time() -> DecodeError {
    malformed("a time is not one")
}
