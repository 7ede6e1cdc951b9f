//! What a case asks a plugin, and what it must answer.

use hushgate_wasm::bindings::{Frame, Reading, Request};

/// One kind of question for each kind of plugin.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    /// The settings alone: the plugin must refuse them and name this setting.
    Refuse { setting: String },
    /// An adapter.
    Decode { frame: Frame, expected: Expected, truncated: Truncated },
    /// A minimizer, one call after another.
    Minimize { steps: Vec<Step> },
    /// A policy.
    Evaluate { request: Request, verdict: Vec<String> },
}

/// What readings must be.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// These and no others.
    Exactly(Vec<Close>),
    /// Their fields are among those of the answer.
    Among(Vec<Close>),
    /// This error.
    Error(String),
}

/// A reading, and how far the numbers of its fields may be off.
#[derive(Clone, Debug)]
pub(super) struct Close {
    pub(super) reading: Reading,
    /// As many as there are fields.
    pub(super) within: Vec<f64>,
}

/// What a body that is cut off must give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Truncated {
    /// Any answer.
    #[default]
    Answered,
    /// An error, at every byte.
    Refused,
}

/// One call of a minimizer.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) now_ms: u64,
    /// Instead of what the step before left.
    pub(super) state: Option<Vec<u8>>,
    pub(super) readings: Vec<Reading>,
    pub(super) expected: Expected,
    /// What it must leave; not asked if none.
    pub(super) left: Option<Vec<u8>>,
}
