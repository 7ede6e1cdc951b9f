//! Paths of fields, where an owner's settings or a device choose them.
//!
//! # Promises
//!
//! - What [`is_path`] accepts and what [`of_name`] makes are paths as `docs/fields.md` describes them.

/// The longest path that the contract allows, in bytes.
pub const BYTES_MAX: usize = 64;

/// Whether this is lower-case words joined by hyphens and grouped by dots, of at most 64 bytes.
#[must_use]
pub fn is_path(text: &str) -> bool {
    text.len() <= BYTES_MAX && text.split('.').all(is_group)
}

/// A name as a path has it: `Living_Room.Temp` is `living-room.temp`. `None` if nothing is left of it, or more
/// than 64 bytes.
#[must_use]
pub fn of_name(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let groups = name.split('.').map(hyphenated).filter(|group| !group.is_empty());
    let path = groups.collect::<Vec<_>>().join(".");
    is_path(&path).then_some(path)
}

fn is_group(group: &str) -> bool {
    group.split('-').all(|word| !word.is_empty() && word.bytes().all(is_word_byte))
}

fn hyphenated(group: &str) -> String {
    let words = group.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_words_joined_by_hyphens_and_grouped_by_dots() {
        for path in ["heart-rate", "blood-pressure.systolic", "pm2-5", "7"] {
            assert!(is_path(path), "{path}");
            assert_eq!(of_name(path).as_deref(), Some(path));
        }
        for wrong in ["", ".", "a.", "-a", "a--b", "A", "a_b", "a b", "\u{e4}"] {
            assert!(!is_path(wrong), "{wrong}");
        }
        assert!(is_path(&"a".repeat(64)) && !is_path(&"a".repeat(65)));
    }

    #[test]
    fn a_name_becomes_a_path_or_nothing() {
        assert_eq!(of_name("Living_Room.Temp:1").as_deref(), Some("living-room.temp-1"));
        assert_eq!(of_name("/.-_x").as_deref(), Some("x"));
        assert_eq!(of_name("\u{c4}rger").as_deref(), Some("rger"));
        assert_eq!(of_name("--"), None);
        assert_eq!(of_name(&"a".repeat(65)), None);
    }
}
