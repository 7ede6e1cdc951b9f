//! Writes a window as bytes and reads it back.
//!
//! # Promises
//!
//! - What [`encode`] writes is at most 16 KiB, and [`decode`] reads it back as it was.
//! - [`decode`] takes any bytes: it returns a window that [`Window::add`] could have made, or nothing.
//!
//! Little-endian. Version (1 byte), start in ms (8), number of fields (1). Each field: length and text of the
//! path (1 + n), of the unit (1 + n; length 255 for none), 1 if only integers came (1), values seen (4), log2 of
//! the stride (1), values (8 each). How many values there are follows from the two numbers before them.

use crate::window::{PATH_BYTES_MAX, TRACKS_MAX, Track, UNIT_BYTES_MAX, Window, samples_max};

const VERSION: u8 = 1;
const NO_UNIT: u8 = u8::MAX;

pub(crate) fn encode(window: &Window) -> Vec<u8> {
    let mut bytes = vec![VERSION];
    bytes.extend(window.start_ms.to_le_bytes());
    bytes.push(length(window.tracks.len()));
    for track in &window.tracks {
        bytes.push(length(track.path.len()));
        bytes.extend(track.path.as_bytes());
        bytes.push(track.unit.as_ref().map_or(NO_UNIT, |unit| length(unit.len())));
        bytes.extend(track.unit.as_deref().unwrap_or_default().as_bytes());
        bytes.push(track.integers.into());
        bytes.extend(track.seen.to_le_bytes());
        bytes.push(track.stride_log2);
        bytes.extend(track.samples.iter().flat_map(|sample| sample.to_le_bytes()));
    }
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Option<Window> {
    let mut rest = Rest(bytes);
    if rest.byte()? != VERSION {
        return None;
    }
    let start_ms = u64::from_le_bytes(rest.array()?);
    let tracks = usize::from(rest.byte()?);
    if tracks > TRACKS_MAX {
        return None;
    }
    let mut window = Window::new(start_ms);
    for _ in 0..tracks {
        let track = rest.track(samples_max(tracks))?;
        if window.tracks.iter().any(|other| other.path == track.path && other.unit == track.unit) {
            return None;
        }
        window.tracks.push(track);
    }
    rest.0.is_empty().then_some(window)
}

/// A window's lengths are all below 255: no track is made with more.
fn length(bytes: usize) -> u8 {
    u8::try_from(bytes).unwrap_or(u8::MAX)
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn track(&mut self, samples_max: usize) -> Option<Track> {
        let path_bytes = self.byte()?;
        let path = self.text(path_bytes, 1, PATH_BYTES_MAX)?;
        let unit = match self.byte()? {
            NO_UNIT => None,
            unit_bytes => Some(self.text(unit_bytes, 0, UNIT_BYTES_MAX)?),
        };
        let integers = match self.byte()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let seen = u32::from_le_bytes(self.array()?);
        let stride_log2 = self.byte()?;
        let stride = 1u32.checked_shl(stride_log2.into())?;
        let kept = usize::try_from(seen.div_ceil(stride)).ok()?;
        if !(1..=samples_max).contains(&kept) {
            return None;
        }
        let samples = (0..kept).map(|_| self.sample()).collect::<Option<Vec<f64>>>()?;
        Some(Track { path, unit, integers, seen, stride_log2, samples })
    }

    fn sample(&mut self) -> Option<f64> {
        self.array().map(f64::from_le_bytes).filter(|sample| sample.is_finite())
    }

    fn text(&mut self, length: u8, min: usize, max: usize) -> Option<String> {
        let length = usize::from(length);
        if !(min..=max).contains(&length) {
            return None;
        }
        let (text, after) = self.0.split_at_checked(length)?;
        self.0 = after;
        String::from_utf8(text.to_vec()).ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, after) = self.0.split_first_chunk()?;
        self.0 = after;
        Some(*array)
    }
}
