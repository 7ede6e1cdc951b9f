//! Battery Level, 0x2A19.
//!
//! # Promises
//!
//! - More than 100 % is no level of a battery, and malformed.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes, decimal::Decimal};

use crate::{fields::Fields, malformed};

const PERCENT_MAX: u8 = 100;

pub(crate) fn read(mut value: Bytes) -> Result<Reading, DecodeError> {
    let percent = value.u8()?;
    value.end()?;
    if percent > PERCENT_MAX {
        return Err(malformed("a battery level is at most 100 %"));
    }
    let mut fields = Fields::default();
    fields.real("battery", "%", Some(Decimal::new(percent.into(), 0)));
    Ok(fields.reading("battery", None))
}
