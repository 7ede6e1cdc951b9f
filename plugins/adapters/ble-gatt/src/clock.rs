//! Places what the clock of a device shows (Date Time, 0x2A08) in time.
//!
//! # Promises
//!
//! - A date that is not known (0) or that no calendar has is no time at all. The measurement that it stands
//!   beside is read nevertheless.
//! - Without the owner's word on the time zone a time is told as the device showed it, and places nothing.

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes, time::Civil};

use crate::fields::Fields;

/// How far the clocks of the owner's devices are ahead of UTC, if that is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    offset_minutes: Option<i64>,
}

impl Clock {
    pub(crate) const fn new(offset_minutes: Option<i64>) -> Self {
        Self { offset_minutes }
    }

    /// Milliseconds since 1970 at which the clock showed this.
    pub(crate) fn ms(self, shown: Civil) -> Option<u64> {
        shown.ms(self.offset_minutes?)
    }

    /// When the clock showed this. Where that cannot be said, the fields tell what it showed.
    pub(crate) fn place(self, shown: Option<Civil>, fields: &mut Fields) -> Option<u64> {
        let at = self.ms(shown?);
        if at.is_none() {
            fields.device_time(shown);
        }
        at
    }
}

/// Reads the seven bytes of a Date Time; `None` where the device does not know.
pub(crate) fn date_time(bytes: &mut Bytes) -> Result<Option<Civil>, DecodeError> {
    let year = bytes.u16_le()?.into();
    let [month, day, hour, minute, second] = bytes.array()?.map(i64::from);
    let shown = Civil { year, month, day, hour, minute, second };
    Ok(shown.ms(0).is_some().then_some(shown))
}
