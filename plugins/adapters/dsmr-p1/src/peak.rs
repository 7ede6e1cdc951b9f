//! The highest quarter hours of a month, which Belgian meters keep for the capacity tariff (e-MUCS P1).

use hushgate_sdk::{Field, Reading, adapter::DecodeError};

use crate::{malformed, object, reading, stamp::Clock, telegram::Line};

const POWER: &[(&str, &str)] = &[("kW", "kW"), ("W", "W")];

/// `(TIME)(VALUE)`: the highest of this month so far.
pub(crate) fn of_this_month(line: &Line, clock: Clock) -> Result<Option<Reading>, DecodeError> {
    match line.groups[..] {
        [time, value] => peak("power-peak", [time, value], clock),
        _ => Err(malformed("a peak is not a time and a value")),
    }
}

/// `(COUNT)(CODE)(CODE)`, then for each month `(ITS END)(TIME)(VALUE)`.
pub(crate) fn of_months(line: &Line, clock: Clock) -> Result<Vec<Reading>, DecodeError> {
    let broken = || malformed("the peaks of months are broken");
    let Some((count, groups)) = line.groups.split_first() else { return Err(broken()) };
    if count.is_empty() && groups.is_empty() {
        return Ok(Vec::new());
    }
    let count: usize = count.parse().map_err(|_| broken())?;
    let months = match groups {
        [_, _, months @ ..] => months.as_chunks::<3>(),
        // Before the first month is over.
        _ if count == 0 => (&[][..], &[][..]),
        _ => return Err(broken()),
    };
    match months {
        (months, []) if months.len() == count => months
            .iter()
            .filter_map(|[_, time, value]| {
                peak("power-peak-history", [time, value], clock).transpose()
            })
            .collect(),
        _ => Err(broken()),
    }
}

fn peak(
    path: &str,
    [time, value]: [&str; 2],
    clock: Clock,
) -> Result<Option<Reading>, DecodeError> {
    let (at, value) = (clock.stamp(time)?, object::amount(value, POWER)?);
    Ok(at.zip(value).map(|(at, (value, unit))| {
        reading(Some(at), "power-peak", vec![Field::with_unit(path, value, unit)])
    }))
}
