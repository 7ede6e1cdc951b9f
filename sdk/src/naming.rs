//! Paths of fields from names that devices and their owners chose.
//!
//! # Promises
//!
//! - What comes out fits the contract: words of lower-case letters and digits, joined by hyphens, grouped by
//!   dots, 64 bytes at most.

use std::cmp::Ordering;

/// The longest path, in bytes.
pub const PATH_BYTES_MAX: usize = 64;

/// The order of names, as `str` has it. Most differ in their first letter already, which is seen without a call: for
/// tables that are searched with each message.
#[must_use]
pub fn order(left: &str, right: &str) -> Ordering {
    let first = left.as_bytes().first().cmp(&right.as_bytes().first());
    first.then_with(|| left.cmp(right))
}

/// The name as words of a path: `Soil_Moisture`, `soilMoisture` and `soil moisture` are `soil-moisture`,
/// `DS18B20-1` is `ds18b20-1`. `None` if no letter and digit of ASCII is in it, or too many.
#[must_use]
pub fn words(name: &str) -> Option<String> {
    let mut words = String::new();
    let mut after_lower = false;
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            if after_lower && letter.is_ascii_uppercase() {
                words.push('-');
            }
            words.push(letter.to_ascii_lowercase());
        } else if !words.is_empty() && !words.ends_with('-') {
            words.push('-');
        }
        after_lower = letter.is_ascii_lowercase();
        if words.len() > PATH_BYTES_MAX {
            return None;
        }
    }
    words.truncate(words.trim_end_matches('-').len());
    (!words.is_empty()).then_some(words)
}

/// A name of several parts as a path has it: `Living_Room.Temp` is `living-room.temp`. `None` if nothing is left of
/// it, or more than 64 bytes.
#[must_use]
pub fn groups(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let groups: Vec<_> = name.split('.').filter_map(words).collect();
    let path = groups.join(".");
    is_path(&path).then_some(path)
}

/// Whether an owner's setting can be the path of a field.
#[must_use]
pub fn is_path(path: &str) -> bool {
    path.len() <= PATH_BYTES_MAX
        && path.split(['.', '-']).all(|word| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        for (name, expected) in [
            ("temperature", "temperature"),
            ("soil_moisture", "soil-moisture"),
            ("SoilMoisture", "soil-moisture"),
            ("DS18B20-1", "ds18b20-1"),
            ("PM2.5", "pm2-5"),
            ("_a__b_", "a-b"),
            ("Küche 2", "k-che-2"),
            ("0x4F2E", "0x4f2e"),
        ] {
            assert_eq!(words(name).as_deref(), Some(expected), "{name}");
            assert!(is_path(expected));
        }
    }

    #[test]
    fn the_order_of_names_is_that_of_texts() {
        let names = ["", "a", "ab", "abc", "b", "ba", "\u{e4}", "A", "-"];
        for left in names {
            for right in names {
                assert_eq!(order(left, right), left.cmp(right), "{left} {right}");
            }
        }
    }

    #[test]
    fn names_of_several_parts_keep_them_apart() {
        assert_eq!(groups("Living_Room.Temp:1").as_deref(), Some("living-room.temp-1"));
        assert_eq!(groups("/.-_x").as_deref(), Some("x"));
        assert_eq!(groups("\u{c4}rger").as_deref(), Some("rger"));
        assert_eq!(groups("--"), None);
        assert_eq!(groups(&"a".repeat(65)), None);
    }

    #[test]
    fn names_without_letters_or_too_long_are_none() {
        for name in ["", "-", "ü", "\0", &"a".repeat(65), &"aB".repeat(30)] {
            assert_eq!(words(name), None, "{name}");
        }
        assert_eq!(words(&"a".repeat(64)).map(|it| it.len()), Some(64));
    }

    #[test]
    fn owners_write_paths_as_they_are() {
        for valid in ["a", "blood-pressure.systolic", "pm2-5", "other.l1"] {
            assert!(is_path(valid), "{valid}");
        }
        for wrong in ["", "A", "a.", ".a", "a--b", "-a", "a b", "ä", "a_b", &"a".repeat(65)] {
            assert!(!is_path(wrong), "{wrong}");
        }
    }
}
