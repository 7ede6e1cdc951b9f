//! Rounds numbers to the nearest step.
//!
//! # Promises
//!
//! - A named number goes on as the nearest multiple of its step, calculated in decimal: 0.15 in steps of 0.1 is
//!   0.2. Halves go to the even multiple, as where a grant rounds.
//! - A whole number in whole steps stays an integer; every other becomes a real number.
//! - A named field that is no number, or not finite, does not go on. Other fields go on unchanged.
//!
//! # Settings
//!
//! `to`: the step of each path, required; a path that ends in `*` stands for all that begin so.

use hushgate_sdk::{
    ConfigError, Field, Reading, Scalar, config,
    exact::Exact,
    minimizer::{self, Minimizer, Step},
    path::Table,
};
use serde::Deserialize;

/// The minimizer: the step of each path.
#[derive(Debug)]
pub struct Round {
    steps: Table<Exact>,
}

hushgate_sdk::minimizer!(Round);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    to: Table<f64>,
}

impl Minimizer for Round {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { to } = config::parse(json)?;
        let steps = to.checked(|step| {
            let exact = Exact::of_real(step).filter(|_| step > 0.0);
            exact.ok_or_else(|| config::invalid("to", "steps above 0"))
        })?;
        Ok(Self { steps })
    }

    fn minimize(
        &self,
        _state: Option<Vec<u8>>,
        _now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String> {
        Ok(Step::stateless(minimizer::change_fields(readings, |field| self.change(field))))
    }
}

impl Round {
    fn change(&self, field: Field) -> Option<Field> {
        let Some(step) = self.steps.get(&field.path) else { return Some(field) };
        let rounded = Exact::of(&field.value)?.to_multiple(*step)?;
        let value = match (&field.value, step.whole()) {
            (Scalar::Int(_), Some(_)) => Scalar::Int(rounded.whole()?),
            _ => rounded.real()?,
        };
        Some(Field { value, ..field })
    }
}

#[cfg(test)]
mod tests;
