//! CGM Measurement, 0x2AA7: one record or several of a continuous glucose monitor.
//!
//! # Promises
//!
//! - Each record becomes one reading. A checksum that does not match makes the whole value malformed.
//! - Records say how long the session had lasted, not when it began: they are not placed in time.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes};

use crate::{fields::Fields, flags::Flags, malformed, medfloat::sfloat, unsupported};

const TREND: u16 = 1;
const QUALITY: u16 = 1 << 1;
const WARNING: u16 = 1 << 5;
const CALIBRATION: u16 = 1 << 6;
const STATUS: u16 = 1 << 7;
const ASSIGNED: u16 = TREND | QUALITY | WARNING | CALIBRATION | STATUS;

/// The octets of the annunciation in their order in the record, each there if its flag is set.
const ANNUNCIATIONS: [(u16, &[(u8, &str)]); 3] = [
    (
        STATUS,
        &[
            (0, "session-stopped"),
            (1, "battery-low"),
            (2, "sensor-type-incorrect"),
            (3, "sensor-malfunction"),
            (4, "device-alert"),
            (5, "fault"),
        ],
    ),
    (
        CALIBRATION,
        &[
            (0, "time-synchronization-required"),
            (1, "calibration-not-allowed"),
            (2, "calibration-recommended"),
            (3, "calibration-required"),
            (4, "sensor-temperature-high"),
            (5, "sensor-temperature-low"),
            (6, "calibration-pending"),
        ],
    ),
    (
        WARNING,
        &[
            (0, "glucose-low"),
            (1, "glucose-high"),
            (2, "hypoglycemia"),
            (3, "hyperglycemia"),
            (4, "glucose-falling"),
            (5, "glucose-rising"),
            (6, "result-too-low"),
            (7, "result-too-high"),
        ],
    ),
];

/// Records in one value, which become readings.
const RECORDS_MAX: usize = 64;

/// Whether each record must end with a checksum (E2E-CRC), as the sensor's CGM Feature, 0x2AA8, says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crc {
    Required,
    /// Checked where the record is longer than its flags say by just a checksum.
    Recognised,
}

impl Crc {
    pub(crate) const fn asked(required: bool) -> Self {
        if required { Self::Required } else { Self::Recognised }
    }
}

pub(crate) fn read(mut value: Bytes, crc: Crc) -> Result<Vec<Reading>, DecodeError> {
    let mut readings = vec![record(&mut value, crc)?];
    while !value.is_empty() {
        if readings.len() == RECORDS_MAX {
            return Err(unsupported("there are more than 64 records"));
        }
        readings.push(record(&mut value, crc)?);
    }
    Ok(readings)
}

fn record(value: &mut Bytes, crc: Crc) -> Result<Reading, DecodeError> {
    let size = { *value }.u8()?;
    let record = value.take(size.into())?;
    let mut body = Bytes::new(record);
    body.u8()?;
    let mut fields = Fields::default();
    let flags = parts(&mut body, &mut fields)?;
    let recognised = !flags.has_reserved() && body.rest().len() == size_of::<u16>();
    if crc == Crc::Required || recognised {
        body = without_checksum(record, body)?;
    }
    flags.end(body)?;
    Ok(fields.reading("continuous-glucose", None))
}

/// What is left of `body` before the checksum with which `record` ends.
fn without_checksum<'a>(record: &[u8], body: Bytes<'a>) -> Result<Bytes<'a>, DecodeError> {
    let missing = || malformed("a record has no checksum");
    let (rest, expected) = body.rest().split_last_chunk().ok_or_else(missing)?;
    let (covered, _) = record.split_last_chunk::<2>().ok_or_else(missing)?;
    if crc_16(covered) != u16::from_le_bytes(*expected) {
        return Err(malformed("the checksum of a record does not match"));
    }
    Ok(Bytes::new(rest))
}

/// CRC-CCITT with the seed 0xFFFF, the least significant bit first (Continuous Glucose Monitoring Service 1.0.2,
/// section 3.11).
pub(crate) fn crc_16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(u16::MAX, |crc, byte| {
        (0..8).fold(
            crc ^ u16::from(*byte),
            |crc, _| {
                if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 }
            },
        )
    })
}

fn parts(record: &mut Bytes, fields: &mut Fields) -> Result<Flags, DecodeError> {
    let flags = Flags::of_u8(record, ASSIGNED)?;
    fields.real("glucose", "mg/dL", sfloat(record)?);
    fields.count("time-offset", "min", record.u16_le()?);
    for (flag, names) in ANNUNCIATIONS {
        if flags.has(flag) {
            fields.set_bits(record.u8()?.into(), names);
        }
    }
    if flags.has(TREND) {
        fields.real("glucose-trend", "mg/dL/min", sfloat(record)?);
    }
    if flags.has(QUALITY) {
        fields.real("measurement-quality", "%", sfloat(record)?);
    }
    Ok(flags)
}
