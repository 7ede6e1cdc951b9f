//! Lets a reading through when its first number has moved by at least 1 since the last one that went through.

use hushgate_sdk::{
    ConfigError, Reading, Scalar, config,
    minimizer::{Minimizer, Step},
};
use serde::Deserialize;

struct OnChange;

hushgate_sdk::minimizer!(OnChange);

/// What the owner can set: nothing yet. A field here becomes a setting.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

impl Minimizer for OnChange {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings {} = config::parse(json)?;
        Ok(Self)
    }

    fn minimize(
        &self,
        state: Option<Vec<u8>>,
        _now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String> {
        // The state is the last number that went through.
        let mut last = state.and_then(|it| it.try_into().ok()).map(f64::from_le_bytes);
        let mut moved = Vec::new();
        for reading in readings {
            let Some(number) = reading.fields.iter().find_map(|it| number(&it.value)) else { continue };
            // Also true where either is no number, so that a broken state heals.
            let stayed = last.is_some_and(|last| (number - last).abs() < 1.0);
            if !stayed {
                last = Some(number);
                moved.push(reading);
            }
        }
        Ok(Step { state: last.map(|it| it.to_le_bytes().to_vec()), readings: moved })
    }
}

fn number(value: &Scalar) -> Option<f64> {
    match value {
        Scalar::Int(it) => Some(*it as f64),
        Scalar::Real(it) => Some(*it),
        _ => None,
    }
}
