//! Numbers of medical devices: SFLOAT and FLOAT (IEEE 11073-20601, annex F.2 and F.1; GATT Specification
//! Supplement, section 2.1.1).
//!
//! # Promises
//!
//! - Exponent and mantissa are both two's complement, and the value is exact.
//! - NaN, NRes, both infinities and the reserved value are no number.

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes, decimal::Decimal};

/// NaN, NRes, +INFINITY, -INFINITY and the reserved value: with exponent 0 alone.
const SFLOAT_NO_NUMBER: [u16; 5] = [0x07FF, 0x0800, 0x07FE, 0x0802, 0x0801];
const FLOAT_NO_NUMBER: [u32; 5] = [0x007F_FFFF, 0x0080_0000, 0x007F_FFFE, 0x0080_0002, 0x0080_0001];

/// Two bytes: an exponent of 4 bits, a mantissa of 12.
pub(crate) fn sfloat(bytes: &mut Bytes) -> Result<Option<Decimal>, DecodeError> {
    let raw = bytes.u16_le()?;
    let mantissa = (raw << 4).cast_signed() >> 4;
    let exponent = raw.cast_signed() >> 12;
    let number = Decimal::new(mantissa.into(), exponent);
    Ok((!SFLOAT_NO_NUMBER.contains(&raw)).then_some(number))
}

/// Four bytes: an exponent of 8 bits, a mantissa of 24.
pub(crate) fn float(bytes: &mut Bytes) -> Result<Option<Decimal>, DecodeError> {
    let raw = bytes.u32_le()?;
    let mantissa = (raw << 8).cast_signed() >> 8;
    let exponent = i8::from_le_bytes([raw.to_be_bytes()[0]]);
    let number = Decimal::new(mantissa.into(), exponent.into());
    Ok((!FLOAT_NO_NUMBER.contains(&raw)).then_some(number))
}
