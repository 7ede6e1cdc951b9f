//! Moments put to openings, and openings counted.

use hushgate_sdk::{
    ConfigError,
    policy::{Policy, Request, Verdict},
};

use super::Rate;

/// 2026-11-23T00:00:00Z.
const MIDNIGHT_S: u64 = 1_795_392_000;

fn request(now_ms: u64) -> Request {
    Request {
        device: "strap".to_owned(),
        subjects: vec!["ada".to_owned()],
        purpose: "care".to_owned(),
        recipient: "clinic".to_owned(),
        now_ms,
        fields: Vec::new(),
    }
}

fn evaluate(json: &str, now_ms: u64) -> Verdict {
    Rate::configure(json).unwrap().evaluate(request(now_ms)).unwrap()
}

fn released() -> Verdict {
    Verdict::Release(Vec::new())
}

#[track_caller]
fn check(json: &str, seconds: u64, expected: Option<u64>) {
    let expected = expected.map_or(released(), |it| Verdict::HoldUntil((MIDNIGHT_S + it) * 1000));
    assert_eq!(evaluate(json, (MIDNIGHT_S + seconds) * 1000), expected, "{json} {seconds}");
}

#[test]
fn opens_at_the_beginning_of_each_period() {
    let json = r#"{"period-s":3600,"open-s":60,"action":"hold"}"#;
    check(json, 0, None);
    check(json, 59, None);
    check(json, 60, Some(3600));
    check(json, 3599, Some(3600));
    check(json, 3600, None);
    let milliseconds = MIDNIGHT_S * 1000;
    assert_eq!(evaluate(json, milliseconds + 59_999), released());
    assert_ne!(evaluate(json, milliseconds + 60_000), released());
}

#[test]
fn periods_are_moved_by_the_offset() {
    let json = r#"{"period-s":86400,"open-s":600,"offset-s":28800,"action":"hold"}"#;
    check(json, 0, Some(28_800));
    check(json, 28_799, Some(28_800));
    check(json, 28_800, None);
    check(json, 29_399, None);
    check(json, 29_400, Some(86_400 + 28_800));
}

#[test]
fn withholds_unless_told_to_hold() {
    let json = r#"{"period-s":3600,"open-s":60}"#;
    let withheld = Verdict::Withhold("outside of the openings".to_owned());
    assert_eq!(evaluate(json, (MIDNIGHT_S + 60) * 1000), withheld);
    assert_eq!(evaluate(json, MIDNIGHT_S * 1000), released());
}

#[test]
fn a_day_has_only_so_many_openings() {
    let json = r#"{"period-s":3600,"open-s":60,"per-day-max":2,"offset-s":1800,"action":"hold"}"#;
    check(json, 1_800, None);
    check(json, 5_400, None);
    check(json, 9_000, Some(86_400 + 1_800));
    check(json, 9_001, Some(86_400 + 1_800));
    check(json, 5_460, Some(86_400 + 1_800));
    check(json, 86_400, Some(86_400 + 1_800));
}

#[test]
fn before_the_first_period_nothing_leaves() {
    let json = r#"{"period-s":86400,"open-s":600,"offset-s":28800,"action":"hold"}"#;
    assert_eq!(evaluate(json, 0), Verdict::HoldUntil(28_800_000));
    assert!(matches!(
        evaluate(r#"{"period-s":7,"open-s":3}"#, u64::MAX),
        Verdict::Withhold(_) | Verdict::Release(_)
    ));
}

/// Each second of some days, counted one by one.
#[test]
fn openings_are_those_that_one_counts() {
    for (period, open, offset, max) in [
        (3600, 60, 0, None),
        (7000, 700, 500, Some(5)),
        (50_000, 1, 86_000, Some(1)),
        (86_400, 86_400, 3, Some(1)),
        (1801, 1801, 0, Some(1)),
        (90_001, 17, 12_345, None),
    ] {
        let max_json = max.map_or(String::new(), |it| format!(r#","per-day-max":{it}"#));
        let json = format!(
            r#"{{"period-s":{period},"open-s":{open},"offset-s":{offset},"action":"hold"{max_json}}}"#
        );
        let policy = Rate::configure(&json).unwrap();
        let until = offset + 5 * 86_400;
        let mut open_at = vec![false; usize::try_from(until + 86_400 * 3).unwrap()];
        let mut day_before = u64::MAX;
        let mut in_day = 0;
        for start in (offset..until + 86_400 * 2).step_by(usize::try_from(period).unwrap()) {
            let day = (start - offset) / 86_400;
            in_day = if day == day_before { in_day + 1 } else { 0 };
            day_before = day;
            if max.is_none_or(|it| in_day < it) {
                (start..start + open).for_each(|it| open_at[usize::try_from(it).unwrap()] = true);
            }
        }
        let mut next = None;
        for second in (0..until + 86_400 * 2).rev() {
            if open_at[usize::try_from(second).unwrap()] {
                next = Some(second);
            }
            let Some(next) = next.filter(|_| second < until) else { continue };
            let expected =
                if next == second { released() } else { Verdict::HoldUntil(next * 1000) };
            let answer = policy.evaluate(request(second * 1000)).unwrap();
            assert_eq!(answer, expected, "{json} {second}");
        }
    }
}

/// With the grant's own slots, as the gateway counts them.
#[test]
fn with_the_slot_of_the_grant_a_field_leaves_once_in_a_period() {
    let (period, slot) = (1800, 300);
    let json = r#"{"period-s":1800,"open-s":300,"offset-s":600,"slot-s":300}"#;
    let policy = Rate::configure(json).unwrap();
    let mut last_slot = None;
    let mut in_period = std::collections::BTreeMap::new();
    for now in MIDNIGHT_S..MIDNIGHT_S + 86_400 {
        let open = policy.evaluate(request(now * 1000)).unwrap() == released();
        if open && last_slot != Some(now / slot) {
            last_slot = Some(now / slot);
            *in_period.entry((now - 600) / period).or_insert(0) += 1;
        }
    }
    assert!(in_period.values().all(|it| *it == 1));
    assert_eq!(in_period.len(), 48);
}

#[test]
fn whatever_is_asked_the_answer_only_tightens() {
    let mut random = 1_u64;
    for json in [
        r#"{"period-s":2419200,"open-s":1,"offset-s":2419199,"action":"hold"}"#,
        r#"{"period-s":7,"open-s":3,"per-day-max":18446744073709551615,"action":"hold"}"#,
        r#"{"period-s":3600,"open-s":3600}"#,
    ] {
        let policy = Rate::configure(json).unwrap();
        for _ in 0..50_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let now_ms = random >> (random % 60);
            match policy.evaluate(request(now_ms)).unwrap() {
                Verdict::Release(obligations) => assert_eq!(obligations, []),
                Verdict::HoldUntil(until) => assert!(until > now_ms || until == u64::MAX),
                Verdict::Withhold(_) => {}
                Verdict::NeedConsent(text) => panic!("{text}"),
            }
        }
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    for (json, setting) in [
        ("{}", "period-s"),
        (r#"{"period-s":3600}"#, "open-s"),
        (r#"{"period-s":0,"open-s":1}"#, "period-s"),
        (r#"{"period-s":2419201,"open-s":1}"#, "period-s"),
        (r#"{"period-s":-1,"open-s":1}"#, "period-s"),
        (r#"{"period-s":3600,"open-s":0}"#, "open-s"),
        (r#"{"period-s":3600,"open-s":3601}"#, "open-s"),
        (r#"{"period-s":3600,"open-s":60,"offset-s":2419200}"#, "offset-s"),
        (r#"{"period-s":3600,"open-s":60,"per-day-max":0}"#, "per-day-max"),
        (r#"{"period-s":90000,"open-s":60,"per-day-max":1}"#, "per-day-max"),
        (r#"{"period-s":3600,"open-s":60,"slot-s":0}"#, "slot-s"),
        (r#"{"period-s":3600,"open-s":60,"slot-s":7}"#, "slot-s"),
        (r#"{"period-s":3600,"open-s":60,"offset-s":30,"slot-s":60}"#, "slot-s"),
        (r#"{"period-s":3600,"open-s":61,"slot-s":60}"#, "slot-s"),
        (r#"{"period-s":3600,"open-s":60,"action":"drop"}"#, "action"),
        (r#"{"period-s":3600,"open-s":60,"period":1}"#, "period"),
    ] {
        let named = match Rate::configure(json) {
            Err(ConfigError::Missing(named) | ConfigError::Invalid((named, _))) => named,
            Ok(_) => panic!("accepted: {json}"),
        };
        assert_eq!(named, setting, "{json}");
    }
}
