//! Times that devices write, in milliseconds since 1970-01-01T00:00:00Z.
//!
//! # Promises
//!
//! - A date that no calendar has is no time at all.

const DAY_MS: i64 = 86_400_000;

/// A date and time of day without a zone, as a clock on a wall shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// 1583 to 9999: from the first whole year of the Gregorian calendar.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59; no format that is read with this has leap seconds.
    pub second: i64,
}

impl Civil {
    /// Milliseconds since 1970 where clocks are `offset_minutes` ahead of UTC (within a day), or `None` where
    /// there is no such time, or it was before 1970.
    #[must_use]
    pub fn ms(self, offset_minutes: i64) -> Option<u64> {
        let Self { year, month, day, hour, minute, second } = self;
        let fits = (1583..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second)
            && (-1440..=1440).contains(&offset_minutes);
        let seconds = (hour * 60 + minute - offset_minutes) * 60 + second;
        fits.then(|| {
            u64::try_from(days_since_1970(year, month, day) * DAY_MS + seconds * 1000).ok()
        })?
    }

    /// As ISO 8601 writes it, without a zone: `2026-11-27T06:25:00`.
    #[must_use]
    pub fn iso(self) -> String {
        let Self { year, month, day, hour, minute, second } = self;
        let mut text = String::with_capacity(ISO_BYTES);
        for (number, power, after) in [
            (year, 1000, "-"),
            (month, 10, "-"),
            (day, 10, "T"),
            (hour, 10, ":"),
            (minute, 10, ":"),
            (second, 10, ""),
        ] {
            push_digits(&mut text, number, power);
            text.push_str(after);
        }
        text
    }
}

/// Bytes of `2026-11-27T06:25:00`.
const ISO_BYTES: usize = 19;

/// The digits from the one that `power` counts to the ones.
fn push_digits(text: &mut String, number: i64, mut power: i64) {
    while power > 0 {
        let digit = u8::try_from(number / power % 10).unwrap_or_default();
        text.push(char::from(b'0' + digit));
        power /= 10;
    }
}

/// Reads a time with its zone (RFC 3339, section 5.6): `2026-11-27T06:25:00.25+01:00`. Of the fraction, three
/// digits count. A leap second counts as the second before it.
#[must_use]
pub fn rfc3339_ms(text: &str) -> Option<u64> {
    let (civil, rest) = text.as_bytes().split_at_checked(19)?;
    let (date, time) = civil.split_at_checked(11)?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b't' | b' '] = date else {
        return None;
    };
    let [h1, h2, b':', i1, i2, b':', s1, s2] = time else { return None };
    let civil = Civil {
        year: number(&[*y1, *y2, *y3, *y4])?,
        month: number(&[*m1, *m2])?,
        day: number(&[*d1, *d2])?,
        hour: number(&[*h1, *h2])?,
        minute: number(&[*i1, *i2])?,
        second: match number(&[*s1, *s2])? {
            60 => 59,
            second => second,
        },
    };
    let digits = match rest {
        [b'.', after @ ..] => after.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let (fraction, zone) = match digits {
        0 => (&[][..], rest),
        _ => rest.get(1..)?.split_at_checked(digits)?,
    };
    let ms = (0..3)
        .fold(0, |ms, at| ms * 10 + fraction.get(at).map_or(0, |digit| u64::from(digit - b'0')));
    civil.ms(offset_minutes(zone)?)?.checked_add(ms)
}

fn offset_minutes(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" | b"z" => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[*h1, *h2])?, number(&[*m1, *m2])?);
            let minutes = (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)?;
            Some(if *sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'))
    })
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The year begins in March here, so that the leap day is its last (Hinnant, chrono-compatible date algorithms).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(rfc3339_ms(text), expected, "{text}");
    }

    #[test]
    fn reads_times_with_a_zone() {
        check("1970-01-01T00:00:00Z", Some(0));
        check("2000-02-29T12:34:56.789123Z", Some(951_827_696_789));
        check("2026-11-27T06:25:00.5+01:00", Some(1_795_757_100_500));
        check("1990-12-31T15:59:60-08:00", Some(662_687_999_000));
        check("1970-01-01 01:00:00+01:00", Some(0));
    }

    #[test]
    fn what_no_calendar_or_clock_has_is_no_time() {
        for wrong in [
            "",
            "2026-11-27",
            "2026-11-27T06:25:00",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-32T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+1:00",
            "2026-01-01T00:00:00+24:00",
            "1969-12-31T23:59:59Z",
            "2026-01-01T00:00:00Zx",
            "+026-01-01T00:00:00Z",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn days_follow_each_other() {
        let months = (1583..2500).flat_map(|year| (1..=12).map(move |month| (year, month)));
        let days = months.flat_map(|(year, month)| {
            (1..=days_in(year, month)).map(move |day| days_since_1970(year, month, day))
        });
        let first = days_since_1970(1583, 1, 1);
        assert!(days.zip(first..).all(|(day, expected)| day == expected));
        assert_eq!(days_since_1970(1970, 1, 1), 0);
    }

    #[test]
    fn iso_notation_has_all_digits() {
        let civil = Civil { year: 2026, month: 1, day: 2, hour: 3, minute: 4, second: 5 };
        assert_eq!(civil.iso(), "2026-01-02T03:04:05");
        assert_eq!(civil.ms(60), rfc3339_ms("2026-01-02T03:04:05+01:00"));
    }
}
