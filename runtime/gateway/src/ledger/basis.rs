//! The note of an entry: by which text of its grant it was decided, which plugins were asked and what they did, and the
//! names of the fields that came and that left.
//!
//! # Promises
//!
//! - Names that stand in a grant, a manifest or a lock, never one that only a device said, and never a value.
//! - At most [`NOTE_BYTES_MAX`] bytes. What there is no room for is counted.
//! - A line that a later version wrote is passed over.

use data_encoding::HEXLOWER;
use std::fmt::Write;

/// The most bytes of a note.
pub const NOTE_BYTES_MAX: usize = 1024;
/// Kept free for the counts of what there is no room for.
const COUNTS_BYTES: usize = 128;
/// As much of the room as plugins may take.
const PLUGINS_BYTES_MAX: usize = 512;

/// What the lines of a note are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A plugin that was called: kind, id, digest, the digest of its settings or `-`, and what it did.
    Plugin,
    /// A field that left.
    Field,
    /// What the host did to a field that left, and its path.
    Host,
    /// A field that came.
    Came,
}

/// What a line begins with, and the one that counts those that are missing.
const LINES: [(Line, &str, &str); 4] = [
    (Line::Plugin, "plugin", "more-plugins"),
    (Line::Field, "field", "more"),
    (Line::Host, "host", "more-host"),
    (Line::Came, "came", "more-came"),
];

/// A note that is being written.
#[derive(Debug)]
pub struct Note {
    text: String,
    missing: [usize; LINES.len()],
}

impl Note {
    /// Of a decision by the text with this digest.
    pub fn new(grant_text: Option<[u8; 8]>) -> Self {
        let mut text = String::with_capacity(256);
        if let Some(digest) = grant_text {
            text.push_str("grant-text ");
            HEXLOWER.encode_append(&digest, &mut text);
            text.push('\n');
        }
        Self { text, missing: [0; LINES.len()] }
    }

    /// Adds a line, or counts it if there is no room.
    pub fn add<'a>(&mut self, line: Line, parts: impl Iterator<Item = &'a str> + Clone) {
        let (_, name, _) = LINES[line as usize];
        let bytes = name.len() + 1 + parts.clone().map(str::len).sum::<usize>();
        let most = match line {
            Line::Plugin => PLUGINS_BYTES_MAX,
            Line::Field | Line::Host | Line::Came => NOTE_BYTES_MAX - COUNTS_BYTES,
        };
        if self.text.len() + bytes + 1 > most || parts.clone().any(|it| it.contains('\n')) {
            self.missed(line, 1);
            return;
        }
        self.text.push_str(name);
        self.text.push(' ');
        self.text.extend(parts);
        self.text.push('\n');
    }

    /// So many more are not told.
    pub fn missed(&mut self, line: Line, count: usize) {
        self.missing[line as usize] += count;
    }

    /// As the entry keeps it.
    pub fn done(mut self) -> String {
        for (count, (_, _, name)) in self.missing.into_iter().zip(LINES) {
            if count > 0 {
                // Writing to a string does not fail.
                let _ = writeln!(self.text, "{name} {count}");
            }
        }
        self.text
    }
}

/// A plugin that was called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// Kind, id, digest and the digest of its settings or `-`, with spaces between.
    pub name: String,
    /// What it did.
    pub did: Vec<String>,
}

impl Called {
    fn read(line: &str) -> Option<Self> {
        let (name, did) = line.rsplit_once(' ')?;
        let did = did.split(',').map(str::to_owned).collect();
        (name.split(' ').count() == 4).then(|| Self { name: name.to_owned(), did })
    }

    /// One of kind, id, digest and settings, in this order.
    pub fn part(&self, number: usize) -> &str {
        self.name.split(' ').nth(number).unwrap_or_default()
    }
}

/// What a decision stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The digest of the grant's text.
    pub grant_text: Option<String>,
    /// The plugins, in the order in which they were called.
    pub plugins: Vec<Called>,
    /// The fields that left.
    pub fields: Vec<String>,
    /// What the host did to them: words with commas between, a space, and the path.
    pub host: Vec<String>,
    /// The fields that came.
    pub came: Vec<String>,
    missing: [usize; LINES.len()],
}

impl Basis {
    /// Reads a note.
    pub fn read(note: &str) -> Self {
        let mut basis = Self::default();
        for (what, text) in note.lines().filter_map(|it| it.split_once(' ')) {
            if let Some(at) = LINES.iter().position(|it| it.2 == what) {
                basis.missing[at] = text.parse().unwrap_or(0);
            }
            let own = || text.to_owned();
            match LINES.iter().find(|it| it.1 == what).map(|it| it.0) {
                Some(Line::Plugin) => basis.plugins.extend(Called::read(text)),
                Some(Line::Field) => basis.fields.push(own()),
                Some(Line::Host) => basis.host.push(own()),
                Some(Line::Came) => basis.came.push(own()),
                None if what == "grant-text" => basis.grant_text = Some(own()),
                None => {}
            }
        }
        basis
    }

    /// How many of these are not told.
    pub fn missing(&self, line: Line) -> usize {
        self.missing[line as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back_and_stays_short() {
        for count in [0, 1, 40, 10_000] {
            let names: Vec<_> = (0..count).map(|it| format!("blood pressure {it}")).collect();
            let mut note = Note::new(Some([0xab; 8]));
            for name in names.iter().map(String::as_str) {
                note.add(Line::Plugin, ["adapter a 0123456789abcdef - ", "understood"].into_iter());
                let lines = [Line::Field, Line::Host, Line::Came];
                lines.into_iter().for_each(|it| note.add(it, std::iter::once(name)));
            }
            let note = note.done();
            assert!(note.len() <= NOTE_BYTES_MAX, "{}", note.len());
            let basis = Basis::read(&note);
            assert_eq!(basis.grant_text.as_deref(), Some("abababababababab"));
            let told =
                [basis.plugins.len(), basis.fields.len(), basis.host.len(), basis.came.len()];
            for (told, (line, ..)) in told.into_iter().zip(LINES) {
                assert_eq!(told + basis.missing(line), count, "{line:?}");
            }
            assert!(basis.fields.iter().eq(&names[..basis.fields.len()]));
            assert!(count == 0 || !basis.fields.is_empty() && !basis.plugins.is_empty());
        }
        assert_eq!(Note::new(None).done(), "");
    }

    #[test]
    fn what_earlier_and_later_versions_wrote_is_read() {
        let basis = Basis::read("grant-text 00\nfield a b\nmore 2\nnews of tomorrow\nplugin x\n");
        assert_eq!(basis.fields, ["a b"]);
        assert_eq!((basis.missing(Line::Field), basis.plugins.len()), (2, 0));
        let called = Basis::read("plugin policy quiet-hours 01 - released,delay\n").plugins;
        assert_eq!((called[0].part(1), called[0].part(2)), ("quiet-hours", "01"));
        assert_eq!(called[0].did, ["released", "delay"]);
    }

    #[test]
    fn a_name_with_a_line_of_its_own_is_counted() {
        let mut note = Note::new(None);
        note.add(Line::Field, ["a\nfield b"].into_iter());
        assert_eq!(note.done(), "more 1\n");
    }
}
