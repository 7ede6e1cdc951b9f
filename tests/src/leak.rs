//! Looks for values where they must not be: as text, in hexadecimal, in Base64, as numbers in memory.

use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use std::{collections::HashMap, fs, path::Path};

/// What must not be found, in all its forms.
#[derive(Clone, Debug, Default)]
pub struct Markers(Vec<(String, Vec<u8>)>);

impl Markers {
    /// Adds a text of six bytes at least.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        assert!(text.len() >= 6, "`{text}` may be found by chance");
        self.bytes(text, text.as_bytes());
        self
    }

    /// Adds a number of six digits at least, as text and as it stands in memory.
    #[must_use]
    pub fn number(self, number: f64) -> Self {
        let text = number.to_string();
        let mut markers = self.text(&text);
        let mut add = |form: &str, bytes: &[u8]| markers.bytes(&format!("{text} as {form}"), bytes);
        add("f64, little end first", &number.to_le_bytes());
        add("f64, big end first", &number.to_be_bytes());
        // Any smaller form would be found by chance.
        markers
    }

    /// Adds bytes, whole or as text in hexadecimal and Base64.
    fn bytes(&mut self, name: &str, bytes: &[u8]) {
        self.0.push((name.to_owned(), bytes.to_vec()));
        for hex in [HEXLOWER.encode(bytes), HEXUPPER.encode(bytes)] {
            self.0.push((format!("{name} in hexadecimal"), hex.into_bytes()));
        }
        for skip in 0..3 {
            // What comes before it, if anything, shifts the digits; the first and the last may be its neighbours'.
            let shifted = [&vec![0; skip][..], bytes].concat();
            let (from, to) = ((skip * 8).div_ceil(6), shifted.len() * 8 / 6);
            for text in [BASE64.encode(&shifted), BASE64URL.encode(&shifted)] {
                self.0.push((format!("{name} in Base64"), text.as_bytes()[from..to].to_vec()));
            }
        }
    }

    /// What of it is in `bytes`, each with `place`.
    pub fn found(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let mut by_start: HashMap<&[u8], Vec<&(String, Vec<u8>)>> = HashMap::new();
        let mut starts = vec![false; 1 << 16];
        for it in &self.0 {
            by_start.entry(&it.1[..2]).or_default().push(it);
            starts[place_of(&it.1)] = true;
        }
        // Most bytes begin nothing: the table tells so without a hash.
        let hits = (0..bytes.len().saturating_sub(1)).filter(|at| starts[place_of(&bytes[*at..])]);
        let mut found: Vec<_> = hits
            .flat_map(|at| by_start[&bytes[at..at + 2]].iter().map(move |it| (at, it)))
            .filter(|(at, it)| bytes[*at..].starts_with(&it.1))
            .map(|(_, it)| format!("{place}: {}", it.0))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// What of it is in the files under `dir`, or in their names; files whose path ends with one of `except` are
    /// left out.
    pub fn found_under(&self, dir: &Path, except: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if except.iter().any(|it| path.ends_with(it)) {
                continue;
            }
            let place = path.display().to_string();
            found.extend(self.found("a file's name", place.as_bytes()));
            if path.is_dir() {
                found.extend(self.found_under(&path, except));
            } else if path.is_file() {
                // A file that was there a moment ago may be gone.
                found.extend(self.found(&place, &fs::read(&path).unwrap_or_default()));
            }
        }
        found
    }
}

fn place_of(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the search finds `planted` for the text `wanderer` or the number 918273645.25.
    #[track_caller]
    fn finds(planted: &[u8]) {
        let markers = Markers::default().text("wanderer").number(918_273_645.25);
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("deep")).unwrap();
        fs::write(dir.path().join("deep/file"), [b"\x00\xffbefore", planted, b"after"].concat())
            .unwrap();
        assert!(!markers.found_under(dir.path(), &[]).is_empty(), "{planted:?} was not found");
        assert_eq!(markers.found_under(dir.path(), &["deep/file"]), [""; 0]);
    }

    #[test]
    fn what_is_planted_is_found_in_each_form() {
        for skip in 0..6 {
            let longer = [&b"______"[..skip], b"wanderer", &b"________"[skip..]].concat();
            finds(BASE64.encode(&longer).as_bytes());
            finds(HEXUPPER.encode(&longer).as_bytes());
        }
        for text in ["wanderer", "a wanderer.", "918273645.25"] {
            finds(text.as_bytes());
        }
        finds(&918_273_645.25_f64.to_le_bytes());
        finds(&918_273_645.25_f64.to_be_bytes());
    }
}
