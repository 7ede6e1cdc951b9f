//! The highest quarter hours of a month, which Belgian meters keep for the capacity tariff (e-MUCS P1).

use hushgate_sdk::{Field, Reading, adapter::DecodeError};

use crate::{malformed, object, reading, stamp::Clock, telegram::Line};

const POWER: &[(&str, &str)] = &[("kW", "kW"), ("W", "W")];

/// What a list of peaks says of its entries.
const CODE: &str = "1-0:1.6.0";

/// `(TIME)(VALUE)`: the highest of this month so far. Elsewhere the value comes first, and is of another period.
pub(crate) fn of_this_month(line: &Line, clock: Clock) -> Result<Option<Reading>, DecodeError> {
    match line.groups[..] {
        [value, ..] if value.contains('*') => Ok(None),
        [time, value] => peak("power-peak", [time, value], clock),
        _ => Err(malformed("a peak is not a time and a value")),
    }
}

/// `(COUNT)(CODE)(CODE)`, then for each month `(ITS END)(TIME)(VALUE)`. Hungary has something else under this code.
pub(crate) fn of_months(line: &Line, clock: Clock) -> Result<Vec<Reading>, DecodeError> {
    let (count, months) = match line.groups[..] {
        ["0", ..] => return Ok(Vec::new()),
        [count, CODE, CODE, ref months @ ..] => (count.parse(), months.as_chunks::<3>()),
        _ => return Ok(Vec::new()),
    };
    match months {
        (months, []) if Ok(months.len()) == count => months
            .iter()
            .filter_map(|[_, time, value]| {
                peak("power-peak-history", [time, value], clock).transpose()
            })
            .collect(),
        _ => Err(malformed("the peaks of months are broken")),
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
