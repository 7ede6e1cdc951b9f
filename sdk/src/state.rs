//! What a minimizer remembers of each field, as bytes and back.
//!
//! # Promises
//!
//! - A field is known by its path and its unit. As many are remembered as there is room for, those that came
//!   first; their order stays.
//! - Any bytes can be read: they give what could have been written, or nothing.
//!
//! Little-endian. Number of fields (1 byte). Each field: length and text of the path (1 + n), of the unit
//! (1 + n; length 255 for none), what is remembered of it.

use crate::{bytes::Bytes, naming::PATH_BYTES_MAX};

/// Bytes in a unit: no UCUM code in use is longer.
pub const UNIT_BYTES_MAX: usize = 32;

const NO_UNIT: u8 = u8::MAX;

/// What is remembered of one field.
pub trait Memory: Default {
    /// Appends it to `out`.
    fn write(&self, out: &mut Vec<u8>);

    /// Takes it from the front of `rest`, if something that could have been written is there.
    fn read(rest: &mut Bytes<'_>) -> Option<Self>;
}

/// One field and what is remembered of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Track<M> {
    /// The field's path.
    pub path: String,
    /// Its unit.
    pub unit: Option<String>,
    /// What is remembered.
    pub memory: M,
}

/// The fields that are remembered, in the order in which they first came.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracks<M> {
    tracks: Vec<Track<M>>,
    count_max: u8,
}

impl<M: Memory> Tracks<M> {
    /// None yet, and at most `count_max`.
    #[must_use]
    pub const fn new(count_max: u8) -> Self {
        Self { tracks: Vec::new(), count_max }
    }

    /// What is remembered of the field, from now on if it was not yet. `None` where there is no room.
    pub fn of(&mut self, path: &str, unit: Option<&str>) -> Option<&mut M> {
        let known = self.tracks.iter().position(|it| it.path == path && it.unit.as_deref() == unit);
        let at = known.or_else(|| self.add(path, unit))?;
        self.tracks.get_mut(at).map(|it| &mut it.memory)
    }

    /// How many fields are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tracks.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tracks.is_empty()
    }

    /// What is remembered of each.
    pub fn memories(&self) -> impl Iterator<Item = &M> {
        self.tracks.iter().map(|it| &it.memory)
    }

    /// What is remembered of each, to be changed.
    pub fn memories_mut(&mut self) -> impl Iterator<Item = &mut M> {
        self.tracks.iter_mut().map(|it| &mut it.memory)
    }

    /// Appends all of it to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(length(self.tracks.len()));
        for Track { path, unit, memory } in &self.tracks {
            out.push(length(path.len()));
            out.extend(path.as_bytes());
            out.push(unit.as_ref().map_or(NO_UNIT, |unit| length(unit.len())));
            out.extend(unit.as_deref().unwrap_or_default().as_bytes());
            memory.write(out);
        }
    }

    /// Takes all of it from the front of `rest`.
    #[must_use]
    pub fn read(rest: &mut Bytes<'_>, count_max: u8) -> Option<Self> {
        let mut tracks = Self::new(count_max);
        for _ in 0..rest.u8().ok()? {
            let before = tracks.len();
            let path = text(rest)??;
            let unit = text(rest)?;
            let memory = M::read(rest)?;
            *tracks.of(&path, unit.as_deref())? = memory;
            if tracks.len() == before {
                return None;
            }
        }
        Some(tracks)
    }

    /// A state that is nothing but this and a version; nothing if it is empty.
    #[must_use]
    pub fn to_state(&self, version: u8) -> Option<Vec<u8>> {
        let mut state = vec![version];
        self.write(&mut state);
        (!self.is_empty()).then_some(state)
    }

    /// What [`Tracks::to_state`] wrote under the same version. Of anything else, nothing is remembered.
    #[must_use]
    pub fn of_state(state: Option<&[u8]>, version: u8, count_max: u8) -> Self {
        let read = |state| {
            let mut rest = Bytes::new(state);
            let known = rest.u8().ok()? == version;
            let tracks = Self::read(&mut rest, count_max)?;
            (known && rest.is_empty()).then_some(tracks)
        };
        state.and_then(read).unwrap_or(Self::new(count_max))
    }

    fn add(&mut self, path: &str, unit: Option<&str>) -> Option<usize> {
        let fits = (1..=PATH_BYTES_MAX).contains(&path.len())
            && unit.is_none_or(|unit| unit.len() <= UNIT_BYTES_MAX)
            && self.tracks.len() < self.count_max.into();
        fits.then(|| {
            let (path, unit) = (path.to_owned(), unit.map(str::to_owned));
            self.tracks.push(Track { path, unit, memory: M::default() });
            self.tracks.len() - 1
        })
    }
}

impl<M> IntoIterator for Tracks<M> {
    type Item = Track<M>;
    type IntoIter = std::vec::IntoIter<Track<M>>;

    fn into_iter(self) -> Self::IntoIter {
        self.tracks.into_iter()
    }
}

/// The lengths here are all below 255: [`Tracks::add`] lets none be longer.
fn length(bytes: usize) -> u8 {
    u8::try_from(bytes).unwrap_or(u8::MAX)
}

/// A text or the mark of none; nothing where it is broken.
fn text(rest: &mut Bytes<'_>) -> Option<Option<String>> {
    match rest.u8().ok()? {
        NO_UNIT => Some(None),
        length => String::from_utf8(rest.take(length.into()).ok()?.to_vec()).ok().map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Seen(u8);

    impl Memory for Seen {
        fn write(&self, out: &mut Vec<u8>) {
            out.push(self.0);
        }

        fn read(rest: &mut Bytes<'_>) -> Option<Self> {
            rest.u8().ok().map(Self)
        }
    }

    fn tracks(names: &[(&str, Option<&str>)]) -> Tracks<Seen> {
        let mut tracks = Tracks::<Seen>::new(3);
        for (place, (path, unit)) in names.iter().enumerate() {
            if let Some(seen) = tracks.of(path, *unit) {
                seen.0 = u8::try_from(place).unwrap();
            }
        }
        tracks
    }

    fn kept(state: &[u8]) -> bool {
        !Tracks::<Seen>::of_state(Some(state), 1, 3).is_empty()
    }

    #[test]
    fn remembers_by_path_and_unit_what_came_first() {
        let all =
            tracks(&[("a", None), ("a", Some("")), ("a", None), ("b", Some("m")), ("c", None)]);
        let seen: Vec<_> = all.memories().map(|it| it.0).collect();
        assert_eq!(seen, [2, 1, 3]);
        let state = all.to_state(1).unwrap();
        assert_eq!(Tracks::of_state(Some(&state), 1, 3), all);
        assert_eq!(Tracks::<Seen>::new(3).to_state(1), None);
    }

    #[test]
    fn names_that_are_too_long_are_not_remembered() {
        let mut tracks = Tracks::<Seen>::new(3);
        assert!(tracks.of(&"p".repeat(65), None).is_none());
        assert!(tracks.of("", None).is_none());
        assert!(tracks.of("p", Some(&"u".repeat(33))).is_none());
        assert!(tracks.of(&"p".repeat(64), Some(&"u".repeat(32))).is_some());
    }

    #[test]
    fn broken_bytes_are_nothing() {
        let state = tracks(&[("a", None), ("b", Some("m"))]).to_state(1).unwrap();
        assert!(kept(&state));
        for end in 0..state.len() {
            assert!(!kept(&state[..end]), "{end} bytes");
        }
        assert!(!kept(&[&state[..], &[0]].concat()), "bytes left over");
        assert!(!kept(&[&[2], &state[1..]].concat()), "another version");
        assert!(!kept(&[1, 2, 1, b'a', 255, 0, 1, b'a', 255, 0]), "the same field twice");
        assert!(!kept(&[1, 4, 1, 1, 255, 0, 1, 2, 255, 0, 1, 3, 255, 0, 1, 4, 255, 0]), "too many");
        assert!(!kept(&[1, 1, 255, 255, 0]), "no path");
        assert!(!kept(&[1, 1, 1, 0xFF, 255, 0]), "no text");
    }
}
