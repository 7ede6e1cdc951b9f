//! What was done with a frame, step by step, in names: for the ledger, and for whoever asks it later.
//!
//! # Promises
//!
//! - Names that stand in a manifest, a grant or a lock, and words of a closed set: never a name that only a device said,
//!   and never a value.
//! - Bounded, whatever a plugin returns.
//! - A plugin that was called is noted before it answers: what ended a frame is the last of them.

use hushgate_wasm::bindings::{Obligation, Reading};
use std::{collections::HashSet, sync::Arc};

/// The most fields of a frame that are told by name.
const CAME_MAX: usize = 16;

/// What a plugin did, or had done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It gave no answer, or said that it could not.
    Failed,
    /// An adapter made readings of the frame.
    Understood,
    /// A minimizer passed on as many fields as it got,
    Passed,
    /// fewer,
    Less,
    /// more,
    More,
    /// or none.
    Kept,
    /// A policy let it leave,
    Released,
    /// or did not.
    Withheld,
    /// It asked for one of its obligations.
    Keep,
    /// See [`Word::Keep`].
    Drop,
    /// See [`Word::Keep`].
    Coarsen,
    /// See [`Word::Keep`].
    Pseudonymise,
    /// See [`Word::Keep`].
    Noise,
    /// See [`Word::Keep`].
    Delay,
    /// See [`Word::Keep`].
    Pad,
    /// See [`Word::Keep`].
    Note,
}

const WORDS: [(Word, &str); 16] = [
    (Word::Failed, "failed"),
    (Word::Understood, "understood"),
    (Word::Passed, "passed"),
    (Word::Less, "less"),
    (Word::More, "more"),
    (Word::Kept, "kept"),
    (Word::Released, "released"),
    (Word::Withheld, "withheld"),
    (Word::Keep, "keep"),
    (Word::Drop, "drop"),
    (Word::Coarsen, "coarsen"),
    (Word::Pseudonymise, "pseudonymise"),
    (Word::Noise, "noise"),
    (Word::Delay, "delay"),
    (Word::Pad, "pad"),
    (Word::Note, "note"),
];

/// Some words, each at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words(u16);

impl Words {
    /// These words, and one more.
    #[must_use]
    pub fn and(self, word: Word) -> Self {
        Self(self.0 | 1 << word as u16)
    }

    /// As the ledger writes them.
    pub fn names(self) -> impl Iterator<Item = &'static str> + Clone {
        WORDS.iter().filter(move |it| self.0 & (1 << it.0 as u16) != 0).map(|it| it.1)
    }
}

/// The names of the fields that an adapter understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// Those that a manifest or a grant names, each once.
    pub names: Vec<Arc<str>>,
    /// How many there were besides.
    pub others: usize,
}

/// What was done with one frame, for one grant or for none.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// What came in; nothing where no adapter understood it.
    pub came: Option<Arc<Came>>,
    /// The plugins that were called, in order, by kind, id and digest: see [`crate::plugins::named`].
    pub plugins: Vec<(Arc<str>, Words)>,
    /// What the host did to fields that left, each with its path.
    pub host: Vec<Arc<str>>,
}

impl Steps {
    /// A plugin is called.
    pub fn call(&mut self, plugin: &Arc<str>) {
        self.plugins.push((plugin.clone(), Words::default().and(Word::Failed)));
    }

    /// The plugin that was called last did this.
    pub fn did(&mut self, words: Words) {
        if let Some(last) = self.plugins.last_mut() {
            last.1 = words;
        }
    }

    /// The adapter that was called last understood these; `known` names are told.
    pub fn understood(&mut self, readings: &[Reading], known: &HashSet<Arc<str>>) {
        self.did(Words::default().and(Word::Understood));
        let mut came = Came::default();
        for field in readings.iter().flat_map(|it| &it.fields) {
            match known.get(&*field.path) {
                Some(name) if came.names.contains(name) => {}
                Some(name) if came.names.len() < CAME_MAX => came.names.push(name.clone()),
                _ => came.others += 1,
            }
        }
        self.came = Some(Arc::new(came));
    }

    /// The minimizer that was called last got so many fields and passed so many on.
    pub fn passed(&mut self, got: usize, passed: usize) {
        let word = match passed {
            0 => Word::Kept,
            _ if passed < got => Word::Less,
            _ if passed > got => Word::More,
            _ => Word::Passed,
        };
        self.did(Words::default().and(word));
    }
}

/// What an obligation asks for.
pub fn asked(obligation: &Obligation) -> Word {
    match obligation {
        Obligation::Keep(_) => Word::Keep,
        Obligation::Drop(_) => Word::Drop,
        Obligation::Coarsen(_) => Word::Coarsen,
        Obligation::Pseudonymise(_) => Word::Pseudonymise,
        Obligation::Noise(_) => Word::Noise,
        Obligation::Delay(0) => Word::Note,
        Obligation::Delay(_) => Word::Delay,
        Obligation::PadTo(_) => Word::Pad,
    }
}

/// How many fields there are.
pub fn count(readings: &[Reading]) -> usize {
    readings.iter().map(|it| it.fields.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hushgate_wasm::bindings::{Field, Scalar};

    fn reading(paths: &[&str]) -> Reading {
        let field = |it: &&str| Field { path: (*it).into(), value: Scalar::Int(1), unit: None };
        let fields = paths.iter().map(field).collect();
        Reading { kind: "k".into(), at_ms: None, fields }
    }

    #[test]
    fn a_name_that_only_a_device_said_is_counted_and_not_told() {
        let known: HashSet<Arc<str>> = (0..99).map(|it| format!("f{it}").into()).collect();
        let told = |paths: &[&str]| {
            let mut steps = Steps::default();
            steps.call(&"adapter a 00 -".into());
            steps.understood(&[reading(paths)], &known);
            let came = Arc::unwrap_or_clone(steps.came.unwrap());
            (came.names.iter().map(ToString::to_string).collect::<Vec<_>>(), came.others)
        };
        assert_eq!(told(&["f1", "ada's", "f2", "f1"]), (vec!["f1".into(), "f2".into()], 1));
        let many: Vec<_> = (0..99).map(|it| format!("f{it}")).collect();
        let (names, others) = told(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!((names.len(), others), (CAME_MAX, 99 - CAME_MAX));
    }

    #[test]
    fn what_was_called_and_never_answered_failed() {
        let mut steps = Steps::default();
        let done = |steps: &Steps| -> Vec<Vec<&str>> {
            steps.plugins.iter().map(|it| it.1.names().collect()).collect()
        };
        for (got, passed) in [(2, 2), (2, 1), (1, 2), (1, 0)] {
            steps.call(&"minimizer m 00 -".into());
            steps.passed(got, passed);
        }
        steps.call(&"policy p 00 -".into());
        assert_eq!(done(&steps), [["passed"], ["less"], ["more"], ["kept"], ["failed"]]);
        steps.did(Words::default().and(Word::Released).and(asked(&Obligation::PadTo(1))));
        assert_eq!(done(&steps)[4], ["released", "pad"]);
    }

    #[test]
    fn each_word_is_its_own() {
        for (word, name) in WORDS {
            assert_eq!(Words::default().and(word).names().collect::<Vec<_>>(), [name]);
        }
    }
}
