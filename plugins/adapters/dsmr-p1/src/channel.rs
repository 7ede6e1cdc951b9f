//! Meters of gas, water, heat and so on, whose values the electricity meter fetches by M-Bus and hands on.

use std::borrow::Cow;

use hushgate_sdk::{Field, Reading, adapter::DecodeError};

use crate::{
    malformed, object, reading,
    stamp::{Clock, Stamp},
    telegram::Line,
};

/// The most that the standards know is 4; the rest is ignored.
const CHANNELS_MAX: usize = 16;

const UNITS: &[(&str, &str)] = &[
    ("m3", "m3"),
    ("dm3", "L"),
    ("L", "L"),
    ("GJ", "GJ"),
    ("MJ", "MJ"),
    ("kWh", "kW.h"),
    ("Wh", "W.h"),
];

/// What was said of each of them, in the order of the telegram.
#[derive(Default)]
pub(crate) struct Channels<'a>(Vec<Channel<'a>>);

struct Channel<'a> {
    number: u8,
    /// By EN 13757-3: 3 is gas.
    device: Option<u8>,
    measured: Option<(Stamp, &'a str, Option<&'a str>)>,
}

impl<'a> Channels<'a> {
    pub(crate) fn take(&mut self, line: &Line<'a>, clock: Clock) -> Result<(), DecodeError> {
        let Some(channel) = self.channel(line.code.channel) else { return Ok(()) };
        match (line.code.value, &line.groups[..]) {
            ([24, 1, 0], [""]) => {}
            ([24, 1, 0], [device]) => {
                let device = device.parse().map_err(|_| malformed("a device type is broken"))?;
                channel.device = Some(device);
            }
            ([24, 2, 1 | 3], [time, value]) => {
                channel.measure(clock.stamp(time)?, value, None);
            }
            // DSMR 2 and 3: status, period and count, then what the value is and in which unit.
            ([24, 3, 0], [time, _, _, "1" | "01" | "", _, unit, value]) => {
                channel.measure(clock.stamp(time)?, value, Some(unit));
            }
            // Several values at once are of no meter that is known here.
            ([24, 3, 0], [_, _, _, count, ..]) if !matches!(*count, "1" | "01" | "") => {}
            ([24, 1 | 3, 0] | [24, 2, 1 | 3], _) => {
                return Err(malformed("a channel's values are broken"));
            }
            _ => {}
        }
        Ok(())
    }

    fn channel(&mut self, number: u8) -> Option<&mut Channel<'a>> {
        let known = self.0.iter().position(|channel| channel.number == number);
        let index = match known {
            Some(index) => index,
            None if self.0.len() == CHANNELS_MAX => return None,
            None => {
                self.0.push(Channel { number, device: None, measured: None });
                self.0.len() - 1
            }
        };
        self.0.get_mut(index)
    }

    /// Two channels that measure the same have the number of the later one in its path.
    pub(crate) fn readings(self) -> Result<Vec<Reading>, DecodeError> {
        let mut taken: Vec<&str> = Vec::new();
        let mut readings = Vec::new();
        for channel in &self.0 {
            let Some((at, (kind, path), value, unit)) = channel.known()? else { continue };
            let path = match path {
                // The electricity meter itself has the plain name.
                "energy" => Cow::Owned(format!("energy-{}", channel.number)),
                _ if taken.contains(&path) => Cow::Owned(format!("{path}-{}", channel.number)),
                _ => {
                    taken.push(path);
                    Cow::Borrowed(path)
                }
            };
            readings.push(reading(Some(at), kind, vec![Field::with_unit(&path, value, unit)]));
        }
        Ok(readings)
    }
}

/// When, of which kind and path, how much of what.
type Known = (Stamp, (&'static str, &'static str), hushgate_sdk::Scalar, &'static str);

impl<'a> Channel<'a> {
    /// The first value counts. One without a time was never fetched.
    fn measure(&mut self, at: Option<Stamp>, value: &'a str, unit: Option<&'a str>) {
        if let Some(at) = at
            && self.measured.is_none()
        {
            self.measured = Some((at, value, unit));
        }
    }

    fn known(&self) -> Result<Option<Known>, DecodeError> {
        let Some((at, value, unit)) = self.measured else { return Ok(None) };
        let amount = match unit {
            Some(_) if value.is_empty() => None,
            Some(unit) => object::amount_in(value, unit, UNITS)?,
            None => object::amount(value, UNITS)?,
        };
        Ok(amount.map(|(value, unit)| (at, name(self.device, unit), value, unit)))
    }
}

/// The kind and the path of what a device measures in a unit.
fn name(device: Option<u8>, unit: &str) -> (&'static str, &'static str) {
    match (device, unit) {
        (Some(2), _) => ("electricity", "energy"),
        (Some(3), "m3" | "L") => ("gas", "gas-volume"),
        (Some(6 | 7 | 21..=23), "m3" | "L") => ("water", "water-volume"),
        (_, "m3" | "L") => ("volume", "volume"),
        (Some(10 | 11), _) => ("cooling", "cooling-energy"),
        (Some(4 | 12 | 13), _) | (_, "GJ" | "MJ") => ("heat", "heat-energy"),
        _ => ("energy", "energy"),
    }
}
