//! Says values, units and times the way people do, as text that is safe inside HTML.

use jiff::Timestamp;

/// A field's path as a title: `heart-rate` is "Heart rate". Short names and those with capitals stay as they are.
pub(super) fn label(path: &str) -> String {
    let words = path
        .split(['.', '_', '-', '/'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    let first = words.split(' ').next().unwrap_or_default();
    if first.len() < 4 || !first.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return if words.is_empty() { path.to_owned() } else { words };
    }
    let (initial, rest) = words.split_at(1);
    initial.to_ascii_uppercase() + rest
}

/// A UCUM unit as people write it; one that is not known here stays UCUM. Nothing for a plain number.
pub(super) fn unit(ucum: Option<&str>, path: &str) -> String {
    let ucum = ucum.unwrap_or_default();
    let beats = ["heart", "pulse", "beat", "bpm"]
        .iter()
        .any(|word| path.to_ascii_lowercase().contains(word));
    let known = match ucum {
        "" | "1" => "",
        "/min" | "1/min" | "{beats}/min" | "{beat}/min" | "{Beats}/min" if beats => "bpm",
        "/min" | "1/min" => "per minute",
        "{beats}/min" | "{beat}/min" | "{Beats}/min" => "bpm",
        "{breaths}/min" => "breaths per minute",
        "/h" | "1/h" => "per hour",
        "/d" | "1/d" => "per day",
        "/s" | "1/s" => "per second",
        "mm[Hg]" => "mmHg",
        "Cel" => "°C",
        "[degF]" => "°F",
        "deg" => "°",
        "[lb_av]" => "lb",
        "[ppm]" => "ppm",
        "[ppb]" => "ppb",
        "m/s2" => "m/s²",
        "m2" => "m²",
        "m3" => "m³",
        "kg/m2" => "kg/m²",
        "ug/m3" => "µg/m³",
        "mg/m3" => "mg/m³",
        "ug" => "µg",
        "um" => "µm",
        "us" => "µs",
        "uV" => "µV",
        "Ohm" => "Ω",
        "kW.h" => "kWh",
        "W.h" => "Wh",
        "d" => "days",
        "a" => "years",
        _ => return annotation(ucum).unwrap_or(ucum).to_owned(),
    };
    known.to_owned()
}

/// A unit that is only an annotation says what is counted: `{steps}`.
fn annotation(ucum: &str) -> Option<&str> {
    let inner = ucum.strip_prefix('{')?.strip_suffix('}')?;
    if inner.contains(['{', '}']) { None } else { Some(inner) }
}

/// A number with as many digits as help: at most two decimals, none from a million on, and powers of ten when it is
/// very large or small.
pub(super) fn number(number: f64) -> String {
    decimal(number, if number.abs() < 1e6 { 2 } else { 0 })
}

/// A number with at most `decimals` decimals, and none that are zero.
pub(super) fn decimal(number: f64, decimals: usize) -> String {
    let size = number.abs();
    let too_small =
        size > 0.0 && size < 0.5 * 0.1_f64.powi(i32::try_from(decimals).unwrap_or(i32::MAX));
    if size >= 1e9 || too_small {
        return format!("{number:.2e}").replacen(".00e", "e", 1).replace('-', "−");
    }
    let fixed = format!("{number:.decimals$}");
    let short = if fixed.contains('.') {
        fixed.trim_end_matches('0').trim_end_matches('.')
    } else {
        &fixed
    };
    if short == "-0" { "0".to_owned() } else { short.replacen('-', "−", 1) }
}

/// How long ago `at_ms` was at `now_ms`, in words.
pub(super) fn age(at_ms: i64, now_ms: i64) -> String {
    let seconds = now_ms.saturating_sub(at_ms) / 1000;
    match seconds {
        ..5 => "just now".to_owned(),
        5..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// A moment as UTC, such as `2026-11-23 05:27:44 UTC`.
pub(super) fn utc(at_ms: i64) -> String {
    match Timestamp::from_millisecond(at_ms) {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => "an unknown time".to_owned(),
    }
}

/// An element that says how long ago `at_ms` was, and for those who ask, when.
pub(super) fn time(at_ms: i64, now_ms: i64) -> String {
    match Timestamp::from_millisecond(at_ms) {
        Ok(at) => {
            format!(
                r#"<time datetime="{at:.0}" title="{}">{}</time>"#,
                utc(at_ms),
                age(at_ms, now_ms)
            )
        }
        Err(_) => "at an unknown time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_title() {
        for (path, title) in [
            ("heart-rate", "Heart rate"),
            ("blood-pressure.systolic", "Blood pressure systolic"),
            ("body_temperature", "Body temperature"),
            ("bpm", "bpm"),
            ("mmHg", "mmHg"),
            ("spo2", "spo2"),
            ("длина.шага", "длина шага"),
            ("...", "..."),
        ] {
            assert_eq!(label(path), title);
        }
    }

    #[test]
    fn a_unit_is_the_one_people_write() {
        for (ucum, path, written) in [
            (Some("/min"), "heart-rate", "bpm"),
            (Some("/min"), "Beats", "bpm"),
            (Some("/min"), "respiration", "per minute"),
            (Some("mm[Hg]"), "systolic", "mmHg"),
            (Some("Cel"), "temperature", "°C"),
            (Some("{steps}"), "walk", "steps"),
            (Some("mmol/L"), "glucose", "mmol/L"),
            (Some("1"), "ratio", ""),
            (None, "ratio", ""),
            (Some("{a}/{b}"), "x", "{a}/{b}"),
        ] {
            assert_eq!(unit(ucum, path), written, "{ucum:?} of {path}");
        }
    }

    #[test]
    fn a_number_has_the_digits_that_help() {
        for (value, text) in [
            (70.0, "70"),
            (36.6, "36.6"),
            (22.519, "22.52"),
            (100.0, "100"),
            (-0.0, "0"),
            (-3.5, "−3.5"),
            (0.001, "1e−3"),
            (0.004_56, "4.56e−3"),
            (1_234_567.5, "1234568"),
            (-2e12, "−2e12"),
        ] {
            assert_eq!(number(value), text, "{value}");
        }
    }

    #[test]
    fn an_age_is_told_in_words() {
        let ages = [-9, 0, 4, 5, 59, 60, 3_599, 3_600, 172_799, 172_800]
            .map(|seconds| age(0, seconds * 1000));
        let told = [
            "just now",
            "just now",
            "just now",
            "5 s ago",
            "59 s ago",
            "1 min ago",
            "59 min ago",
            "1 h ago",
        ];
        assert_eq!(ages[..8], told);
        assert_eq!(ages[8..], ["47 h ago", "2 days ago"]);
    }

    #[test]
    fn a_moment_can_be_looked_up() {
        assert_eq!(
            time(1_795_411_664_000, 1_795_411_784_000),
            r#"<time datetime="2026-11-23T05:27:44Z" title="2026-11-23 05:27:44 UTC">2 min ago</time>"#
        );
        assert_eq!(time(i64::MIN, 0), "at an unknown time");
    }
}
