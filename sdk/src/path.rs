//! Paths of fields as settings name them: one path, or all that begin alike.
//!
//! # Promises
//!
//! - `heart-rate` is that path alone, `temperature-*` all that begin with `temperature-`, `*` all. A star stands
//!   at the end or nowhere, as in manifests.
//! - Where several entries of a [`Table`] fit a path, the one that says most of it counts.

use std::{fmt, marker::PhantomData};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use crate::naming::PATH_BYTES_MAX;

/// Entries in one table.
const ENTRIES_MAX: usize = 256;

/// One path, or all that begin alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    start: String,
    open: bool,
}

impl Pattern {
    /// Reads one; `None` where a star stands elsewhere than at the end, or there is no path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (start, open) = text.strip_suffix('*').map_or((text, false), |start| (start, true));
        let fits = start.len() <= PATH_BYTES_MAX && !start.contains('*') && !text.is_empty();
        fits.then(|| Self { start: start.to_owned(), open })
    }

    /// Whether `path` is among those that are meant.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        match path.strip_prefix(self.start.as_str()) {
            Some(rest) => self.open || rest.is_empty(),
            None => false,
        }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let must_be = "a path is at most 64 bytes, and has a `*` at its end or nowhere";
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(must_be))
    }
}

/// What a setting says of each path: an object, by path, with at most 256 entries.
#[derive(Clone, Debug)]
pub struct Table<V>(Vec<(Pattern, V)>);

impl<V> Table<V> {
    /// What is said of `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&V> {
        self.0.iter().find(|(pattern, _)| pattern.matches(path)).map(|(_, value)| value)
    }

    /// All that is said, the most particular first.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    /// The table with what `check` makes of each value.
    ///
    /// # Errors
    ///
    /// The first that `check` makes.
    pub fn checked<W, E>(self, mut check: impl FnMut(V) -> Result<W, E>) -> Result<Table<W>, E> {
        let entries = self.0.into_iter().map(|(pattern, value)| Ok((pattern, check(value)?)));
        entries.collect::<Result<_, _>>().map(Table)
    }
}

impl<V> FromIterator<(Pattern, V)> for Table<V> {
    fn from_iter<I: IntoIterator<Item = (Pattern, V)>>(entries: I) -> Self {
        let rank = |it: &(Pattern, V)| (it.0.open, usize::MAX - it.0.start.len());
        let mut sorted = Vec::new();
        // At most 256, once: what sorts more of them is 4 kB.
        for entry in entries {
            let at = sorted.partition_point(|it| rank(it) <= rank(&entry));
            sorted.insert(at, entry);
        }
        Self(sorted)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Table<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Entries<V> {
    type Value = Table<V>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object by path")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table<V>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
            if entries.len() > ENTRIES_MAX {
                return Err(A::Error::custom("at most 256 paths"));
            }
        }
        Ok(entries.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_all_that_begin_so() {
        let check = |pattern: &str, path: &str, expected: bool| {
            assert_eq!(
                Pattern::parse(pattern).unwrap().matches(path),
                expected,
                "{pattern} {path}"
            );
        };
        check("heart-rate", "heart-rate", true);
        check("heart-rate", "heart-rate.high", false);
        check("heart-rate", "heart-rat", false);
        check("temperature-*", "temperature-3", true);
        check("temperature-*", "temperature-", true);
        check("temperature-*", "temperature", false);
        check("*", "", true);
        check("*", "anything", true);
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for wrong in ["", "**", "*a", "a*b", &"p".repeat(65)] {
            assert_eq!(Pattern::parse(wrong), None, "{wrong}");
        }
        assert!(Pattern::parse(&"p".repeat(64)).is_some());
    }

    #[test]
    fn the_most_particular_entry_counts() {
        let json = r#"{"*":0,"temperature*":1,"temperature-*":2,"temperature-3":3}"#;
        let table: Table<u8> = serde_json::from_str(json).unwrap();
        let check = |path: &str, expected| assert_eq!(table.get(path), Some(&expected), "{path}");
        check("temperature-3", 3);
        check("temperature-31", 2);
        check("temperature", 1);
        check("heart-rate", 0);
        assert_eq!(table.values().copied().collect::<Vec<_>>(), [3, 2, 1, 0]);
    }

    #[test]
    fn a_table_has_paths_and_not_too_many() {
        let many = |count: u16| {
            let entries: Vec<_> = (0..count).map(|n| format!("\"p{n}\":1")).collect();
            serde_json::from_str::<Table<u8>>(&format!("{{{}}}", entries.join(",")))
        };
        assert!(many(256).is_ok());
        assert!(many(257).is_err());
        assert!(serde_json::from_str::<Table<u8>>(r#"{"a*b":1}"#).is_err());
        assert!(serde_json::from_str::<Table<u8>>("[]").is_err());
    }
}
