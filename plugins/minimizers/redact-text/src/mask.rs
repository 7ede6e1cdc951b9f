//! What in a text looks like something that names somebody.
//!
//! # Promises
//!
//! - Each mask goes over the text as it came, once. What they find becomes one `*` in each place, so that its
//!   length is not told.

use serde::Deserialize;

const MARK: char = '*';
/// Fewer digits are a day, an hour, a dose; phone numbers have more.
const PHONE_DIGITS_MIN: usize = 6;
/// Fewer digits are a small number.
const DIGITS_MIN: usize = 3;
/// Longer than most words, shorter than most codes.
const WORD_CHARS_MAX: usize = 16;

/// One kind of thing to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Mask {
    /// Words with an `@` in them.
    EMail,
    /// Digits, and what is written between the digits of a phone number.
    Phone,
    /// Digits that follow each other.
    Digits,
    /// Words that are longer than words.
    LongWords,
}

impl Mask {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::EMail, Self::Phone, Self::Digits, Self::LongWords];

    /// Marks what it finds among the bytes of `text`.
    fn hide(self, text: &str, hidden: &mut [bool]) {
        match self {
            Self::EMail => hide(text, hidden, is_of_word, |it| it.contains(['@', '\u{FF20}'])),
            Self::Phone => hide(text, hidden, is_of_phone, |it| digits(it) >= PHONE_DIGITS_MIN),
            Self::Digits => hide(text, hidden, char::is_numeric, |it| digits(it) >= DIGITS_MIN),
            Self::LongWords => {
                hide(text, hidden, is_of_word, |it| it.chars().count() > WORD_CHARS_MAX);
            }
        }
    }
}

/// `text` with one mark for each stretch in which some mask found something.
pub(crate) fn masked(text: &str, masks: &[Mask]) -> String {
    let mut hidden = vec![false; text.len()];
    masks.iter().for_each(|mask| mask.hide(text, &mut hidden));
    let mut out = String::with_capacity(text.len());
    let mut is_marked = false;
    for (at, it) in text.char_indices() {
        let is_hidden = hidden.get(at) == Some(&true);
        match (is_hidden, is_marked) {
            (true, false) => out.push(MARK),
            (true, true) => {}
            (false, _) => out.push(it),
        }
        is_marked = is_hidden;
    }
    out
}

/// Goes over the longest runs of characters that all belong, and hides those that are to be.
fn hide(text: &str, hidden: &mut [bool], belongs: fn(char) -> bool, is_found: fn(&str) -> bool) {
    let mut start = 0;
    while let Some(rest) = text.get(start..)
        && let Some(first) = rest.chars().next()
    {
        let belonging = belongs(first);
        let run = rest.split_once(|it| belongs(it) != belonging).map_or(rest, |(run, _)| run);
        // What separates it from other words is no part of it.
        let word = run.trim();
        if belonging && is_found(word) {
            let before = run.len() - run.trim_start().len();
            hidden.iter_mut().skip(start + before).take(word.len()).for_each(|it| *it = true);
        }
        start += run.len();
    }
}

fn is_of_word(it: char) -> bool {
    !it.is_whitespace()
}

fn is_of_phone(it: char) -> bool {
    let separates = matches!(
        it,
        ' ' | '\u{A0}' | '+' | '-' | '\u{2010}' | '\u{2011}' | '\u{2013}' | '.' | '/' | '(' | ')'
    );
    separates || it.is_numeric()
}

fn digits(run: &str) -> usize {
    run.chars().filter(|it| it.is_numeric()).count()
}
