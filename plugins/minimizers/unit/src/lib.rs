//! Converts numbers to the units that the owner wants.
//!
//! # Promises
//!
//! - A named number goes on in the wanted unit, with the value that UCUM's definitions give: calculated exactly
//!   in decimals and fractions, rounded once at the end.
//! - One that has the wanted unit already goes on unchanged.
//! - What cannot be converted does not go on, and nothing is ever relabelled: a field of another quantity, in an
//!   unknown unit, without a unit, or that is no finite number.
//! - Other fields go on unchanged.
//!
//! # Settings
//!
//! `to`: the wanted unit (UCUM) of each path, required; a path that ends in `*` stands for all that begin so.

mod units;

use hushgate_sdk::{
    ConfigError, Field, Reading, config,
    exact::Exact,
    minimizer::{self, Minimizer, Step},
    path::Table,
};
use serde::Deserialize;
use units::Unit;

/// The minimizer: the unit of each path.
#[derive(Debug)]
pub struct UnitOf {
    to: Table<&'static Unit>,
}

hushgate_sdk::minimizer!(UnitOf);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    to: Table<String>,
}

impl Minimizer for UnitOf {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { to } = config::parse(json)?;
        let known = |code: String| units::find(&code);
        let must_be = "UCUM units that can be converted; the README has them";
        let to = to.checked(|code| known(code).ok_or_else(|| config::invalid("to", must_be)))?;
        Ok(Self { to })
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

impl UnitOf {
    fn change(&self, field: Field) -> Option<Field> {
        let Some(to) = self.to.get(&field.path) else { return Some(field) };
        let value = Exact::of(&field.value)?;
        let from = field.unit.as_deref()?;
        if from == to.code {
            return Some(field);
        }
        let converted = units::convert(value, &field.path, (units::find(from)?, to))?.real()?;
        Some(Field { path: field.path, value: converted, unit: Some(to.code.to_owned()) })
    }
}

#[cfg(test)]
mod tests;
