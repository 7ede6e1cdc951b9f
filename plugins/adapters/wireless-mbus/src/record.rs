//! Data records (EN 13757-3:2018, clause 6): what is said of a value, and the value.
//!
//! # Promises
//!
//! - A record that is not understood is skipped by its own length, never by a guess.

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes};

use crate::{malformed, unsupported, value::Value};

/// Of each kind of extension behind another.
const EXTENSIONS_MAX: usize = 10;

const EXTENDED: u8 = 0x80;

/// A value and all that is said of it.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) function: Function,
    /// 0 is now; others are what the meter remembers.
    pub(crate) storage: u64,
    pub(crate) tariff: u32,
    pub(crate) subunit: u16,
    pub(crate) information: Information,
    pub(crate) value: Value<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Instantaneous,
    Maximum,
    Minimum,
    DuringError,
}

/// What is measured: a code, in one of the tables, and what changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Information {
    pub(crate) table: Table,
    pub(crate) code: u8,
    /// The power of ten by which the value is multiplied besides.
    pub(crate) exponent: i16,
    pub(crate) direction: Option<Direction>,
    /// `l1` and so on.
    pub(crate) phase: Option<&'static str>,
    /// The content is of the standard's own list; for error flags.
    pub(crate) standard_content: bool,
    /// Something else changes the meaning: the value must not be used.
    pub(crate) unknown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Primary,
    First,
    Second,
    PlainText,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Backward,
}

/// Takes the next record; `None` at the end, where what is of the manufacturer's own format may follow.
pub(crate) fn next<'a>(rest: &mut Bytes<'a>) -> Result<Option<Record<'a>>, DecodeError> {
    while !rest.is_empty() {
        let dif = rest.u8()?;
        match dif {
            0x2F | 0x7F => {}
            0x0F | 0x1F => return Ok(None),
            _ if dif & 0x0F == 0x0F => return Err(unsupported("a special function is reserved")),
            _ => return record(dif, rest).map(Some),
        }
    }
    Ok(None)
}

/// Takes what stands before a value, and gives its first byte.
pub(crate) fn head(rest: &mut Bytes) -> Result<u8, DecodeError> {
    let dif = rest.u8()?;
    announced(dif, rest).map(|_| dif)
}

fn record<'a>(dif: u8, rest: &mut Bytes<'a>) -> Result<Record<'a>, DecodeError> {
    let announced = announced(dif, rest)?;
    Ok(Record { value: Value::read(dif & 0x0F, rest)?, ..announced })
}

/// A record whose value is still to be read.
fn announced(dif: u8, rest: &mut Bytes) -> Result<Record<'static>, DecodeError> {
    let mut storage = u64::from(dif >> 6 & 1);
    let (mut tariff, mut subunit) = (0, 0);
    let mut more = dif & EXTENDED != 0;
    let mut level: u32 = 0;
    while more {
        let dife = next_extension(level, rest)?;
        storage |= u64::from(dife & 0x0F) << (1 + 4 * level);
        tariff |= u32::from(dife >> 4 & 3) << (2 * level);
        subunit |= u16::from(dife >> 6 & 1) << level;
        more = dife & EXTENDED != 0;
        level += 1;
    }
    Ok(Record {
        function: match dif >> 4 & 3 {
            0 => Function::Instantaneous,
            1 => Function::Maximum,
            2 => Function::Minimum,
            _ => Function::DuringError,
        },
        storage,
        tariff,
        subunit,
        information: information(rest)?,
        value: Value::Nothing,
    })
}

fn next_extension(level: u32, rest: &mut Bytes) -> Result<u8, DecodeError> {
    if usize::try_from(level).is_ok_and(|level| level < EXTENSIONS_MAX) {
        return rest.u8();
    }
    Err(malformed("there are too many extensions"))
}

fn information(rest: &mut Bytes) -> Result<Information, DecodeError> {
    let vif = rest.u8()?;
    let (table, code) = match vif {
        0xFB => (Table::First, rest.u8()?),
        0xFD => (Table::Second, rest.u8()?),
        _ if vif & !EXTENDED == 0x7C => {
            // The name of the unit, which is not looked at, stands between the code and its extensions.
            let length = rest.u8()?.into();
            let _name = rest.take(length)?;
            (Table::PlainText, vif)
        }
        _ => (Table::Primary, vif),
    };
    let mut information = Information {
        table,
        code: code & !EXTENDED,
        exponent: 0,
        direction: None,
        phase: None,
        standard_content: false,
        unknown: false,
    };
    let mut more = code & EXTENDED != 0;
    let mut level = 0;
    while more {
        let vife = next_extension(level, rest)?;
        more = vife & EXTENDED != 0;
        if vife == 0xFC {
            let phase = next_extension(level, rest)?;
            more = phase & EXTENDED != 0;
            information.at_phase(phase & !EXTENDED);
        } else {
            information.change(vife & !EXTENDED);
        }
        level += 1;
    }
    Ok(information)
}

impl Information {
    /// The table of combinable codes (EN 13757-3, table 15).
    fn change(&mut self, code: u8) {
        match code {
            0x1D => self.standard_content = true,
            0x3B => self.direction = Some(Direction::Forward),
            0x3C => self.direction = Some(Direction::Backward),
            0x70..=0x77 => self.exponent += i16::from(code & 7) - 6,
            0x7D => self.exponent += 3,
            _ => self.unknown = true,
        }
    }

    /// The table that extends it (EN 13757-3, table 16).
    fn at_phase(&mut self, code: u8) {
        match code {
            0x01 => self.phase = Some("l1"),
            0x02 => self.phase = Some("l2"),
            0x03 => self.phase = Some("l3"),
            0x04 => self.phase = Some("n"),
            0x05 => self.phase = Some("l1-l2"),
            0x06 => self.phase = Some("l2-l3"),
            0x07 => self.phase = Some("l3-l1"),
            _ => self.unknown = true,
        }
    }
}
