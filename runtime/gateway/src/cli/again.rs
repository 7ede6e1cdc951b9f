//! `replay FRAME --of ENTRY`: whether the same comes out of a frame again, by the very plugins and grant of then.

use super::{Exit, Failure, explain, open, out::say};
use crate::{
    gateway::again::{self, Asked, Comes},
    home::Home,
    ledger::{
        Entry,
        basis::{Basis, Called, Line},
        read,
    },
    message::{DeviceName, Frame},
    store::Store,
};
use std::{fs, path::Path};

/// The largest frame that is read, in bytes: more than any ingress takes.
const FRAME_BYTES_MAX: u64 = 16 << 20;

/// Decided by what the gateway remembered, or by how busy it was: a frame alone does not tell.
const REMEMBERED: [&str; 8] = [
    "slot-taken",
    "used-up",
    "budget-spent",
    "replayed",
    "minimized",
    "plugin-resting",
    "plugin-time",
    "grant-ended",
];

/// A frame, and where it came in.
pub(super) struct Given<'a> {
    pub(super) file: &'a Path,
    pub(super) topic: &'a str,
    pub(super) content_type: Option<&'a str>,
}

pub(super) fn run(home: &Home, seq: i64, given: &Given<'_>) -> Result<(), Failure> {
    let (config, keys) = open(home)?;
    let entry = entry(home, seq)?;
    let basis = Basis::read(&entry.note);
    if !entry.kind.is_decision() || basis.plugins.is_empty() {
        let text = format!(
            "entry {seq} is about no plugin's work, or was written before that was noted: {}",
            "there is nothing to decide again"
        );
        return Err(Failure::fix(text));
    }
    let asked = Asked {
        frame: frame(&entry, given)?,
        plugins: basis.plugins.iter().map(|it| &*it.name).collect(),
        grant: basis.grant_text.as_deref().map(|it| (&*entry.grant, it)),
    };
    let comes = again::again(&config, &keys, &asked).map_err(Failure::fix)?;
    compare((&entry, &basis), &comes)
}

fn entry(home: &Home, seq: i64) -> Result<Entry, Failure> {
    let store = Store::look(&home.store()).map_err(Failure::fix)?;
    let found = read::one(&store, seq).map_err(Failure::failed)?;
    let entry = found.ok_or_else(|| {
        Failure::fix(format!("the ledger has no entry {seq}: it is not there, or was erased"))
    })?;
    if !entry.is_whole() {
        let text = format!("entry {seq} was changed: nothing is decided by what it says");
        return Err(Failure::new(Exit::Ledger, text));
    }
    Ok(entry)
}

fn frame(entry: &Entry, given: &Given<'_>) -> Result<Frame, Failure> {
    let fail = |it: &dyn std::fmt::Display| Failure::fix(format!("{}: {it}", given.file.display()));
    let size = fs::metadata(given.file).map_err(|it| fail(&it))?.len();
    if size > FRAME_BYTES_MAX {
        return Err(fail(&"larger than a frame may be"));
    }
    let body = fs::read(given.file).map_err(|it| fail(&it))?;
    let device = DeviceName(entry.device.as_str().into());
    let frame = Frame::new(device, given.topic.to_owned(), body, entry.at);
    Ok(frame.with_content_type(given.content_type.map(str::to_owned)))
}

/// Says what is the same; fails if something is not that hangs on the frame alone.
fn compare((entry, basis): (&Entry, &Basis), comes: &Comes) -> Result<(), Failure> {
    let mut now = comes.plugins.iter().map(|(name, did)| Called {
        name: name.clone(),
        did: did.iter().map(|it| (*it).to_owned()).collect(),
    });
    let mut differs = false;
    for then in &basis.plugins {
        let now = now.next().unwrap_or_default();
        differs |= now != *then;
        let same = if now == *then { "the same" } else { "NOT THE SAME" };
        say(format!("{same}: {}", explain::plugin(then)));
    }
    let result = |kind: &str, reason: &str, fields: &[String]| {
        let fields = if fields.is_empty() { "nothing".to_owned() } else { fields.join(", ") };
        format!("{} ({fields} leaves)", format!("{kind} {reason}").trim())
    };
    let told = comes.fields.get(..basis.fields.len()).unwrap_or_default();
    let missing = comes.fields.len().saturating_sub(told.len());
    let is_same = (comes.kind, comes.reason) == (entry.kind.name(), &*entry.reason)
        && told == basis.fields
        && missing == basis.missing(Line::Field);
    let then = result(entry.kind.name(), &entry.reason, &basis.fields);
    let now = result(comes.kind, comes.reason, &comes.fields);
    let remembers = REMEMBERED.contains(&&*entry.reason);
    say(match (is_same, remembers) {
        (true, _) => format!("the same: {now}"),
        (false, true) => format!(
            "then: {then}, by what was remembered of frames before, or by how busy it was; without that: {now}"
        ),
        (false, false) => format!("NOT THE SAME: then {then}, now {now}"),
    });
    if differs || !(is_same || remembers) {
        return Err(Failure::failed(
            "it does not come out again: it is another frame, another topic or content type, or a plugin \
             remembered something of frames before",
        ));
    }
    Ok(())
}
