//! What records become: one reading for now, and one for each moment that the meter remembers.

use hushgate_sdk::{Field, Reading, Scalar, adapter::DecodeError, time::Civil};

use crate::{
    quantity::{self, Kind, Quantity},
    record::{Direction, Function, Record},
    transport::Message,
    unsupported,
    value::Moment,
};

/// What the contract allows.
const READINGS_MAX: usize = 64;
const FIELDS_MAX: usize = 256;
const PATH_BYTES_MAX: usize = 64;

const ALARM: u8 = 3;
const APPLICATION_ERROR: u8 = 2;
const POWER_LOW: u8 = 1 << 2;
const PERMANENT_ERROR: u8 = 1 << 3;
const TEMPORARY_ERROR: u8 = 1 << 4;

/// Collects fields by the number of their storage.
pub(crate) struct Readings {
    device: u8,
    utc_offset_minutes: Option<i64>,
    storages: Vec<Storage>,
}

struct Storage {
    number: u64,
    at_ms: Option<u64>,
    fields: Vec<Field>,
}

impl Readings {
    pub(crate) fn new(message: &Message, utc_offset_minutes: Option<i64>) -> Self {
        let mut fields = Vec::new();
        if let Some(counter) = message.counter {
            fields.push(Field::without_unit("sequence", Scalar::Int(counter.into())));
        }
        if let Some(status) = message.status {
            fields.extend(states(status));
        }
        let now = Storage { number: 0, at_ms: None, fields };
        Self { device: message.device, utc_offset_minutes, storages: vec![now] }
    }

    pub(crate) fn take(&mut self, record: &Record) -> Result<(), DecodeError> {
        let Some((quantity, exponent)) = Quantity::of(&record.information) else { return Ok(()) };
        let value = match quantity.kind {
            Kind::Measured => record.value.real(exponent),
            Kind::Counted => record.value.count(exponent),
            Kind::Flags => record.value.flags(),
            Kind::Moment => return self.take_moment(record),
        };
        let Some(value) = value else { return Ok(()) };
        let path = path(record, base(quantity.path, self.device));
        let unit = (!quantity.unit.is_empty()).then(|| quantity.unit.to_owned());
        self.add(record.storage, Field { path, value, unit })
    }

    /// A moment without further meaning is when the values of its storage were true.
    fn take_moment(&mut self, record: &Record) -> Result<(), DecodeError> {
        let plain =
            record.function == Function::Instantaneous && record.tariff == 0 && record.subunit == 0;
        let Some(moment) = record.value.moment().filter(|_| plain) else { return Ok(()) };
        let (text, ms) = match (moment, self.utc_offset_minutes) {
            // A day is no moment.
            (Moment::Date(civil), None) => (Some(day(civil)), None),
            (Moment::Date(civil), Some(_)) if record.storage == 0 => (Some(day(civil)), None),
            (Moment::Date(civil), Some(offset)) => (Some(day(civil)), civil.ms(offset)),
            (Moment::Time(civil, _), None) => (Some(civil.iso()), None),
            (Moment::Time(civil, summer), Some(offset)) => {
                (None, civil.ms(if summer { offset + 60 } else { offset }))
            }
        };
        let storage = self.storage(record.storage)?;
        storage.at_ms = storage.at_ms.or(ms);
        match text {
            Some(text) => {
                let path = path(record, quantity::TIME.to_owned());
                self.add(record.storage, Field::without_unit(&path, Scalar::Text(text)))
            }
            None => Ok(()),
        }
    }

    /// What the meter says twice counts the first time.
    fn add(&mut self, storage: u64, field: Field) -> Result<(), DecodeError> {
        let fields = &mut self.storage(storage)?.fields;
        let is_known = fields.iter().any(|known| known.path == field.path);
        if !is_known && fields.len() < FIELDS_MAX && field.path.len() <= PATH_BYTES_MAX {
            fields.push(field);
        }
        Ok(())
    }

    fn storage(&mut self, number: u64) -> Result<&mut Storage, DecodeError> {
        let too_many = || unsupported("it remembers more moments than there may be readings");
        let index = match self.storages.iter().position(|storage| storage.number == number) {
            Some(index) => index,
            None if self.storages.len() == READINGS_MAX => return Err(too_many()),
            None => {
                self.storages.push(Storage { number, at_ms: None, fields: Vec::new() });
                self.storages.len() - 1
            }
        };
        self.storages.get_mut(index).ok_or_else(too_many)
    }

    pub(crate) fn finish(self) -> Vec<Reading> {
        let kind = kind(self.device);
        self.storages
            .into_iter()
            .filter(|storage| storage.number == 0 || !storage.fields.is_empty())
            .map(|Storage { number, at_ms, fields }| match number {
                0 => Reading::at(at_ms, kind, fields),
                _ => Reading::at(at_ms, &[kind, "-history"].concat(), fields),
            })
            .collect()
    }
}

/// The status of the transport layer (EN 13757-7, clause 7.4); its upper bits are the manufacturer's own.
fn states(status: u8) -> [Field; 3] {
    let application = status & 3;
    let fault =
        status & (PERMANENT_ERROR | TEMPORARY_ERROR) != 0 || application == APPLICATION_ERROR;
    [("battery-low", status & POWER_LOW != 0), ("fault", fault), ("alarm", application == ALARM)]
        .map(|(path, flag)| Field::without_unit(path, Scalar::Flag(flag)))
}

/// By the type of the device (EN 13757-7, table 13).
const fn kind(device: u8) -> &'static str {
    match device {
        0x02 => "electricity",
        0x03 => "gas",
        0x04 | 0x0C | 0x0D => "heat",
        0x06 | 0x07 | 0x15..=0x17 => "water",
        0x08 => "heat-cost",
        0x0A | 0x0B => "cooling",
        0x1A => "smoke",
        0x1B => "room",
        _ => "meter",
    }
}

fn base(path: &str, device: u8) -> String {
    match (path, device) {
        (quantity::ENERGY, 0x04 | 0x0C | 0x0D) => "heat-energy",
        (quantity::ENERGY, 0x0A | 0x0B) => "cooling-energy",
        (quantity::VOLUME, 0x03) => "gas-volume",
        (quantity::VOLUME, 0x06 | 0x07 | 0x15..=0x17) => "water-volume",
        _ => path,
    }
    .to_owned()
}

/// What is special of a value, behind the name of what it measures.
fn path(record: &Record, mut path: String) -> String {
    let electric = path.starts_with("energy") || path.starts_with("power");
    match record.information.direction {
        None => {}
        Some(Direction::Backward) if electric => path.push_str("-exported"),
        Some(Direction::Backward) => path.push_str("-backward"),
        Some(Direction::Forward) => path.push_str("-forward"),
    }
    if let Some(phase) = record.information.phase {
        path.push('-');
        path.push_str(phase);
    }
    path.push_str(match record.function {
        Function::Instantaneous => "",
        Function::Maximum => "-max",
        Function::Minimum => "-min",
        Function::DuringError => "-error",
    });
    for (word, number) in [
        ("-unit-", record.subunit.into()),
        (".tariff-", record.tariff.into()),
        ("-history-", record.storage),
    ] {
        if number != 0 {
            path.push_str(word);
            path.push_str(&number.to_string());
        }
    }
    path
}

/// Bytes of `2026-11-27`.
const DAY_BYTES: usize = 10;

fn day(civil: Civil) -> String {
    let mut day = civil.iso();
    day.truncate(DAY_BYTES);
    day
}
