//! Holds a wide grant tight, except while the glass is broken: in an emergency more may leave, for a bounded time.
//!
//! # Promises
//!
//! - While the glass is whole only the fields of `normal.keep` leave, in steps no finer than `normal.coarsen`.
//! - The glass is broken from `opened` on for so many `minutes`, a day at most, and for a single release of which
//!   a value meets one of the conditions of `when`. Where a value is not there or not shown, it meets none.
//! - A release through the broken glass says so: its one obligation is `delay 0`, which asks nothing of the
//!   gateway and which no other release of this policy has. A line in the local log says it, too.

mod condition;

use std::collections::BTreeMap;

use condition::{Condition, Written};
use hushgate_sdk::{
    ConfigError, config, log,
    policy::{FieldView, Obligation, Policy, Request, Verdict},
    time,
};
use serde::Deserialize;

const MINUTE_MS: u64 = 60_000;
const MINUTES_MAX: u64 = 24 * 60;
const CONDITIONS_MAX: usize = 16;

/// The policy.
#[derive(Debug)]
pub struct BreakGlass {
    normal: Normal,
    broken: Option<Broken>,
    when: Vec<Condition>,
}

hushgate_sdk::policy!(BreakGlass);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    normal: Normal,
    opened: Option<String>,
    minutes: Option<u64>,
    #[serde(default)]
    when: Vec<Written>,
}

/// What leaves while the glass is whole.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Normal {
    keep: Vec<String>,
    #[serde(default)]
    coarsen: BTreeMap<String, f64>,
}

/// From when to when (not included) somebody broke it.
#[derive(Debug)]
struct Broken {
    from_ms: u64,
    to_ms: u64,
}

impl Policy for BreakGlass {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let settings: Settings = config::parse(json)?;
        if !settings.normal.coarsen.values().all(|it| it.is_finite() && *it > 0.0) {
            return Err(config::invalid("normal", "steps above 0 in coarsen"));
        }
        let broken = broken(settings.opened, settings.minutes)?;
        if settings.when.len() > CONDITIONS_MAX {
            return Err(config::invalid("when", "at most 16 conditions"));
        }
        let when = settings.when.into_iter().map(Condition::new).collect::<Option<_>>();
        let when = when.ok_or_else(|| config::invalid("when", condition::MUST_BE))?;
        Ok(Self { normal: settings.normal, broken, when })
    }

    fn evaluate(&self, request: Request) -> Result<Verdict, String> {
        if self.is_broken(&request) {
            log::warn("the glass is broken: released as the grant says");
            return Ok(Verdict::Release(vec![Obligation::Delay(0)]));
        }
        Ok(self.normal.tighten(&request.fields))
    }
}

impl BreakGlass {
    fn is_broken(&self, request: &Request) -> bool {
        let now = request.now_ms;
        let by_hand = self.broken.as_ref().is_some_and(|it| (it.from_ms..it.to_ms).contains(&now));
        by_hand || self.when.iter().any(|it| request.fields.iter().any(|field| it.holds(field)))
    }
}

impl Normal {
    fn tighten(&self, fields: &[FieldView]) -> Verdict {
        let asked = |path: &String| fields.iter().any(|it| it.path == *path);
        let kept: Vec<_> = self.keep.iter().filter(|it| asked(it)).cloned().collect();
        if kept.is_empty() {
            return Verdict::Withhold("nothing of it unless in an emergency".to_owned());
        }
        let coarser = self.coarsen.iter().filter(|it| kept.contains(it.0));
        let steps: Vec<_> =
            coarser.map(|(path, step)| Obligation::Coarsen((path.clone(), *step))).collect();
        Verdict::Release([Obligation::Keep(kept)].into_iter().chain(steps).collect())
    }
}

fn broken(opened: Option<String>, minutes: Option<u64>) -> Result<Option<Broken>, ConfigError> {
    let missing = |name: &str| Err(ConfigError::Missing(name.to_owned()));
    let (opened, minutes) = match (opened, minutes) {
        (None, None) => return Ok(None),
        (None, Some(_)) => return missing("opened"),
        (Some(_), None) => return missing("minutes"),
        (Some(opened), Some(minutes)) => (opened, minutes),
    };
    if !(1..=MINUTES_MAX).contains(&minutes) {
        return Err(config::invalid("minutes", "1 to 1440"));
    }
    let from_ms = time::rfc3339_ms(&opened);
    let must_be = "a time with its zone, such as 2026-11-27T06:25:00Z";
    let from_ms = from_ms.ok_or_else(|| config::invalid("opened", must_be))?;
    Ok(Some(Broken { from_ms, to_ms: from_ms.saturating_add(minutes * MINUTE_MS) }))
}

#[cfg(test)]
mod tests;
