//! Lets nothing leave within the quiet hours of the day.
//!
//! # Promises
//!
//! - From `from` (included) to `to` (not included) no release leaves: it is held until the hours end, or
//!   withheld. At any other time nothing is added to what the grant asks.
//! - Hours that follow each other are held through to the end of the last. Where they never end, all is withheld.
//! - The hours may run over midnight. `from` equal to `to` means that there are none.
//! - Where clocks change, quiet hours are rather longer than shorter: see `period`.

mod period;
mod posix;
mod zone;

use hushgate_sdk::{
    ConfigError, config,
    policy::{Policy, Request, Verdict},
};
use period::{Period, Weekday, Written};
use serde::Deserialize;
use zone::Zone;

const OFFSET_MINUTES_MAX: u64 = 24 * 60;
const PERIODS_MAX: usize = 16;
/// What is quiet for so long, a week and the odd change of clocks, is quiet for ever.
const QUIET_S_MAX: i64 = 9 * 86_400;
/// 9998-01-01T00:00:00Z: then calendars end.
const NOW_S_MAX: i64 = 253_339_228_800;

/// The policy.
#[derive(Debug)]
pub struct QuietHours {
    zone: Zone,
    periods: Vec<Period>,
    action: Action,
}

hushgate_sdk::policy!(QuietHours);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    from: Option<String>,
    to: Option<String>,
    days: Option<Vec<Weekday>>,
    #[serde(default)]
    periods: Vec<Written>,
    time_zone: Option<String>,
    utc_offset_minutes: Option<i64>,
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
        let zone = zone(settings.time_zone.as_deref(), settings.utc_offset_minutes)?;
        let action = settings.action;
        Ok(Self { zone, periods: periods(settings)?, action })
    }

    fn evaluate(&self, request: Request) -> Result<Verdict, String> {
        let now = i64::try_from(request.now_ms / 1000).ok().filter(|it| *it < NOW_S_MAX);
        let now = now.ok_or("a time beyond all calendars")?;
        Ok(match (self.quiet_until(now), self.action) {
            (Quiet::Not, _) => Verdict::Release(Vec::new()),
            (Quiet::Until(end), Action::Hold) => {
                Verdict::HoldUntil(end.unsigned_abs().saturating_mul(1000))
            }
            (Quiet::Until(_) | Quiet::Always, _) => Verdict::Withhold("quiet hours".to_owned()),
        })
    }
}

enum Quiet {
    Not,
    Until(i64),
    Always,
}

impl QuietHours {
    fn quiet_until(&self, now: i64) -> Quiet {
        let mut until = now;
        while until - now < QUIET_S_MAX {
            match self.periods.iter().filter_map(|it| it.end(&self.zone, until)).max() {
                Some(end) => until = end,
                None if until == now => return Quiet::Not,
                None => return Quiet::Until(until),
            }
        }
        Quiet::Always
    }
}

fn zone(name: Option<&str>, offset_minutes: Option<i64>) -> Result<Zone, ConfigError> {
    let minutes = "utc-offset-minutes";
    match (name, offset_minutes) {
        (Some(_), Some(_)) => Err(config::invalid(minutes, "not be given together with time-zone")),
        (Some(name), None) => Zone::parse(name).ok_or_else(|| {
            let must_be = "an IANA name, such as Europe/Berlin, or a POSIX rule with its switches";
            config::invalid("time-zone", must_be)
        }),
        (None, Some(offset)) if offset.unsigned_abs() > OFFSET_MINUTES_MAX => {
            Err(config::invalid(minutes, "-1440 to 1440"))
        }
        (None, offset) => Ok(Zone::fixed(offset.unwrap_or(0) * 60)),
    }
}

fn periods(settings: Settings) -> Result<Vec<Period>, ConfigError> {
    let missing = |name: &str| ConfigError::Missing(name.to_owned());
    let own = match (settings.from, settings.to) {
        (Some(from), Some(to)) => Some(Written { from, to, days: settings.days }),
        (None, None) if settings.days.is_none() && !settings.periods.is_empty() => None,
        (None, _) => return Err(missing("from")),
        (Some(_), None) => return Err(missing("to")),
    };
    if settings.periods.len() > PERIODS_MAX {
        return Err(config::invalid("periods", "at most 16"));
    }
    let mut periods = Vec::new();
    for written in settings.periods {
        let at_the_top = |_| config::invalid("periods", "each with from and to as HH:MM");
        periods.push(Period::new(written).map_err(at_the_top)?);
    }
    if let Some(own) = own {
        periods.push(Period::new(own)?);
    }
    Ok(periods)
}

#[cfg(test)]
mod tests;
