//! Which characteristic a value is of.
//!
//! # Promises
//!
//! - A UUID is understood as people and bridges write it: `2A37`, `0x2a37`, or all 128 bits.

/// A characteristic that this adapter reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Characteristic {
    Glucose,
    Battery,
    Temperature,
    IntermediateTemperature,
    BloodPressure,
    CuffPressure,
    HeartRate,
    Running,
    Cycling,
    OximeterSpotCheck,
    OximeterContinuous,
    BodyComposition,
    Weight,
    ContinuousGlucose,
}

/// The numbers that Bluetooth SIG assigned (Assigned Numbers, section 3.8.1).
pub(crate) const ASSIGNED: [(u16, Characteristic); 14] = [
    (0x2A18, Characteristic::Glucose),
    (0x2A19, Characteristic::Battery),
    (0x2A1C, Characteristic::Temperature),
    (0x2A1E, Characteristic::IntermediateTemperature),
    (0x2A35, Characteristic::BloodPressure),
    (0x2A36, Characteristic::CuffPressure),
    (0x2A37, Characteristic::HeartRate),
    (0x2A53, Characteristic::Running),
    (0x2A5B, Characteristic::Cycling),
    (0x2A5E, Characteristic::OximeterSpotCheck),
    (0x2A5F, Characteristic::OximeterContinuous),
    (0x2A9C, Characteristic::BodyComposition),
    (0x2A9D, Characteristic::Weight),
    (0x2AA7, Characteristic::ContinuousGlucose),
];

/// What follows the assigned number in a full UUID (Bluetooth Core 5.4, volume 3, part B, section 2.5.1).
const BASE_UUID: &str = "-0000-1000-8000-00805f9b34fb";

impl Characteristic {
    /// The one that `text` names, if it is one of ours.
    pub(crate) fn of_uuid(text: &str) -> Option<Self> {
        let number = assigned_number(text)?;
        ASSIGNED.iter().find(|(assigned, _)| *assigned == number).map(|(_, it)| *it)
    }
}

fn assigned_number(text: &str) -> Option<u16> {
    let digits = match text.len() {
        4 => text,
        6 => text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?,
        36 => {
            let (number, base) = text.split_at_checked(8)?;
            base.eq_ignore_ascii_case(BASE_UUID).then(|| number.strip_prefix("0000"))??
        }
        _ => return None,
    };
    // `from_str_radix` takes a sign, too.
    digits.bytes().all(|it| it.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}
