//! Lets nothing leave between 22:00 and 06:00 UTC.

use hushgate_sdk::{
    ConfigError, config,
    policy::{Policy, Request, Verdict},
};
use serde::Deserialize;

const HOUR_MS: u64 = 3_600_000;

struct ByDay;

hushgate_sdk::policy!(ByDay);

/// What the owner can set: nothing yet. A field here becomes a setting.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {}

impl Policy for ByDay {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings {} = config::parse(json)?;
        Ok(Self)
    }

    fn evaluate(&self, request: Request) -> Result<Verdict, String> {
        let hour = request.now_ms / HOUR_MS % 24;
        Ok(if (6..22).contains(&hour) {
            Verdict::Release(Vec::new())
        } else {
            Verdict::Withhold("outside 06:00 to 22:00 UTC".to_owned())
        })
    }
}
