//! Tells that a value crossed a limit, and not the value.
//!
//! # Promises
//!
//! - Of a named field, only flags go on: `heart-rate.high` is true from the moment at which a value is above
//!   `high` until one is not above `high-clear`, `heart-rate.low` from one below `low` until one is not below
//!   `low-clear`. A flag goes on when it changes, and again every `heartbeat-s` if that is set.
//! - A flag changes after `count` values in a row that say so. Before the first value it is false, and that is
//!   no change.
//! - A flag goes on only with a message that has a value of its field: silence never says that all is well.
//! - A named field in another unit than the limits, or that is no finite number, does not go on and does not
//!   count. Other fields go on unchanged.
//! - At most 64 different fields are watched, the first to come; of more than that nothing goes on. State that
//!   cannot be read is forgotten: flags are false and not yet told then.
//!
//! # Settings
//!
//! `fields`: the limits of each path, required; a path that ends in `*` stands for all that begin so. Of each:
//! `unit` of limits and field (a field without unit, if it is not given) · `high`, `low`: one of them or both ·
//! `high-clear` (as `high`), `low-clear` (as `low`) · `count`: 1 to 1,000 (1) · `heartbeat-s`: 1 to 604,800.

mod limits;

use hushgate_sdk::{
    ConfigError, Field, Reading, Scalar, config,
    minimizer::{self, Minimizer, Step},
    naming::PATH_BYTES_MAX,
    path::Table,
    state::Tracks,
    window::Number,
};
use limits::{Alarm, Limits, LimitsSetting};
use serde::Deserialize;

const TRACKS_MAX: u8 = 64;
const STATE_VERSION: u8 = 1;

/// The minimizer: the limits of each path.
#[derive(Debug)]
pub struct Threshold {
    fields: Table<Limits>,
}

hushgate_sdk::minimizer!(Threshold);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    fields: Table<LimitsSetting>,
}

impl Minimizer for Threshold {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { fields } = config::parse(json)?;
        let fields = fields.checked(|limits| {
            limits.checked().map_err(|must_be| config::invalid("fields", must_be))
        })?;
        Ok(Self { fields })
    }

    fn minimize(
        &self,
        state: Option<Vec<u8>>,
        now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String> {
        let mut tracks = Tracks::of_state(state.as_deref(), STATE_VERSION, TRACKS_MAX);
        let readings =
            minimizer::change_fields(readings, |field| match self.fields.get(&field.path) {
                Some(limits) => flags(limits, &mut tracks, now_ms, &field),
                None => vec![field],
            });
        Ok(Step { state: tracks.to_state(STATE_VERSION), readings })
    }
}

/// The flags that go on in place of the field.
fn flags(limits: &Limits, tracks: &mut Tracks<Alarm>, now_ms: u64, field: &Field) -> Vec<Field> {
    let number = Number::of(&field.value).filter(|_| field.unit == limits.unit);
    let Some(number) = number else { return Vec::new() };
    let Some(alarm) = tracks.of(&field.path, field.unit.as_deref()) else { return Vec::new() };
    let told = alarm.see(limits, now_ms, number.value).into_iter().flatten();
    told.map(|(name, on)| (format!("{}.{name}", field.path), on))
        .filter(|(path, _)| path.len() <= PATH_BYTES_MAX)
        .map(|(path, on)| Field::without_unit(&path, Scalar::Flag(on)))
        .collect()
}

#[cfg(test)]
mod tests;
