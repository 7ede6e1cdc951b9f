//! Step one: a frame becomes readings, and what an adapter returns is checked.

use super::live::Warm;
use crate::{message::Frame, outcome::Reason, plugins::plan::AdapterPlan};
use hushgate_wasm::{
    bindings::{DecodeError, Field, Reading, Scalar},
    plugin::AdapterInstance,
};

const READINGS_MAX: usize = 64;
const FIELDS_MAX: usize = 256;
const PATH_BYTES_MAX: usize = 64;
const TEXT_BYTES_MAX: usize = 1 << 10;
const BLOB_BYTES_MAX: usize = 16 << 10;

/// Decodes `frame`. What the manifest does not declare is dropped.
pub fn run(
    plan: &AdapterPlan,
    live: &mut Warm<AdapterInstance>,
    frame: &Frame,
) -> Result<Vec<Reading>, Reason> {
    let make = || plan.plugin.instance();
    let paced = (frame.received, &*plan.pace);
    let answer = live.call(paced, make, |it| it.decode(frame.content.reveal()))?;
    let mut readings = answer.map_err(|error| match error {
        DecodeError::NotMine => Reason::Unknown,
        DecodeError::Malformed(_) => Reason::Malformed,
        DecodeError::Unsupported(_) => Reason::Unsupported,
    })?;
    check(&readings)?;
    for reading in &mut readings {
        reading.fields.retain(|it| plan.declared.lets(it) && is_sound(&it.value));
    }
    Ok(readings)
}

/// Refuses output beyond what `wit/` promises.
pub(super) fn check(readings: &[Reading]) -> Result<(), Reason> {
    let field_fits = |it: &Field| {
        let value_fits = match &it.value {
            Scalar::Text(text) => text.len() <= TEXT_BYTES_MAX,
            Scalar::Blob(blob) => blob.len() <= BLOB_BYTES_MAX,
            Scalar::Flag(_) | Scalar::Int(_) | Scalar::Real(_) => true,
        };
        it.path.len() <= PATH_BYTES_MAX && value_fits
    };
    let fits = |it: &Reading| it.fields.len() <= FIELDS_MAX && it.fields.iter().all(field_fits);
    if readings.len() <= READINGS_MAX && readings.iter().all(fits) {
        return Ok(());
    }
    Err(Reason::PluginOutput)
}

fn is_sound(value: &Scalar) -> bool {
    !matches!(value, Scalar::Real(real) if !real.is_finite())
}
