//! Privacy in figures, by recipient.

use super::text::{Text, Type};
use crate::{
    consent::linkage::Kind,
    intake::Intake,
    message::Millis,
    store::{Store, tally::Tally},
};
use std::time::Duration;

/// All of them. What cannot be read now is not there now.
pub(super) fn render(text: &mut Text, (intake, store): (&Intake, &Store)) {
    epsilon(text, intake);
    entropy(text, intake);
    shared(text, intake);
    oldest(text, store);
    silence(text, &store.tally());
}

fn epsilon(text: &mut Text, intake: &Intake) {
    let all = intake.epsilon(Millis::now()).unwrap_or_default();
    let what = "Epsilon of noise that was spent in the periods that run now.";
    text.family("hushgate_epsilon_spent", Type::Gauge, what);
    for (recipient, epsilon) in &all {
        text.number(&[("recipient", recipient)], epsilon.spent as f64 / 1e6);
    }
    let what = "Epsilon of noise that may still be spent in these periods.";
    text.family("hushgate_epsilon_left", Type::Gauge, what);
    for (recipient, epsilon) in &all {
        text.number(&[("recipient", recipient)], epsilon.left as f64 / 1e6);
    }
}

/// 0 where nothing is kept.
fn oldest(text: &mut Text, store: &Store) {
    let (oldest, now) = (store.oldest().unwrap_or_default(), Millis::now());
    let age = |at: Option<Millis>| {
        let age = at.map_or(0, |it| now.0.saturating_sub(it.0).max(0));
        Duration::from_millis(age.unsigned_abs())
    };
    let what = "Age of the oldest of what is kept that holds values, sealed.";
    text.family("hushgate_oldest_datum_seconds", Type::Gauge, what);
    text.seconds(&[("kept", "waiting")], age(oldest.waiting));
    text.seconds(&[("kept", "remembered")], age(oldest.remembered.map(|it| it.0)));
    let what = "Age of the oldest entry of the ledger, which holds no value.";
    text.family("hushgate_oldest_entry_seconds", Type::Gauge, what).seconds(&[], age(oldest.entry));
}

fn silence(text: &mut Text, tally: &Tally) {
    let what = "From hearing of a withdrawal until frames are denied, and until nothing waits.";
    text.family("hushgate_withdrawal_seconds", Type::Histogram, what);
    for (until, histogram) in [("denied", &tally.denied), ("purged", &tally.purged)] {
        text.histogram(("until", until), histogram.below(), histogram.all());
    }
}

fn shared(text: &mut Text, intake: &Intake) {
    let Ok(shared) = intake.shared() else { return };
    let what = "Identifiers that more than one recipient knows: they link, if it is not 0.";
    text.family("hushgate_identifiers_shared", Type::Gauge, what);
    for kind in Kind::ALL {
        let count = shared.iter().filter(|it| it.kind == kind).count();
        text.row(&[("kind", kind.name())], count as u64);
    }
}

fn entropy(text: &mut Text, intake: &Intake) {
    let what =
        "Bits a value of what came in, and of what left, estimated; the mean over all values.";
    text.family("hushgate_entropy_bits", Type::Gauge, what);
    for (recipient, entropy) in intake.entropy().unwrap_or_default() {
        for (of, bits) in [("came", entropy.came), ("left", entropy.left)] {
            text.number(&[("recipient", &recipient), ("of", of)], bits);
        }
    }
}
