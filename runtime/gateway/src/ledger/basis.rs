//! The note of an entry: by which text of its grant it was decided, and the names of the fields that left.
//!
//! # Promises
//!
//! - Names that stand in a grant, never one that only a device said, and never a value.
//! - At most [`NOTE_BYTES_MAX`] bytes.

use data_encoding::HEXLOWER;

/// The most bytes of a note.
pub const NOTE_BYTES_MAX: usize = 1024;

/// What a decision stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The digest of the grant's text.
    pub grant_text: Option<String>,
    /// The fields that left.
    pub fields: Vec<String>,
    /// How many left that there was no room for.
    pub more: usize,
}

impl Basis {
    /// Of a decision by the text with this digest.
    pub fn new(grant_text: Option<[u8; 8]>, fields: &[String]) -> Self {
        let mut room = NOTE_BYTES_MAX - 128;
        let fits = fields.iter().take_while(|it| {
            let left = room.checked_sub(it.len() + "field \n".len());
            room = left.unwrap_or(0);
            left.is_some()
        });
        let kept: Vec<_> = fits.cloned().collect();
        let grant_text = grant_text.map(|it| HEXLOWER.encode(&it));
        Self { grant_text, more: fields.len() - kept.len(), fields: kept }
    }

    /// As the entry keeps it: a line for the text, one for each field, one for how many more there were.
    pub fn note(&self) -> String {
        let grant_text = self.grant_text.iter().map(|it| format!("grant-text {it}\n"));
        let fields = self.fields.iter().map(|it| format!("field {it}\n"));
        let more = (self.more > 0).then(|| format!("more {}\n", self.more));
        grant_text.chain(fields).chain(more).collect()
    }

    /// Reads a note. Lines that a later version wrote are passed over.
    pub fn read(note: &str) -> Self {
        let mut basis = Self::default();
        for (what, text) in note.lines().filter_map(|it| it.split_once(' ')) {
            match what {
                "grant-text" => basis.grant_text = Some(text.to_owned()),
                "field" => basis.fields.push(text.to_owned()),
                "more" => basis.more = text.parse().unwrap_or(0),
                _ => {}
            }
        }
        basis
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_back_and_stays_short() {
        for count in [0, 1, 40, 10_000] {
            let fields: Vec<_> = (0..count).map(|it| format!("blood pressure {it}")).collect();
            let basis = Basis::new(Some([0xab; 8]), &fields);
            let note = basis.note();
            assert!(note.len() <= NOTE_BYTES_MAX, "{}", note.len());
            assert_eq!(Basis::read(&note), basis);
            assert_eq!(basis.fields.len() + basis.more, count);
        }
        assert_eq!(Basis::new(None, &[]).note(), "");
    }
}
