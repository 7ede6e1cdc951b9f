//! Words that devices write for yes and no.
//!
//! # Promises
//!
//! - Any other word is neither: it becomes no value.

/// `ON` and `OFF`, in letters of any case.
#[must_use]
pub fn on_off(word: &str) -> Option<bool> {
    either(word, "on", "off")
}

/// `online` and `offline`, in letters of any case: what a broker tells of a device's connection.
#[must_use]
pub fn online(word: &str) -> Option<bool> {
    either(word, "online", "offline")
}

fn either(word: &str, yes: &str, no: &str) -> Option<bool> {
    if word.eq_ignore_ascii_case(yes) {
        Some(true)
    } else if word.eq_ignore_ascii_case(no) {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_others_are_not() {
        assert_eq!(on_off("ON"), Some(true));
        assert_eq!(on_off("off"), Some(false));
        assert_eq!(on_off("TOGGLE"), None);
        assert_eq!(online("Online"), Some(true));
        assert_eq!(online("offline"), Some(false));
        assert_eq!(online(""), None);
    }
}
