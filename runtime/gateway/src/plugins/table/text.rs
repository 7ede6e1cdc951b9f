//! Answers as lines that a person can read and a diff can compare.

use super::ask::Close;
use hushgate_wasm::bindings::{DecodeError, Obligation, Reading, Scalar, Verdict};
use imara_diff::{Algorithm, Diff, InternedInput};

/// A reading: one line, and one more for each field.
pub(super) fn reading(it: &Reading) -> Vec<String> {
    let at = it.at_ms.map(|it| format!(" at-ms {it}")).unwrap_or_default();
    let fields = it.fields.iter().map(|it| {
        let unit = it.unit.as_deref().map(|it| format!(" {it}")).unwrap_or_default();
        format!("  {} = {}{unit}", it.path, scalar(&it.value))
    });
    std::iter::once(format!("{}{at}", it.kind)).chain(fields).collect()
}

/// Readings, one after another.
pub(super) fn readings(all: &[Reading]) -> Vec<String> {
    all.iter().flat_map(reading).collect()
}

fn scalar(value: &Scalar) -> String {
    match value {
        Scalar::Flag(it) => it.to_string(),
        Scalar::Int(it) => it.to_string(),
        // With a point, so that a real never looks like an integer.
        Scalar::Real(it) => format!("{it:?}"),
        Scalar::Text(it) => format!("{it:?}"),
        Scalar::Blob(it) => format!("0x{}", data_encoding::HEXLOWER.encode(it)),
    }
}

/// An adapter's error. Its text is the author's own business.
pub(super) fn decode_error(error: &DecodeError) -> &'static str {
    match error {
        DecodeError::NotMine => "not-mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    }
}

/// A verdict: one line, and one more for each obligation.
pub(super) fn verdict(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Release(obligations) => {
            let lines = obligations.iter().map(obligation);
            std::iter::once("release".to_owned()).chain(lines).collect()
        }
        Verdict::Withhold(_) => vec!["withhold".into()],
        Verdict::HoldUntil(until) => vec![format!("hold-until {until}")],
        Verdict::NeedConsent(_) => vec!["need-consent".into()],
    }
}

fn obligation(it: &Obligation) -> String {
    match it {
        Obligation::Keep(paths) => format!("keep {}", paths.join(" ")),
        Obligation::Drop(paths) => format!("drop {}", paths.join(" ")),
        Obligation::Coarsen((path, step)) => format!("coarsen {path} {step}"),
        Obligation::Pseudonymise(path) => format!("pseudonymise {path}"),
        Obligation::Noise((path, epsilon)) => format!("noise {path} {epsilon}"),
        Obligation::Delay(seconds) => format!("delay {seconds}"),
        Obligation::PadTo(bytes) => format!("pad-to {bytes}"),
    }
}

/// `actual`, where numbers that are close enough to what is expected read as expected.
pub(super) fn snapped(expected: &[Close], mut actual: Vec<Reading>) -> Vec<Reading> {
    for (close, reading) in expected.iter().zip(&mut actual) {
        let wanted = close.reading.fields.iter().zip(&close.within);
        for ((wanted, within), field) in wanted.zip(&mut reading.fields) {
            if let (Scalar::Real(wanted), Scalar::Real(real)) = (&wanted.value, &mut field.value)
                && (*wanted - *real).abs() <= *within
            {
                *real = *wanted;
            }
        }
    }
    actual
}

/// What differs, line by line: `-` was expected, `+` was answered. Nothing where nothing differs.
pub(super) fn diff(expected: &[String], actual: &[String]) -> Option<String> {
    let (before, after) = (joined(expected), joined(actual));
    if before == after {
        return None;
    }
    let input = InternedInput::new(before.as_str(), after.as_str());
    let diff = Diff::compute(Algorithm::Myers, &input);
    let (mut lines, mut place) = (Vec::new(), 0);
    for hunk in diff.hunks() {
        let (start, end) = (hunk.before.start as usize, hunk.before.end as usize);
        lines.extend(expected[place..start].iter().map(|it| format!("      {it}")));
        lines.extend(expected[start..end].iter().map(|it| format!("    - {it}")));
        let added = &actual[hunk.after.start as usize..hunk.after.end as usize];
        lines.extend(added.iter().map(|it| format!("    + {it}")));
        place = end;
    }
    lines.extend(expected[place..].iter().map(|it| format!("      {it}")));
    Some(lines.join("\n"))
}

fn joined(lines: &[String]) -> String {
    lines.iter().flat_map(|it| [it.as_str(), "\n"]).collect()
}
