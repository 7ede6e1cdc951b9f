//! Lets one median of each numeric field through for each window of time, and nothing else.
//!
//! # Promises
//!
//! - Windows are aligned to 1970-01-01 (UTC) and follow each other without gap or overlap. The gateway's clock
//!   decides which one a field belongs to, not the device's.
//! - The medians of a window come out with the first call after its end, once, as one reading whose time is
//!   the window's start. Until then nothing comes out.
//! - A path that came as integers only goes out as an integer, to the nearest; any other as a real number.
//!   Fields that are not numbers, or not finite, are dropped.
//! - The state stays below 16 KiB: at most 16 different fields (the first to come), 512 values of each and
//!   1,792 in all. Where there are more, every second value is left out, and again, so that those that stay are
//!   spread evenly over the window.
//! - State that cannot be read, does not fit the settings or lies in the future is forgotten.
//!
//! # Settings
//!
//! `window-s`: seconds in a window, 1 to 86,400 (300) · `count-min`: how many values a field must have had in a
//! window for its median to go out, at least 1 (1).

mod state;
mod window;

use hushgate_sdk::{
    ConfigError, Reading, config,
    minimizer::{Minimizer, Step},
};
use serde::Deserialize;
use window::Window;

const WINDOW_S_MAX: u64 = 86_400;

/// The minimizer: how long a window is, and how many values it takes.
#[derive(Debug)]
pub struct WindowMedian {
    window_ms: u64,
    count_min: u32,
}

hushgate_sdk::minimizer!(WindowMedian);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct Settings {
    window_s: u64,
    count_min: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { window_s: 300, count_min: 1 }
    }
}

impl Minimizer for WindowMedian {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { window_s, count_min } = config::parse(json)?;
        if !(1..=WINDOW_S_MAX).contains(&window_s) {
            return Err(config::invalid("window-s", "1 to 86400"));
        }
        if count_min == 0 {
            return Err(config::invalid("count-min", "at least 1"));
        }
        Ok(Self { window_ms: window_s * 1000, count_min })
    }

    fn minimize(
        &self,
        state: Option<Vec<u8>>,
        now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String> {
        let start_ms = now_ms - now_ms % self.window_ms;
        let (finished, mut open) = match state.and_then(|bytes| self.window_of(&bytes)) {
            Some(window) if window.start_ms == start_ms => (None, window),
            Some(window) if window.start_ms < start_ms => (Some(window), Window::new(start_ms)),
            _ => (None, Window::new(start_ms)),
        };
        for field in readings.into_iter().flat_map(|reading| reading.fields) {
            open.add(field);
        }
        Ok(Step {
            state: (!open.tracks.is_empty()).then(|| state::encode(&open)),
            readings: finished
                .and_then(|window| window.medians(self.count_min))
                .into_iter()
                .collect(),
        })
    }
}

impl WindowMedian {
    fn window_of(&self, state: &[u8]) -> Option<Window> {
        state::decode(state).filter(|window| window.start_ms.is_multiple_of(self.window_ms))
    }
}

#[cfg(test)]
mod tests;
