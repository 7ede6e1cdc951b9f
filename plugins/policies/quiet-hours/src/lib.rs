//! Lets nothing leave within the quiet hours of the day.
//!
//! # Promises
//!
//! - From `from` (included) to `to` (not included) no release leaves: it is held until the hours end, or
//!   withheld. At any other time nothing is added to what the grant asks.
//! - The hours may run over midnight. `from` equal to `to` means that there are none.
//!
//! # Settings
//!
//! `from`, `to`: `HH:MM`, local time, both required · `utc-offset-minutes`: local time less UTC, -1440 to 1440
//! (0); the gateway has no table of time zones, so summer time is the owner's to set · `action`: `hold` (the
//! default) or `withhold`.

use hushgate_sdk::{
    ConfigError, config,
    policy::{Policy, Request, Verdict},
};
use serde::Deserialize;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const OFFSET_MINUTES_MAX: i64 = 24 * 60;

/// The policy: times are milliseconds since local midnight.
#[derive(Debug)]
pub struct QuietHours {
    from_ms: i64,
    to_ms: i64,
    utc_offset_ms: i64,
    action: Action,
}

hushgate_sdk::policy!(QuietHours);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    from: String,
    to: String,
    #[serde(default)]
    utc_offset_minutes: i64,
    #[serde(default)]
    action: Action,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    #[default]
    Hold,
    Withhold,
}

impl Policy for QuietHours {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let settings: Settings = config::parse(json)?;
        if settings.utc_offset_minutes.unsigned_abs() > OFFSET_MINUTES_MAX.unsigned_abs() {
            return Err(config::invalid("utc-offset-minutes", "-1440 to 1440"));
        }
        let time = |name, text| {
            time_of_day_ms(text).ok_or_else(|| config::invalid(name, "HH:MM, 00:00 to 23:59"))
        };
        Ok(Self {
            from_ms: time("from", &settings.from)?,
            to_ms: time("to", &settings.to)?,
            utc_offset_ms: settings.utc_offset_minutes * MINUTE_MS,
            action: settings.action,
        })
    }

    fn evaluate(&self, request: Request) -> Result<Verdict, String> {
        Ok(match (self.quiet_left_ms(request.now_ms), self.action) {
            (None, _) => Verdict::Release(Vec::new()),
            (Some(left_ms), Action::Hold) => {
                Verdict::HoldUntil(request.now_ms.saturating_add(left_ms))
            }
            (Some(_), Action::Withhold) => Verdict::Withhold("quiet hours".to_owned()),
        })
    }
}

impl QuietHours {
    /// How long it stays quiet from now on, or `None` when it is not quiet.
    fn quiet_left_ms(&self, now_ms: u64) -> Option<u64> {
        let utc_ms = i64::try_from(now_ms % DAY_MS.unsigned_abs()).ok()?;
        let since_from_ms = (utc_ms + self.utc_offset_ms - self.from_ms).rem_euclid(DAY_MS);
        let quiet_ms = (self.to_ms - self.from_ms).rem_euclid(DAY_MS);
        u64::try_from(quiet_ms - since_from_ms).ok().filter(|left_ms| *left_ms > 0)
    }
}

fn time_of_day_ms(text: &str) -> Option<i64> {
    let [h1, h2, b':', m1, m2] = text.as_bytes() else { return None };
    let two_digits = |tens: &u8, ones: &u8| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let (hours, minutes) = (two_digits(h1, h2)?, two_digits(m1, m2)?);
    (hours < 24 && minutes < 60).then_some((hours * 60 + minutes) * MINUTE_MS)
}

#[cfg(test)]
mod tests;
