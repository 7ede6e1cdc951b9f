//! For tests of adapters: asks one as the gateway would, and writes what it answered as lines.
//!
//! # Promises
//!
//! - An answer that breaks the contract (docs/plugins.md, section Limits) is never taken for a good one.

use crate::{
    Field, Frame, Reading, Scalar, adapter::Adapter, adapter::DecodeError, fields, naming,
};

/// Readings that one answer may have.
const READINGS_MAX: usize = 64;

/// The answer to one frame: a line for each reading, such as `state @1500: temperature=21.5 Cel, on=true`.
///
/// # Errors
///
/// `refused` (the settings), `not mine`, `malformed`, `unsupported`, or `breaks the contract`.
pub fn decode<A: Adapter>(
    settings: &str,
    channel: &str,
    body: &[u8],
) -> Result<String, &'static str> {
    let frame = Frame {
        channel: channel.to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    let adapter = A::configure(settings).map_err(|_| "refused")?;
    let readings = adapter.decode(frame).map_err(|error| match error {
        DecodeError::NotMine => "not mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    })?;
    if readings.len() > READINGS_MAX || !readings.iter().all(is_in_contract) {
        return Err("breaks the contract");
    }
    Ok(readings.iter().map(line).collect::<Vec<_>>().join("\n"))
}

fn is_in_contract(reading: &Reading) -> bool {
    reading.fields.len() <= fields::FIELDS_MAX
        && reading.fields.iter().all(|field| {
            naming::is_path(&field.path)
                && match &field.value {
                    Scalar::Real(real) => real.is_finite(),
                    Scalar::Text(text) => text.len() <= fields::TEXT_BYTES_MAX,
                    Scalar::Flag(_) | Scalar::Int(_) | Scalar::Blob(_) => true,
                }
        })
}

fn line(reading: &Reading) -> String {
    let at = reading.at_ms.map(|ms| format!(" @{ms}")).unwrap_or_default();
    let fields: Vec<_> = reading.fields.iter().map(value).collect();
    format!("{}{at}: {}", reading.kind, fields.join(", "))
}

fn value(field: &Field) -> String {
    let value = match &field.value {
        Scalar::Flag(flag) => flag.to_string(),
        Scalar::Int(int) => int.to_string(),
        Scalar::Real(real) => format!("{real:?}"),
        Scalar::Text(text) => format!("{text:?}"),
        Scalar::Blob(bytes) => format!("{bytes:02x?}"),
    };
    match &field.unit {
        Some(unit) => format!("{}={value} {unit}", field.path),
        None => format!("{}={value}", field.path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ConfigError;

    struct Fixed(Vec<Reading>);

    impl Adapter for Fixed {
        fn configure(json: &str) -> Result<Self, ConfigError> {
            let path = json.to_owned();
            let fields = vec![Field::with_unit(&path, Scalar::Real(21.0), "Cel")];
            Ok(Self(vec![Reading::at(Some(5), "state", fields)]))
        }

        fn decode(&self, frame: Frame) -> Result<Vec<Reading>, DecodeError> {
            if frame.body.is_empty() { Err(DecodeError::NotMine) } else { Ok(self.0.clone()) }
        }
    }

    #[test]
    fn answers_are_lines_and_broken_ones_are_told() {
        let line = "state @5: temperature=21.0 Cel".to_owned();
        assert_eq!(decode::<Fixed>("temperature", "", b"x"), Ok(line));
        assert_eq!(decode::<Fixed>("temperature", "", b""), Err("not mine"));
        assert_eq!(decode::<Fixed>("Temperature", "", b"x"), Err("breaks the contract"));
    }
}
