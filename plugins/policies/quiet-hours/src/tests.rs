//! Times of the day, told by their distance from midnight UTC of some day.

use hushgate_sdk::{
    ConfigError,
    policy::{Policy, Request, Verdict},
};

use super::QuietHours;

mod clocks;
mod zones;

/// 2026-11-23T00:00:00Z.
const MIDNIGHT_MS: u64 = 1_795_392_000_000;
const MINUTE_MS: u64 = 60_000;

const fn at(hours: u64, minutes: u64) -> u64 {
    MIDNIGHT_MS + (hours * 60 + minutes) * MINUTE_MS
}

fn request() -> Request {
    Request {
        device: "strap".to_owned(),
        subjects: vec!["ada".to_owned()],
        purpose: "care".to_owned(),
        recipient: "clinic".to_owned(),
        now_ms: 0,
        fields: Vec::new(),
    }
}

fn evaluate(json: &str, now_ms: u64) -> Verdict {
    let request = Request { now_ms, ..request() };
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
    let policy = |json| QuietHours::configure(json).unwrap();
    for json in [
        r#"{"from":"07:13","to":"07:12","utc-offset-minutes":-1440}"#,
        r#"{"from":"07:13","to":"07:12","time-zone":"Pacific/Auckland"}"#,
    ] {
        assert!(matches!(evaluate(json, 0), Verdict::HoldUntil(_)), "{json}");
        for beyond in [253_339_228_800_000, u64::MAX] {
            let request = Request { now_ms: beyond, ..request() };
            assert!(policy(json).evaluate(request).is_err(), "an error withholds");
        }
        assert!(matches!(evaluate(json, 253_339_228_799_999), Verdict::HoldUntil(_)), "{json}");
    }
}

#[test]
fn days_are_those_on_which_it_begins() {
    // 2026-11-23 is a Monday.
    let weekend = r#"{"from":"22:00","to":"07:00","days":["mon","sat"]}"#;
    check(weekend, at(6, 59), None);
    check(weekend, at(22, 0), Some(at(31, 0)));
    check(weekend, at(30, 59), Some(at(31, 0)));
    check(weekend, at(46, 0), None);
    check(weekend, at(5 * 24 + 23, 0), Some(at(6 * 24 + 7, 0)));
    check(weekend, at(6 * 24 + 23, 0), None);
}

#[test]
fn periods_that_follow_each_other_are_held_to_the_end_of_the_last() {
    let json = r#"{"from":"22:00","to":"06:00","periods":[
        {"from":"05:00","to":"07:00","days":["tue"]},
        {"from":"07:00","to":"09:00","days":["tue"]},
        {"from":"00:00","to":"24:00","days":["sat","sun"]}]}"#;
    check(json, at(23, 0), Some(at(33, 0)));
    check(json, at(47, 0), Some(at(54, 0)));
    // From Friday night over the weekend to Monday morning.
    check(json, at(4 * 24 + 22, 0), Some(at(7 * 24 + 6, 0)));
    check(json, at(4 * 24 + 21, 59), None);
}

#[test]
fn withholds_where_it_is_never_over() {
    let json = r#"{"periods":[{"from":"00:00","to":"24:00"}]}"#;
    assert_eq!(evaluate(json, at(3, 0)), Verdict::Withhold("quiet hours".to_owned()));
}

#[test]
fn whatever_is_asked_the_answer_only_tightens() {
    let mut random = 1_u64;
    for json in [
        r#"{"from":"22:00","to":"07:00","time-zone":"Europe/Berlin"}"#,
        r#"{"from":"22:00","to":"07:00","action":"withhold"}"#,
    ] {
        let policy = QuietHours::configure(json).unwrap();
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let now_ms = random >> (random % 60);
            match policy.evaluate(Request { now_ms, ..request() }) {
                Ok(Verdict::Release(obligations)) => assert_eq!(obligations, []),
                Ok(Verdict::HoldUntil(until)) => assert!(until > now_ms),
                Ok(Verdict::Withhold(_)) | Err(_) => {}
                Ok(Verdict::NeedConsent(text)) => panic!("{text}"),
            }
        }
    }
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
        (r#"{"from":"22:00","to":"24:01"}"#, "to"),
        (r#"{"from":"22:00","to":"07:00","days":[]}"#, "days"),
        (r#"{"from":"22:00","to":"07:00","days":["monday"]}"#, "days"),
        (r#"{"days":["mon"],"periods":[{"from":"22:00","to":"07:00"}]}"#, "from"),
        (r#"{"periods":[]}"#, "from"),
        (r#"{"periods":[{"from":"22:00"}]}"#, "periods"),
        (r#"{"periods":[{"from":"24:00","to":"07:00"}]}"#, "periods"),
        (r#"{"from":"22:00","to":"07:00","time-zone":"Europe/Atlantis"}"#, "time-zone"),
        (r#"{"from":"22:00","to":"07:00","time-zone":""}"#, "time-zone"),
        (r#"{"from":"22:00","to":"07:00","time-zone":"@29892960=120"}"#, "time-zone"),
        (
            r#"{"from":"22:00","to":"07:00","time-zone":"UTC","utc-offset-minutes":0}"#,
            "utc-offset-minutes",
        ),
    ];
    for (json, setting) in cases {
        let named = match QuietHours::configure(json) {
            Err(ConfigError::Missing(named) | ConfigError::Invalid((named, _))) => named,
            Ok(_) => panic!("accepted: {json}"),
        };
        assert_eq!(named, setting, "{json}");
    }
}
