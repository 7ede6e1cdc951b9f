//! Compares answers with what was expected of them.

use super::{
    ask::{Close, Expected},
    text,
};
use hushgate_wasm::bindings::{Reading, Scalar};

/// What is expected, as lines.
pub(super) fn lines_of(expected: &Expected) -> Vec<String> {
    match expected {
        Expected::Exactly(all) | Expected::Among(all) => {
            all.iter().flat_map(|it| text::reading(&it.reading)).collect()
        }
        Expected::Error(error) => vec![format!("error {error}")],
    }
}

/// The expected lines that no answer has.
pub(super) fn missing(some: &[Close], lines: &[String]) -> Option<String> {
    let wanted = some.iter().flat_map(|it| text::reading(&it.reading));
    let missing: Vec<_> =
        wanted.filter(|it| !lines.contains(it)).map(|it| format!("    - {it}")).collect();
    if missing.is_empty() {
        return None;
    }
    let actual = lines.iter().map(|it| format!("    + {it}"));
    Some(missing.into_iter().chain(actual).collect::<Vec<_>>().join("\n"))
}

/// Whether every number is a multiple of what its path may show.
pub(super) fn precise(max: &[(String, f64)], readings: &[Reading]) -> Result<(), String> {
    for field in readings.iter().flat_map(|it| &it.fields) {
        let Some((_, step)) = max.iter().find(|it| it.0 == field.path) else { continue };
        let value = match field.value {
            Scalar::Real(it) => it,
            #[expect(clippy::cast_precision_loss, reason = "an author's own number")]
            Scalar::Int(it) => it as f64,
            _ => continue,
        };
        let off = (value / step).round().mul_add(-step, value).abs();
        if off > step * 1e-9 {
            return Err(format!("    `{}` is finer than {step}: {value}", field.path));
        }
    }
    Ok(())
}
