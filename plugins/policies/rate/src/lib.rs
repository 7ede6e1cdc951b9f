//! Releases only within openings of the clock: at the beginning of each period, and so many times a day.
//!
//! # Promises
//!
//! - A release leaves only within the first `open-s` seconds of a period; periods follow each other from
//!   1970-01-01T00:00:00Z plus `offset-s`. It has no state: whatever was released before, the clock alone counts.
//! - Where `per-day-max` is given, only so many openings of each day are open; days begin at `offset-s`, too.
//! - Where `slot-s` is what the grant says as `every`, each field leaves at most once in each period: settings
//!   under which that could not be are refused.

use hushgate_sdk::{
    ConfigError, config,
    policy::{Policy, Request, Verdict},
};
use serde::Deserialize;

const DAY_S: u64 = 86_400;
/// Four weeks: a gateway holds no release longer than 30 days.
const PERIOD_S_MAX: u64 = 28 * DAY_S;

/// The policy.
#[derive(Debug)]
pub struct Rate {
    period_s: u64,
    open_s: u64,
    offset_s: u64,
    per_day_max: Option<u64>,
    action: Action,
}

hushgate_sdk::policy!(Rate);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    period_s: u64,
    open_s: u64,
    #[serde(default)]
    offset_s: u64,
    per_day_max: Option<u64>,
    slot_s: Option<u64>,
    #[serde(default)]
    action: Action,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    #[default]
    Withhold,
    Hold,
}

impl Policy for Rate {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let settings: Settings = config::parse(json)?;
        settings.check()?;
        let Settings { period_s, open_s, offset_s, per_day_max, action, .. } = settings;
        Ok(Self { period_s, open_s, offset_s, per_day_max, action })
    }

    fn evaluate(&self, request: Request) -> Result<Verdict, String> {
        let now_s = request.now_ms / 1000;
        if self.is_open(now_s) {
            return Ok(Verdict::Release(Vec::new()));
        }
        Ok(match (self.action, self.opens_next(now_s)) {
            (Action::Hold, Some(next_s)) => Verdict::HoldUntil(next_s.saturating_mul(1000)),
            _ => Verdict::Withhold("outside of the openings".to_owned()),
        })
    }
}

impl Settings {
    fn check(&self) -> Result<(), ConfigError> {
        let fits = |setting, fits, must_be| match fits {
            true => Ok(()),
            false => Err(config::invalid(setting, must_be)),
        };
        let Self { period_s, open_s, offset_s, .. } = *self;
        fits("period-s", (1..=PERIOD_S_MAX).contains(&period_s), "1 to 2419200")?;
        fits("open-s", (1..=period_s).contains(&open_s), "1 to period-s")?;
        fits("offset-s", offset_s < PERIOD_S_MAX, "0 to 2419199")?;
        fits("per-day-max", self.per_day_max != Some(0), "at least 1")?;
        fits(
            "per-day-max",
            self.per_day_max.is_none() || period_s <= DAY_S,
            "without periods longer than a day",
        )?;
        let Some(slot_s) = self.slot_s else { return Ok(()) };
        fits("slot-s", slot_s > 0, "at least 1")?;
        let aligned = period_s.is_multiple_of(slot_s) && offset_s.is_multiple_of(slot_s);
        fits("slot-s", aligned, "such that period-s and offset-s are multiples of it")?;
        fits("slot-s", open_s <= slot_s, "no shorter than open-s")
    }
}

impl Rate {
    fn is_open(&self, now_s: u64) -> bool {
        self.opening_s(now_s).is_some_and(|it| now_s - it < self.open_s && self.counts(it))
    }

    /// When the period of that moment began, once there are any.
    fn opening_s(&self, at_s: u64) -> Option<u64> {
        let since_s = at_s.checked_sub(self.offset_s)?;
        Some(at_s - since_s % self.period_s)
    }

    /// Whether the opening at that moment is among those of its day.
    fn counts(&self, opening_s: u64) -> bool {
        let Some(max) = self.per_day_max else { return true };
        let since_s = opening_s.saturating_sub(self.offset_s);
        let day_s = since_s - since_s % DAY_S;
        let before_s = since_s - day_s.next_multiple_of(self.period_s);
        before_s / self.period_s < max
    }

    /// The first opening after that moment.
    fn opens_next(&self, now_s: u64) -> Option<u64> {
        let Some(opening_s) = self.opening_s(now_s) else { return Some(self.offset_s) };
        let next_s = opening_s.checked_add(self.period_s)?;
        if self.counts(next_s) {
            return Some(next_s);
        }
        // All of this day are over: the first of the next one.
        let since_s = next_s - self.offset_s;
        let day_s = since_s.checked_next_multiple_of(DAY_S)?;
        day_s.checked_next_multiple_of(self.period_s)?.checked_add(self.offset_s)
    }
}

#[cfg(test)]
mod tests;
