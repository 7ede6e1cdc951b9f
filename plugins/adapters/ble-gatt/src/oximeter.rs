//! PLX Spot-check Measurement, 0x2A5E, and PLX Continuous Measurement, 0x2A5F: oxygen saturation and pulse.
//!
//! # Promises
//!
//! - The time stamp of a device that says its clock is not set places nothing in time.

use hushgate_sdk::{Reading, adapter::DecodeError, bytes::Bytes};

use crate::{
    clock::{self, Clock},
    fields::Fields,
    flags::Flags,
    medfloat::sfloat,
};

/// Bits 0 to 4 are reserved.
const MEASUREMENT_STATUS: [(u8, &str); 11] = [
    (5, "measurement-ongoing"),
    (6, "early-estimate"),
    (7, "validated"),
    (8, "fully-qualified"),
    (9, "from-storage"),
    (10, "demonstration"),
    (11, "testing"),
    (12, "calibration-ongoing"),
    (13, "measurement-unavailable"),
    (14, "questionable-measurement"),
    (15, "invalid-measurement"),
];

/// Bits 16 to 23 are reserved.
const SENSOR_STATUS: [(u8, &str); 16] = [
    (0, "display-update-ongoing"),
    (1, "equipment-malfunction"),
    (2, "signal-irregularity"),
    (3, "inadequate-signal"),
    (4, "poor-signal"),
    (5, "low-perfusion"),
    (6, "erratic-signal"),
    (7, "nonpulsatile-signal"),
    (8, "questionable-pulse"),
    (9, "signal-analysis-ongoing"),
    (10, "sensor-interference"),
    (11, "sensor-unconnected"),
    (12, "unknown-sensor"),
    (13, "sensor-displaced"),
    (14, "sensor-malfunction"),
    (15, "sensor-disconnected"),
];

/// Which flags announce what both characteristics end with.
struct Tail {
    measurement_status: u16,
    sensor_status: u16,
    pulse_amplitude: u16,
}

const SPOT_TIME: u16 = 1;
const SPOT_CLOCK_NOT_SET: u16 = 1 << 4;
const SPOT_TAIL: Tail =
    Tail { measurement_status: 1 << 1, sensor_status: 1 << 2, pulse_amplitude: 1 << 3 };
const FAST: u16 = 1;
const SLOW: u16 = 1 << 1;
const CONTINUOUS_TAIL: Tail =
    Tail { measurement_status: 1 << 2, sensor_status: 1 << 3, pulse_amplitude: 1 << 4 };

/// Of both characteristics; each gives them other meanings.
const ASSIGNED: u16 = 0b1_1111;

pub(crate) fn read_spot_check(mut value: Bytes, clock: Clock) -> Result<Reading, DecodeError> {
    let flags = Flags::of_u8(&mut value, ASSIGNED)?;
    let mut fields = Fields::default();
    saturation_and_pulse(&mut value, &mut fields, ["oxygen-saturation", "pulse-rate"])?;
    let shown = if flags.has(SPOT_TIME) { clock::date_time(&mut value)? } else { None };
    let at_ms = if flags.has(SPOT_CLOCK_NOT_SET) {
        fields.device_time(shown);
        None
    } else {
        clock.place(shown, &mut fields)
    };
    SPOT_TAIL.read(value, flags, &mut fields)?;
    Ok(fields.reading("oxygen-saturation", at_ms))
}

pub(crate) fn read_continuous(mut value: Bytes) -> Result<Reading, DecodeError> {
    let flags = Flags::of_u8(&mut value, ASSIGNED)?;
    let mut fields = Fields::default();
    saturation_and_pulse(&mut value, &mut fields, ["oxygen-saturation", "pulse-rate"])?;
    if flags.has(FAST) {
        let paths = ["oxygen-saturation.fast", "pulse-rate.fast"];
        saturation_and_pulse(&mut value, &mut fields, paths)?;
    }
    if flags.has(SLOW) {
        let paths = ["oxygen-saturation.slow", "pulse-rate.slow"];
        saturation_and_pulse(&mut value, &mut fields, paths)?;
    }
    CONTINUOUS_TAIL.read(value, flags, &mut fields)?;
    Ok(fields.reading("oxygen-saturation", None))
}

fn saturation_and_pulse(
    value: &mut Bytes,
    fields: &mut Fields,
    [saturation, pulse]: [&str; 2],
) -> Result<(), DecodeError> {
    fields.real(saturation, "%", sfloat(value)?);
    fields.real(pulse, "/min", sfloat(value)?);
    Ok(())
}

impl Tail {
    fn read(&self, mut value: Bytes, flags: Flags, fields: &mut Fields) -> Result<(), DecodeError> {
        if flags.has(self.measurement_status) {
            fields.set_bits(value.u16_le()?.into(), &MEASUREMENT_STATUS);
        }
        if flags.has(self.sensor_status) {
            let [low, middle, high] = value.array()?;
            fields.set_bits(u32::from_le_bytes([low, middle, high, 0]), &SENSOR_STATUS);
        }
        if flags.has(self.pulse_amplitude) {
            fields.real("pulse-amplitude-index", "%", sfloat(&mut value)?);
        }
        flags.end(value)
    }
}
