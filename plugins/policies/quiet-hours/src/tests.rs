//! Times of the day, told by their distance from midnight UTC of some day.

use hushgate_sdk::{
    ConfigError,
    policy::{Policy, Request, Verdict},
};

use super::QuietHours;

/// 2026-11-23T00:00:00Z.
const MIDNIGHT_MS: u64 = 1_795_392_000_000;
const MINUTE_MS: u64 = 60_000;

const fn at(hours: u64, minutes: u64) -> u64 {
    MIDNIGHT_MS + (hours * 60 + minutes) * MINUTE_MS
}

fn evaluate(json: &str, now_ms: u64) -> Verdict {
    let request = Request {
        device: "strap".to_owned(),
        subjects: vec!["ada".to_owned()],
        purpose: "care".to_owned(),
        recipient: "clinic".to_owned(),
        now_ms,
        fields: Vec::new(),
    };
    QuietHours::configure(json).unwrap().evaluate(request).unwrap()
}

fn check(json: &str, now_ms: u64, held_until: Option<u64>) {
    let expected = held_until.map_or(Verdict::Release(Vec::new()), Verdict::HoldUntil);
    assert_eq!(
        evaluate(json, now_ms),
        expected,
        "{json} {:+} min",
        (now_ms - MIDNIGHT_MS) / MINUTE_MS
    );
}

#[test]
fn midnight_is_midnight() {
    assert_eq!(MIDNIGHT_MS % (24 * 60 * MINUTE_MS), 0);
}

#[test]
fn holds_over_midnight() {
    let night = r#"{"from":"22:00","to":"07:00"}"#;
    check(night, at(0, 0), Some(at(7, 0)));
    check(night, at(6, 59), Some(at(7, 0)));
    check(night, at(7, 0) - 1, Some(at(7, 0)));
    check(night, at(7, 0), None);
    check(night, at(12, 0), None);
    check(night, at(22, 0) - 1, None);
    check(night, at(22, 0), Some(at(31, 0)));
    check(night, at(23, 59), Some(at(31, 0)));
}

#[test]
fn holds_within_one_day() {
    let noon = r#"{"from":"12:00","to":"13:30","action":"hold"}"#;
    check(noon, at(11, 59), None);
    check(noon, at(12, 0) + 1, Some(at(13, 30)));
    check(noon, at(13, 30), None);
    check(noon, at(0, 0), None);
}

#[test]
fn ends_at_midnight_or_starts_there() {
    check(r#"{"from":"22:00","to":"00:00"}"#, at(23, 59), Some(at(24, 0)));
    check(r#"{"from":"22:00","to":"00:00"}"#, at(0, 0), None);
    check(r#"{"from":"00:00","to":"06:00"}"#, at(0, 0), Some(at(6, 0)));
    check(r#"{"from":"00:00","to":"06:00"}"#, at(23, 59), None);
}

#[test]
fn is_never_quiet_when_it_ends_where_it_starts() {
    for now_ms in [at(21, 59), at(22, 0), at(22, 0) + 1, at(3, 0)] {
        check(r#"{"from":"22:00","to":"22:00"}"#, now_ms, None);
    }
}

#[test]
fn counts_in_local_time() {
    let berlin = r#"{"from":"22:00","to":"07:00","utc-offset-minutes":60}"#;
    check(berlin, at(20, 59), None);
    check(berlin, at(21, 0), Some(at(30, 0)));
    check(berlin, at(6, 0), None);
    let newfoundland = r#"{"from":"22:00","to":"07:00","utc-offset-minutes":-210}"#;
    check(newfoundland, at(1, 29), None);
    check(newfoundland, at(1, 30), Some(at(10, 30)));
}

#[test]
fn withholds_when_told_to() {
    let json = r#"{"from":"22:00","to":"07:00","action":"withhold"}"#;
    assert_eq!(evaluate(json, at(23, 0)), Verdict::Withhold("quiet hours".to_owned()));
    assert_eq!(evaluate(json, at(8, 0)), Verdict::Release(Vec::new()));
}

#[test]
fn survives_the_ends_of_time() {
    let always = r#"{"from":"07:13","to":"07:12","utc-offset-minutes":-1440}"#;
    assert_eq!(evaluate(always, u64::MAX), Verdict::HoldUntil(u64::MAX));
    assert!(matches!(evaluate(always, 0), Verdict::HoldUntil(_)));
}

#[test]
fn refuses_settings_that_cannot_work() {
    let cases = [
        ("{}", "from"),
        (r#"{"from":"22:00"}"#, "to"),
        (r#"{"from":"24:00","to":"07:00"}"#, "from"),
        (r#"{"from":"22:00","to":"07:60"}"#, "to"),
        (r#"{"from":"22:00","to":"7:00"}"#, "to"),
        (r#"{"from":"2200","to":"07:00"}"#, "from"),
        (r#"{"from":"22:0x","to":"07:00"}"#, "from"),
        (r#"{"from":"22:00","to":"07:00","utc-offset-minutes":1441}"#, "utc-offset-minutes"),
        (
            r#"{"from":"22:00","to":"07:00","utc-offset-minutes":-9223372036854775808}"#,
            "utc-offset-minutes",
        ),
        (r#"{"from":"22:00","to":"07:00","action":"drop"}"#, "action"),
        (r#"{"from":"22:00","to":"07:00","until":"07:00"}"#, "until"),
    ];
    for (json, setting) in cases {
        let named = match QuietHours::configure(json) {
            Err(ConfigError::Missing(named) | ConfigError::Invalid((named, _))) => named,
            Ok(_) => panic!("accepted: {json}"),
        };
        assert_eq!(named, setting, "{json}");
    }
}
