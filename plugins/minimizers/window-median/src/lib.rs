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
//!   1,760 in all. Where there are more, every second value is left out, and again, so that those that stay are
//!   spread evenly over the window.
//! - State that cannot be read, does not fit the settings or lies in the future is forgotten.
//!
//! # Settings
//!
//! `window-s`: seconds in a window, 1 to 86,400 (300) · `count-min`: how many values a field must have had in a
//! window for its median to go out, at least 1 (1).

use hushgate_sdk::{
    ConfigError, Field, Reading, config,
    minimizer::{Minimizer, Step},
    window::{Number, Samples, Window},
};
use serde::Deserialize;

const WINDOW_S_MAX: u64 = 86_400;
const STATE_VERSION: u8 = 1;

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
        let start_ms = Window::<Samples>::start_of(now_ms, self.window_ms);
        let kept = state.and_then(|bytes| self.window_of(&bytes));
        let (finished, mut open) = Window::turn(kept, start_ms);
        for field in readings.into_iter().flat_map(|reading| reading.fields) {
            add(&mut open, &field);
        }
        Ok(Step {
            state: open.to_state(STATE_VERSION),
            readings: finished.and_then(|window| self.medians(window)).into_iter().collect(),
        })
    }
}

impl WindowMedian {
    fn window_of(&self, state: &[u8]) -> Option<Window<Samples>> {
        Window::of_state(state, STATE_VERSION)
            .filter(|window| window.start_ms().is_multiple_of(self.window_ms))
    }

    /// One reading with the median of each field that came often enough, if any did.
    fn medians(&self, window: Window<Samples>) -> Option<Reading> {
        let start_ms = window.start_ms();
        let enough = window.tracks().filter(|track| track.memory.seen() >= self.count_min);
        let fields: Vec<Field> = enough
            .filter_map(|track| {
                let value = track.memory.median()?;
                Some(Field { path: track.path, value, unit: track.unit })
            })
            .collect();
        (!fields.is_empty()).then(|| Reading::at(Some(start_ms), "window-median", fields))
    }
}

fn add(window: &mut Window<Samples>, field: &Field) {
    if let Some(number) = Number::of(&field.value)
        && let Some((samples, samples_max)) = window.of(field)
    {
        samples.add(number, samples_max);
    }
}

#[cfg(test)]
mod tests;
