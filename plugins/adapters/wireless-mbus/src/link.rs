//! The data link layer (EN 13757-4:2019, clauses 12.2 to 12.5): lengths, checksums, control and address.

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes};

use crate::{malformed, unsupported};

/// Where a telegram has its checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A, B or stripped: by the length, and B by its checksum.
    Auto,
    A,
    B,
    /// The receiver took the checksums away; the length does not count them.
    Stripped,
    /// The receiver took the checksums of format B away; the length counts them still.
    BStripped,
    /// The receiver took the length and the checksums away.
    NoLength,
}

impl Format {
    /// The one that a setting names.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "a" => Some(Self::A),
            "b" => Some(Self::B),
            "stripped" => Some(Self::Stripped),
            "b-stripped" => Some(Self::BStripped),
            "no-length" => Some(Self::NoLength),
            _ => None,
        }
    }
}

/// The first block of format A, with the length.
const FIRST_BLOCK: usize = 10;
const BLOCK: usize = 16;
/// What the first checksum of format B covers at most.
const LONG_BLOCK: usize = 126;
/// The most that a length can count.
const LENGTH_MAX: usize = 255;

/// Who sends (EN 13757-7, clause 7.5): in the order of the link layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) manufacturer: [u8; 2],
    pub(crate) id: [u8; 4],
    pub(crate) version: u8,
    pub(crate) device: u8,
}

impl Address {
    pub(crate) const fn bytes(self) -> [u8; 8] {
        let Self { manufacturer: [m, n], id: [a, b, c, d], version, device } = self;
        [m, n, a, b, c, d, version, device]
    }
}

/// A telegram without what the radio needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) address: Address,
    /// From the first CI field on.
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn read(telegram: &[u8], format: Format) -> Result<Link, DecodeError> {
    let data = match format {
        Format::Auto => automatic(telegram)?,
        Format::A => format_a(telegram)?,
        Format::B => format_b(telegram)?,
        Format::Stripped => stripped(telegram, 0)?,
        Format::BStripped => {
            stripped(telegram, if length(telegram)? <= LONG_BLOCK { 2 } else { 4 })?
        }
        Format::NoLength if telegram.len() <= LENGTH_MAX => telegram.to_vec(),
        Format::NoLength => return Err(malformed("it is longer than a telegram can be")),
    };
    let mut rest = Bytes::new(&data);
    let control = rest.u8()?;
    let address = Address {
        manufacturer: rest.array()?,
        id: rest.array()?,
        version: rest.u8()?,
        device: rest.u8()?,
    };
    // SND-NR, SND-IR, ACC-NR, ACC-DMD and RSP-UD, whatever their bits of flow control say.
    if !matches!(control & 0xCF, 0x44 | 0x46 | 0x47 | 0x48 | 0x08) {
        return Err(unsupported("it is not what a meter sends"));
    }
    Ok(Link { address, payload: rest.rest().to_vec() })
}

/// How many bytes follow the length, by itself.
fn length(telegram: &[u8]) -> Result<usize, DecodeError> {
    telegram.first().map(|length| usize::from(*length)).ok_or_else(|| malformed("it is empty"))
}

/// What begins with a block of format A is of that format, so that a longer one that was cut is not taken for one
/// without checksums.
fn automatic(telegram: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut rest = Bytes::new(telegram);
    let first = rest.take(FIRST_BLOCK)?;
    if rest.u16_be() == Ok(crc(first)) {
        return format_a(telegram);
    }
    format_b(telegram).or_else(|_| stripped(telegram, 0))
}

fn stripped(telegram: &[u8], removed: usize) -> Result<Vec<u8>, DecodeError> {
    let length = length(telegram)?;
    match telegram {
        [_, data @ ..] if data.len() + removed == length => Ok(data.to_vec()),
        _ => Err(malformed("the length is wrong")),
    }
}

/// One checksum behind the first block, and one behind each that follows.
fn format_a(telegram: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut missing = length(telegram)? + 1;
    let mut data = Vec::with_capacity(missing);
    let mut rest = Bytes::new(telegram);
    let mut size = FIRST_BLOCK;
    while missing > 0 {
        let block = rest.take(size.min(missing))?;
        check(block, rest.u16_be()?)?;
        data.extend_from_slice(block);
        missing -= block.len();
        size = BLOCK;
    }
    rest.end()?;
    data.remove(0);
    Ok(data)
}

/// One checksum at the end of what fits the first two blocks together, and one at the end of the third.
fn format_b(telegram: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut missing = length(telegram)? + 1;
    let mut data = Vec::with_capacity(missing);
    let mut rest = Bytes::new(telegram);
    while missing > 0 {
        let size = missing.checked_sub(2).ok_or_else(|| malformed("the length is wrong"))?;
        let block = rest.take(size.min(LONG_BLOCK))?;
        check(block, rest.u16_be()?)?;
        data.extend_from_slice(block);
        missing -= block.len() + 2;
    }
    rest.end()?;
    data.remove(0);
    Ok(data)
}

fn check(block: &[u8], written: u16) -> Result<(), DecodeError> {
    if crc(block) == written { Ok(()) } else { Err(malformed("a checksum is wrong")) }
}

/// CRC-16/EN-13757: the polynomial 3D65, most significant bit first, from 0, inverted.
pub(crate) fn crc(bytes: &[u8]) -> u16 {
    !bytes.iter().fold(0, |crc, byte| {
        let [high, low] = u16::to_be_bytes(crc);
        CRC_TABLE[usize::from(high ^ byte)] ^ u16::from(low) << 8
    })
}

const CRC_TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut index: u16 = 0;
    while index < 256 {
        let mut crc = index << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x3D65 };
            bit += 1;
        }
        table[index as usize] = crc;
        index += 1;
    }
    table
};
