//! Windows of time: what one has seen of each field so far, and its medians.
//!
//! # Promises
//!
//! - Windows are aligned to 1970-01-01 (UTC) and follow each other without gap or overlap.
//! - A window's state stays below 16 KiB, if what is kept of a field beside its samples is at most 37 bytes: at
//!   most 16 different fields (the first to come), 512 samples of each and 1,760 in all. Where there are more,
//!   every second sample is left out, and again, so that those that stay are spread evenly over the window.
//! - Any bytes can be read: they give a window that could have been written, or nothing.
//!
//! Little-endian. Version (1 byte), start in ms (8), the fields as [`crate::state`] has them.

use crate::{
    Field, Scalar,
    bytes::Bytes,
    state::{Memory, Track, Tracks},
};

/// Different fields (path and unit) in a window.
const TRACKS_MAX: u8 = 16;
/// Samples kept of one field.
const SAMPLES_MAX: usize = 512;
/// Samples kept in all: most of the state's 16 KiB.
const SAMPLES_ALL_MAX: usize = 1_760;

/// A finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// Its value. Of whole numbers beyond 2^53 the nearest real one, which is near enough here.
    pub value: f64,
    /// Whether it came as a whole number.
    pub integer: bool,
}

impl Number {
    /// The number that `value` is, if it is one and finite.
    #[must_use]
    pub fn of(value: &Scalar) -> Option<Self> {
        let (value, integer) = match value {
            Scalar::Int(int) => (*int as f64, true),
            Scalar::Real(real) if real.is_finite() => (*real, false),
            _ => return None,
        };
        Some(Self { value, integer })
    }

    /// As a whole number, to the nearest, if it is to be one.
    #[must_use]
    pub fn scalar(self) -> Scalar {
        // It lies between two integers of 64 bits, and `as` saturates.
        if self.integer { Scalar::Int(self.value.round() as i64) } else { Scalar::Real(self.value) }
    }
}

/// A window of time and what it keeps of each field.
#[derive(Clone, Debug, PartialEq)]
pub struct Window<M> {
    start_ms: u64,
    tracks: Tracks<M>,
}

impl<M: Memory + AsRef<Samples> + AsMut<Samples>> Window<M> {
    /// One that begins at `start_ms` and has seen nothing.
    #[must_use]
    pub const fn new(start_ms: u64) -> Self {
        Self { start_ms, tracks: Tracks::new(TRACKS_MAX) }
    }

    /// When the window of `window_ms` begins in which `at_ms` lies.
    #[must_use]
    pub fn start_of(at_ms: u64, window_ms: u64) -> u64 {
        at_ms - at_ms.checked_rem(window_ms).unwrap_or(0)
    }

    /// When it begins.
    #[must_use]
    pub const fn start_ms(&self) -> u64 {
        self.start_ms
    }

    /// The window that is over at `start_ms`, and the one that is open then. One that lies in the future is
    /// forgotten: the clock went back.
    #[must_use]
    pub fn turn(kept: Option<Self>, start_ms: u64) -> (Option<Self>, Self) {
        match kept {
            Some(window) if window.start_ms == start_ms => (None, window),
            Some(window) if window.start_ms < start_ms => (Some(window), Self::new(start_ms)),
            _ => (None, Self::new(start_ms)),
        }
    }

    /// What is kept of the field, and how many samples it may have. `None` where there is no room.
    pub fn of(&mut self, field: &Field) -> Option<(&mut M, usize)> {
        let before = self.tracks.len();
        self.tracks.of(&field.path, field.unit.as_deref())?;
        let samples_max = samples_max(self.tracks.len());
        if self.tracks.len() > before {
            self.tracks.memories_mut().for_each(|it| it.as_mut().thin(samples_max));
        }
        let memory = self.tracks.of(&field.path, field.unit.as_deref())?;
        Some((memory, samples_max))
    }

    /// What was kept of each field.
    pub fn tracks(self) -> impl Iterator<Item = Track<M>> {
        self.tracks.into_iter()
    }

    /// Its state; nothing if it has seen nothing.
    #[must_use]
    pub fn to_state(&self, version: u8) -> Option<Vec<u8>> {
        let mut state = vec![version];
        state.extend(self.start_ms.to_le_bytes());
        self.tracks.write(&mut state);
        (!self.tracks.is_empty()).then_some(state)
    }

    /// The window that [`Window::to_state`] wrote under the same version.
    #[must_use]
    pub fn of_state(state: &[u8], version: u8) -> Option<Self> {
        let mut rest = Bytes::new(state);
        let known = rest.u8().ok()? == version;
        let start_ms = rest.array().ok().map(u64::from_le_bytes)?;
        let tracks = Tracks::<M>::read(&mut rest, TRACKS_MAX)?;
        let samples_max = samples_max(tracks.len());
        let fits = tracks.memories().all(|it| it.as_ref().values.len() <= samples_max);
        (known && fits && rest.is_empty()).then_some(Self { start_ms, tracks })
    }
}

/// How many samples of each field are kept when there are so many of them.
fn samples_max(tracks: usize) -> usize {
    SAMPLES_MAX.min(SAMPLES_ALL_MAX / tracks.max(1))
}

/// Numbers that came in a window, or as many of them as there is room for.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// Only integers came so far.
    integers: bool,
    seen: u32,
    /// One number of 2 to the power of this is kept, beginning with the first.
    stride_log2: u8,
    values: Vec<f64>,
}

impl Samples {
    /// Takes a number in; at most `samples_max` stay.
    pub fn add(&mut self, number: Number, samples_max: usize) {
        self.integers &= number.integer;
        if self.seen.is_multiple_of(1 << self.stride_log2) {
            self.values.push(number.value);
            self.thin(samples_max);
        }
        self.seen = self.seen.saturating_add(1);
    }

    /// How many numbers came.
    #[must_use]
    pub const fn seen(&self) -> u32 {
        self.seen
    }

    /// The median of those that stayed: an integer, to the nearest, where only integers came.
    #[must_use]
    pub fn median(mut self) -> Option<Scalar> {
        self.values.sort_by(f64::total_cmp);
        let high = *self.values.get(self.values.len() / 2)?;
        let low = *self.values.get(self.values.len().checked_sub(1)? / 2)?;
        Some(Number { value: f64::midpoint(low, high), integer: self.integers }.scalar())
    }

    fn thin(&mut self, samples_max: usize) {
        while self.values.len() > samples_max {
            let mut odd = true;
            self.values.retain(|_| {
                odd = !odd;
                !odd
            });
            self.stride_log2 += 1;
        }
    }
}

impl Default for Samples {
    fn default() -> Self {
        Self { integers: true, seen: 0, stride_log2: 0, values: Vec::new() }
    }
}

impl AsRef<Self> for Samples {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl AsMut<Self> for Samples {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

/// 1 if only integers came (1 byte), numbers seen (4), log2 of the stride (1), samples (8 each). How many there
/// are follows from the two numbers before them.
impl Memory for Samples {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.integers.into());
        out.extend(self.seen.to_le_bytes());
        out.push(self.stride_log2);
        out.extend(self.values.iter().flat_map(|value| value.to_le_bytes()));
    }

    fn read(rest: &mut Bytes<'_>) -> Option<Self> {
        let integers = match rest.u8().ok()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let seen = rest.u32_le().ok()?;
        let stride_log2 = rest.u8().ok()?;
        let stride = 1u32.checked_shl(stride_log2.into())?;
        let values = (0..seen.div_ceil(stride)).map(|_| real(rest));
        Some(Self { integers, seen, stride_log2, values: values.collect::<Option<_>>()? })
    }
}

/// The next finite number of a state.
#[must_use]
pub fn real(rest: &mut Bytes<'_>) -> Option<f64> {
    rest.array().ok().map(f64::from_le_bytes).filter(|real| real.is_finite())
}
