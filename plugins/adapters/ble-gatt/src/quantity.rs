//! What scales measure: 16 bits, in steps that the format fixes.
//!
//! # Promises
//!
//! - 0xFFFF is a measurement that did not succeed, and becomes no field.

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes, decimal::Decimal};

use crate::fields::Fields;

/// So many steps of a unit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quantity {
    unit: &'static str,
    /// One step is `digits` × 10^`exponent` of the unit.
    step: Decimal,
}

const fn steps_of(digits: i64, exponent: i16, unit: &'static str) -> Quantity {
    Quantity { unit, step: Decimal::new(digits, exponent) }
}

pub(crate) const PERCENTAGE: Quantity = steps_of(1, -1, "%");
pub(crate) const IMPEDANCE: Quantity = steps_of(1, -1, "Ohm");
pub(crate) const ENERGY: Quantity = steps_of(1, 0, "kJ");
pub(crate) const BMI: Quantity = steps_of(1, -1, "kg/m2");

/// Masses in kilograms or pounds.
pub(crate) const fn mass(imperial: bool) -> Quantity {
    if imperial { steps_of(1, -2, "[lb_av]") } else { steps_of(5, -3, "kg") }
}

/// Heights in metres or inches.
pub(crate) const fn height(imperial: bool) -> Quantity {
    if imperial { steps_of(1, -1, "[in_i]") } else { steps_of(1, -3, "m") }
}

impl Quantity {
    /// Reads the next two bytes as the field `path`.
    pub(crate) fn read(
        self,
        path: &str,
        value: &mut Bytes,
        fields: &mut Fields,
    ) -> Result<(), DecodeError> {
        let steps = value.u16_le()?;
        let exact = Decimal::new(i64::from(steps) * self.step.digits, self.step.exponent);
        fields.real(path, self.unit, (steps != u16::MAX).then_some(exact));
        Ok(())
    }
}
