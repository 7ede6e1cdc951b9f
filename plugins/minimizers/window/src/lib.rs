//! Lets statistics of each named field through for each window of time, and nothing else.
//!
//! # Promises
//!
//! - Windows are aligned to 1970-01-01 (UTC) and follow each other without gap or overlap. The statistics of a
//!   window come out with the first call after its end, once, as one reading whose time is the window's start.
//! - A value belongs to the window of the time that its reading names, if it names one, and else of the call. One
//!   that is late (its window came out already) is dropped; one from the future counts as of now.
//! - One statistic of a path keeps the path and the unit. Of several, and always of `count`, the statistic's name
//!   follows the path: `heart-rate.max`. A count has no unit.
//! - Means are calculated in decimal: 18.9 and 19.0 are 18.95. Medians, least and greatest values of a path that
//!   came as integers only are integers; means are real numbers.
//! - Fields that are not named, no numbers or not finite are dropped.
//! - The state stays below 16 KiB, as [`hushgate_sdk::window`] says. Only medians are of samples; the other
//!   statistics are of all values.
//! - State that cannot be read, does not fit the settings or lies in the future is forgotten.
//!
//! # Settings
//!
//! `fields`: the statistics of each path, required; a path that ends in `*` stands for all that begin so ·
//! `window-s`: seconds in a window, 1 to 86,400 (300) · `count-min`: how many values a field must have had in a
//! window for its statistics to go out, at least 1 (1) · `time`: `device` (the default) or `gateway`: whose time
//! counts.

mod summary;

use hushgate_sdk::{
    ConfigError, Field, Reading, config,
    minimizer::{Minimizer, Step},
    naming::PATH_BYTES_MAX,
    path::Table,
    state::Track,
    window::{Number, Window},
};
use serde::Deserialize;
use summary::{Statistic, Summary};

const WINDOW_S_MAX: u64 = 86_400;
const STATE_VERSION: u8 = 1;

/// The minimizer: how long a window is, and what is told of it.
#[derive(Debug)]
pub struct Statistics {
    fields: Table<Vec<Statistic>>,
    window_ms: u64,
    count_min: u32,
    time: Time,
}

hushgate_sdk::minimizer!(Statistics);

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Settings {
    fields: Table<Vec<Statistic>>,
    #[serde(default = "window_s")]
    window_s: u64,
    #[serde(default = "count_min")]
    count_min: u32,
    #[serde(default)]
    time: Time,
}

const fn window_s() -> u64 {
    300
}

const fn count_min() -> u32 {
    1
}

/// Whose time says in which window a value lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Time {
    #[default]
    Device,
    Gateway,
}

impl Minimizer for Statistics {
    fn configure(json: &str) -> Result<Self, ConfigError> {
        let Settings { fields, window_s, count_min, time } = config::parse(json)?;
        if !fields.values().all(|wanted| is_a_set(wanted)) {
            return Err(config::invalid("fields", "at least one statistic, and none twice"));
        }
        if !(1..=WINDOW_S_MAX).contains(&window_s) {
            return Err(config::invalid("window-s", "1 to 86400"));
        }
        if count_min == 0 {
            return Err(config::invalid("count-min", "at least 1"));
        }
        Ok(Self { fields, window_ms: window_s * 1000, count_min, time })
    }

    fn minimize(
        &self,
        state: Option<Vec<u8>>,
        now_ms: u64,
        readings: Vec<Reading>,
    ) -> Result<Step, String> {
        let kept = state.and_then(|bytes| self.window_of(&bytes));
        let (mut finished, mut open) = Window::turn(kept, self.start_of(now_ms));
        for reading in readings {
            let start_ms = self.start_of(self.time_of(&reading, now_ms));
            let windows = [Some(&mut open), finished.as_mut()];
            let hit = windows.into_iter().flatten().find(|window| window.start_ms() == start_ms);
            if let Some(window) = hit {
                reading.fields.iter().for_each(|field| self.add(window, field));
            }
        }
        Ok(Step {
            state: open.to_state(STATE_VERSION),
            readings: finished.and_then(|window| self.told(window)).into_iter().collect(),
        })
    }
}

impl Statistics {
    fn window_of(&self, state: &[u8]) -> Option<Window<Summary>> {
        Window::of_state(state, STATE_VERSION)
            .filter(|window| window.start_ms() == self.start_of(window.start_ms()))
    }

    fn start_of(&self, at_ms: u64) -> u64 {
        Window::<Summary>::start_of(at_ms, self.window_ms)
    }

    fn time_of(&self, reading: &Reading, now_ms: u64) -> u64 {
        match (self.time, reading.at_ms) {
            (Time::Device, Some(at_ms)) => at_ms.min(now_ms),
            _ => now_ms,
        }
    }

    fn add(&self, window: &mut Window<Summary>, field: &Field) {
        if let Some(wanted) = self.fields.get(&field.path)
            && let Some(number) = Number::of(&field.value)
            && let Some((summary, samples_max)) = window.of(field)
        {
            summary.add(&field.value, number);
            if wanted.contains(&Statistic::Median) {
                summary.samples.add(number, samples_max);
            }
        }
    }

    /// One reading with the statistics of each field that came often enough, if any did.
    fn told(&self, window: Window<Summary>) -> Option<Reading> {
        let start_ms = window.start_ms();
        let enough = window.tracks().filter(|track| track.memory.count >= self.count_min);
        let fields: Vec<Field> = enough.flat_map(|track| self.fields_of(&track)).collect();
        (!fields.is_empty()).then(|| Reading::at(Some(start_ms), "window", fields))
    }

    fn fields_of(&self, track: &Track<Summary>) -> Vec<Field> {
        let wanted = self.fields.get(&track.path).map(Vec::as_slice).unwrap_or_default();
        let alone = wanted.len() == 1;
        let told = wanted.iter().filter_map(|statistic| {
            let value = track.memory.value(*statistic)?;
            Some(match statistic {
                Statistic::Count => Field::without_unit(&statistic.path(&track.path), value),
                _ => Field {
                    path: if alone { track.path.clone() } else { statistic.path(&track.path) },
                    value,
                    unit: track.unit.clone(),
                },
            })
        });
        told.filter(|field| field.path.len() <= PATH_BYTES_MAX).collect()
    }
}

fn is_a_set(wanted: &[Statistic]) -> bool {
    let twice =
        |place: usize| wanted.iter().skip(place + 1).any(|it| Some(it) == wanted.get(place));
    !wanted.is_empty() && !(0..wanted.len()).any(twice)
}

#[cfg(test)]
mod tests;
