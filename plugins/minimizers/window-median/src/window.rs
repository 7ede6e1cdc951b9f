//! What one window has seen so far.

use hushgate_sdk::{Field, Reading, Scalar};

/// Different fields (path and unit) in a window.
pub(crate) const TRACKS_MAX: usize = 16;
/// Bytes in a path, as the contract has it.
pub(crate) const PATH_BYTES_MAX: usize = 64;
/// Bytes in a unit: no UCUM code in use is longer.
pub(crate) const UNIT_BYTES_MAX: usize = 32;

/// Values kept of one field.
const SAMPLES_MAX: usize = 512;
/// Values kept in all: 14 KiB of the state's 16.
const SAMPLES_ALL_MAX: usize = 1_792;

/// A window of time and the fields seen in it, in the order in which they first came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Window {
    pub(crate) start_ms: u64,
    pub(crate) tracks: Vec<Track>,
}

/// The values of one field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Track {
    pub(crate) path: String,
    pub(crate) unit: Option<String>,
    /// Only integers came so far.
    pub(crate) integers: bool,
    /// How many values came.
    pub(crate) seen: u32,
    /// One value of 2 to the power of this is kept, beginning with the first.
    pub(crate) stride_log2: u8,
    pub(crate) samples: Vec<f64>,
}

/// How many values of each field are kept when there are `tracks` of them.
pub(crate) fn samples_max(tracks: usize) -> usize {
    SAMPLES_MAX.min(SAMPLES_ALL_MAX / tracks.max(1))
}

impl Window {
    pub(crate) const fn new(start_ms: u64) -> Self {
        Self { start_ms, tracks: Vec::new() }
    }

    /// Takes a field in, or drops it when it is not a finite number or there is no room for its path.
    pub(crate) fn add(&mut self, field: Field) {
        let (value, integer) = match field.value {
            // Beyond 2^53 the nearest real number is near enough.
            Scalar::Int(int) => (int as f64, true),
            Scalar::Real(real) if real.is_finite() => (real, false),
            _ => return,
        };
        let known = self
            .tracks
            .iter()
            .position(|track| track.path == field.path && track.unit == field.unit);
        let Some(at) = known.or_else(|| self.new_track(field.path, field.unit)) else { return };
        let samples_max = samples_max(self.tracks.len());
        self.tracks[at].add(value, integer, samples_max);
    }

    /// One reading with the median of each field that came at least `count_min` times, if any did.
    pub(crate) fn medians(self, count_min: u32) -> Option<Reading> {
        let start_ms = self.start_ms;
        let fields: Vec<Field> = self
            .tracks
            .into_iter()
            .filter(|track| track.seen >= count_min)
            .filter_map(Track::median)
            .collect();
        let kind = "window-median".to_owned();
        (!fields.is_empty()).then_some(Reading { kind, at_ms: Some(start_ms), fields })
    }

    fn new_track(&mut self, path: String, unit: Option<String>) -> Option<usize> {
        let unit_bytes = unit.as_ref().map_or(0, String::len);
        let fits = (1..=PATH_BYTES_MAX).contains(&path.len()) && unit_bytes <= UNIT_BYTES_MAX;
        if !fits || self.tracks.len() == TRACKS_MAX {
            return None;
        }
        self.tracks.push(Track {
            path,
            unit,
            integers: true,
            seen: 0,
            stride_log2: 0,
            samples: Vec::new(),
        });
        let samples_max = samples_max(self.tracks.len());
        self.tracks.iter_mut().for_each(|track| track.thin(samples_max));
        Some(self.tracks.len() - 1)
    }
}

impl Track {
    fn add(&mut self, value: f64, integer: bool, samples_max: usize) {
        self.integers &= integer;
        if self.seen.is_multiple_of(1 << self.stride_log2) {
            self.samples.push(value);
            self.thin(samples_max);
        }
        self.seen = self.seen.saturating_add(1);
    }

    fn thin(&mut self, samples_max: usize) {
        while self.samples.len() > samples_max {
            let mut odd = true;
            self.samples.retain(|_| {
                odd = !odd;
                !odd
            });
            self.stride_log2 += 1;
        }
    }

    fn median(mut self) -> Option<Field> {
        self.samples.sort_by(f64::total_cmp);
        let high = *self.samples.get(self.samples.len() / 2)?;
        let low = *self.samples.get(self.samples.len().checked_sub(1)? / 2)?;
        let median = f64::midpoint(low, high);
        let value = if self.integers {
            // It lies between two integers of 64 bits, and `as` saturates.
            Scalar::Int(median.round() as i64)
        } else {
            Scalar::Real(median)
        };
        Some(Field { path: self.path, value, unit: self.unit })
    }
}
