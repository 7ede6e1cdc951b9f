//! Times as meters write them: `YYMMDDhhmmss`, and `S` or `W` behind it where the meter knows of summer time.

use hushgate_sdk::{adapter::DecodeError, time::Civil};

use crate::malformed;

/// Central European Time: of the Netherlands, Belgium, Luxembourg, Denmark, Sweden and others.
const CENTRAL_EUROPE: i64 = 60;
const SUMMER: i64 = 60;
const OFFSET_MAX: i64 = 840;

/// The zone of a meter's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    winter_offset: Option<i64>,
}

/// When something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// In milliseconds since 1970.
    At(u64),
    /// On a clock of unknown zone.
    Local(Civil),
}

impl Clock {
    pub(crate) fn new(winter_offset: Option<i64>) -> Option<Self> {
        let exists = |offset: i64| (-OFFSET_MAX..=OFFSET_MAX).contains(&offset);
        winter_offset.is_none_or(exists).then_some(Self { winter_offset })
    }

    /// `None` for nothing, for what no calendar has, and for 1970: meters write `632525252525` or `700101010000`
    /// until they know.
    pub(crate) fn stamp(self, text: &str) -> Result<Option<Stamp>, DecodeError> {
        if text.is_empty() {
            return Ok(None);
        }
        let broken = || malformed("a time is broken");
        let (digits, season) = text.split_at_checked(12).ok_or_else(broken)?;
        let [year, month, day, hour, minute, second] = pairs(digits).ok_or_else(broken)?;
        let civil = Civil { year: 2000 + year, month, day, hour, minute, second };
        let winter = self.winter_offset.unwrap_or(CENTRAL_EUROPE);
        let offset = match season {
            "S" => Some(winter + SUMMER),
            "W" => Some(winter),
            "" | "X" => self.winter_offset,
            _ => return Err(broken()),
        };
        if year >= 70 {
            return Ok(None);
        }
        Ok(match offset {
            Some(offset) => civil.ms(offset).map(Stamp::At),
            None => civil.ms(0).map(|_| Stamp::Local(civil)),
        })
    }
}

fn pairs(digits: &str) -> Option<[i64; 6]> {
    let mut pairs = [0; 6];
    let (chunks, _) = digits.as_bytes().as_chunks::<2>();
    for (pair, [tens, ones]) in pairs.iter_mut().zip(chunks) {
        let both = tens.is_ascii_digit() && ones.is_ascii_digit();
        *pair = both.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))?;
    }
    Some(pairs)
}
