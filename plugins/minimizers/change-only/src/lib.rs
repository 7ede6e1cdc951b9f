//! Lets a field go on only when it differs from what went on last.
//!
//! # Promises
//!
//! - A named field goes on, unchanged, if it is the first of its path and unit, if it differs enough from the
//!   last that went on, or if `at-least-every-s` is over since then. Other fields go on unchanged, always.
//! - Numbers differ enough by `delta` or more, calculated in decimal: 0.3 differs from 0.2 by 0.1. Without
//!   `delta`, and of anything that is no number, any difference is enough.
//! - What is not finite does not go on.
//! - At most 128 different fields are remembered, the first to come; of more than that nothing goes on. State that
//!   cannot be read is forgotten: each field is the first of its path then.
//!
//! # Settings
//!
//! `fields`: by path; one that ends in `*` stands for all that begin so (`*`, with no more settings). Of each:
//! `delta`, above 0 · `at-least-every-s`: 1 to 604,800.

mod passed;

use hushgate_sdk::{
    ConfigError, Field, Reading, Scalar, config,
    exact::Exact,
    minimizer::{self, Minimizer, Step},
    path::{Pattern, Table},
    state::Tracks,
};
use passed::{Passed, Value};
use serde::Deserialize;

const TRACKS_MAX: u8 = 128;
const STATE_VERSION: u8 = 1;
const EVERY_S_MAX: u64 = 604_800;

/// The minimizer: what is a change of each path.
#[derive(Debug)]
pub struct ChangeOnly {
    fields: Table<Rule>,
}

hushgate_sdk::minimizer!(ChangeOnly);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    fields: Option<Table<RuleSetting>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RuleSetting {
    delta: Option<f64>,
    at_least_every_s: Option<u64>,
}

#[derive(Debug)]
struct Rule {
    delta: Option<Exact>,
    every_ms: Option<u64>,
}

impl Minimizer for ChangeOnly {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { fields } = config::parse(json)?;
        let all = || Pattern::parse("*").map(|all| (all, RuleSetting::default()));
        let fields = fields.unwrap_or_else(|| all().into_iter().collect());
        let fields = fields
            .checked(|rule| rule.checked().map_err(|must_be| config::invalid("fields", must_be)))?;
        Ok(Self { fields })
    }

    fn minimize(
        &self,
        state: Option<Vec<u8>>,
        now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String> {
        let mut tracks = Tracks::of_state(state.as_deref(), STATE_VERSION, TRACKS_MAX);
        let readings = minimizer::change_fields(readings, |field| {
            let passes = match self.fields.get(&field.path) {
                Some(rule) => rule.passes(&mut tracks, now_ms, &field),
                None => true,
            };
            passes.then_some(field)
        });
        Ok(Step { state: tracks.to_state(STATE_VERSION), readings })
    }
}

impl RuleSetting {
    fn checked(self) -> Result<Rule, &'static str> {
        if self.delta.is_some_and(|delta| delta <= 0.0) {
            return Err("`delta` above 0");
        }
        if self.at_least_every_s.is_some_and(|every_s| !(1..=EVERY_S_MAX).contains(&every_s)) {
            return Err("`at-least-every-s` of 1 to 604800");
        }
        let every_ms = self.at_least_every_s.map(|every_s| every_s * 1000);
        Ok(Rule { delta: self.delta.and_then(Exact::of_real), every_ms })
    }
}

impl Rule {
    fn passes(&self, tracks: &mut Tracks<Passed>, now_ms: u64, field: &Field) -> bool {
        if matches!(field.value, Scalar::Real(real) if !real.is_finite()) {
            return false;
        }
        let Some(passed) = tracks.of(&field.path, field.unit.as_deref()) else { return false };
        let value = Value::of(&field.value);
        let last = passed.last.as_ref();
        let goes_on = last.is_none_or(|(at_ms, last)| {
            self.is_due(*at_ms, now_ms) || self.is_change(last, &value)
        });
        if goes_on {
            passed.last = Some((now_ms, value));
        }
        goes_on
    }

    /// A clock that went back makes it due: better told twice than not.
    fn is_due(&self, at_ms: u64, now_ms: u64) -> bool {
        let since_ms = now_ms.checked_sub(at_ms);
        self.every_ms.is_some_and(|every_ms| since_ms.is_none_or(|it| it >= every_ms))
    }

    fn is_change(&self, last: &Value, value: &Value) -> bool {
        match (last.number(), value.number(), self.delta) {
            (Some(last), Some(now), Some(delta)) => {
                let distance = now.minus(last).and_then(Exact::size);
                // So far apart that no digits tell it.
                distance.is_none_or(|it| it >= delta)
            }
            (Some(last), Some(now), None) => now != last,
            _ => last != value,
        }
    }
}

#[cfg(test)]
mod tests;
