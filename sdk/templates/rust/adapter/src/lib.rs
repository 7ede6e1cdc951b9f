//! Reads a temperature in degrees Celsius that a device sends as a text, such as `21.5`.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
    config,
};
use serde::Deserialize;

struct Thermometer;

hushgate_sdk::adapter!(Thermometer);

/// What the owner can set: nothing yet. A field here becomes a setting.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

impl Adapter for Thermometer {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings {} = config::parse(json)?;
        Ok(Self)
    }

    fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
        let text = str::from_utf8(&frame.body).map_err(|_| malformed("it is not UTF-8"))?;
        let celsius: f64 = text.trim().parse().map_err(|_| malformed("it is not a number"))?;
        if !celsius.is_finite() {
            return Err(malformed("it is not a temperature"));
        }
        let field = Field::with_unit("temperature", Scalar::Real(celsius), "Cel");
        Ok(vec![Reading::now("temperature", vec![field])])
    }
}

fn malformed(why: &str) -> DecodeError {
    DecodeError::Malformed(why.to_owned())
}
