//! Releases through the glass, whole and broken.

use hushgate_sdk::{
    ConfigError, Scalar,
    policy::{FieldView, Obligation, Policy, Request, Verdict},
};

use super::BreakGlass;

/// 2026-11-27T06:25:00Z.
const OPENED_MS: u64 = 1_795_760_700_000;
const NORMAL: &str =
    r#""normal":{"keep":["heart-rate","mass"],"coarsen":{"heart-rate":20,"other":5}}"#;
const TIGHT: &str = "keep heart-rate, coarsen heart-rate 20";
const BROKEN: &str = "delay 0";

fn field(path: &str, unit: &str, value: Option<Scalar>) -> FieldView {
    FieldView { path: path.to_owned(), unit: Some(unit.to_owned()), value }
}

fn request(now_ms: u64, fields: Vec<FieldView>) -> Request {
    Request {
        device: "strap".to_owned(),
        subjects: vec!["ada".to_owned()],
        purpose: "care".to_owned(),
        recipient: "clinic".to_owned(),
        now_ms,
        fields,
    }
}

fn words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Withhold(_) => "withhold".to_owned(),
        Verdict::Release(obligations) => {
            let word = |it: &Obligation| match it {
                Obligation::Keep(paths) => format!("keep {}", paths.join(" ")),
                Obligation::Coarsen((path, step)) => format!("coarsen {path} {step}"),
                Obligation::Delay(seconds) => format!("delay {seconds}"),
                other => panic!("{other:?}"),
            };
            obligations.iter().map(word).collect::<Vec<_>>().join(", ")
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check(more: &str, now_ms: u64, rate: Option<Scalar>, expected: &str) {
    let policy = BreakGlass::configure(&format!("{{{NORMAL}{more}}}")).unwrap();
    let fields =
        vec![field("heart-rate", "/min", rate), field("latitude", "deg", Some(Scalar::Real(52.5)))];
    let verdict = policy.evaluate(request(now_ms, fields)).unwrap();
    assert_eq!(words(&verdict), expected, "{more} {now_ms}");
}

#[test]
fn the_grant_is_held_tight_while_the_glass_is_whole() {
    check("", OPENED_MS, Some(Scalar::Int(200)), TIGHT);
    let policy = BreakGlass::configure(&format!("{{{NORMAL}}}")).unwrap();
    let other = policy.evaluate(request(0, vec![field("latitude", "deg", None)])).unwrap();
    assert_eq!(words(&other), "withhold");
}

#[test]
fn it_is_broken_for_so_many_minutes() {
    let more = r#","opened":"2026-11-27T07:25:00+01:00","minutes":30"#;
    let end_ms = OPENED_MS + 30 * 60_000;
    check(more, OPENED_MS - 1, None, TIGHT);
    check(more, OPENED_MS, None, BROKEN);
    check(more, end_ms - 1, None, BROKEN);
    check(more, end_ms, None, TIGHT);
    check(more, 0, None, TIGHT);
    check(more, u64::MAX, None, TIGHT);
}

#[test]
fn a_value_breaks_it_for_its_own_release_alone() {
    let more = r#","when":[{"path":"heart-rate","unit":"/min","above":150},{"path":"heart-rate","below":30}]"#;
    check(more, 0, Some(Scalar::Int(151)), BROKEN);
    check(more, 0, Some(Scalar::Int(150)), TIGHT);
    check(more, 0, Some(Scalar::Real(29.9)), BROKEN);
    check(more, 0, Some(Scalar::Real(30.0)), TIGHT);
    for nothing in [
        None,
        Some(Scalar::Real(f64::NAN)),
        Some(Scalar::Real(f64::INFINITY)),
        Some(Scalar::Text("200".to_owned())),
        Some(Scalar::Flag(true)),
    ] {
        check(more, 0, nothing, TIGHT);
    }
    let hertz = more.replace("\"/min\"", "\"Hz\"");
    check(&hertz, 0, Some(Scalar::Int(151)), TIGHT);
}

#[test]
fn a_range_a_flag_or_a_text_breaks_it() {
    let between = r#","when":[{"path":"heart-rate","above":10,"below":20}]"#;
    check(between, 0, Some(Scalar::Int(15)), BROKEN);
    check(between, 0, Some(Scalar::Int(25)), TIGHT);
    let flag = r#","when":[{"path":"heart-rate","flag":true}]"#;
    check(flag, 0, Some(Scalar::Flag(true)), BROKEN);
    check(flag, 0, Some(Scalar::Flag(false)), TIGHT);
    check(flag, 0, Some(Scalar::Int(1)), TIGHT);
    let text = r#","when":[{"path":"heart-rate","is":"fell"}]"#;
    check(text, 0, Some(Scalar::Text("fell".to_owned())), BROKEN);
    check(text, 0, Some(Scalar::Text("fell over".to_owned())), TIGHT);
}

#[test]
fn whatever_is_asked_the_answer_only_tightens() {
    let json = format!(
        r#"{{{NORMAL},"opened":"2026-11-27T06:25:00Z","minutes":1440,"when":[{{"path":"mass","above":9}}]}}"#
    );
    let policy = BreakGlass::configure(&json).unwrap();
    let values = [None, Some(Scalar::Int(10)), Some(Scalar::Real(f64::NAN)), Some(Scalar::Int(1))];
    let paths = ["heart-rate", "mass", "other", "latitude", ""];
    let mut random = 1_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(random >> 33).unwrap() % below
    };
    for _ in 0..20_000 {
        let fields: Vec<_> = (0..next(6))
            .map(|_| field(paths[next(paths.len())], "1", values[next(values.len())].clone()))
            .collect();
        let now_ms = OPENED_MS - 86_400_000 + u64::try_from(next(3 * 86_400)).unwrap() * 1000;
        let asked = |path: &String| fields.iter().any(|it| it.path == *path);
        match policy.evaluate(request(now_ms, fields.clone())).unwrap() {
            Verdict::Withhold(_) => {}
            Verdict::Release(obligations) => {
                assert!(!obligations.is_empty(), "never as wide as the grant without a word");
                obligations.iter().for_each(|it| match it {
                    Obligation::Keep(paths) => assert!(paths.iter().all(asked)),
                    Obligation::Coarsen((path, step)) => assert!(asked(path) && *step > 0.0),
                    Obligation::Delay(seconds) => assert_eq!(*seconds, 0),
                    other => panic!("{other:?}"),
                });
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    for (more, setting) in [
        (r#","opened":"2026-11-27T06:25:00Z""#, "minutes"),
        (r#","minutes":30"#, "opened"),
        (r#","opened":"2026-11-27T06:25:00Z","minutes":0"#, "minutes"),
        (r#","opened":"2026-11-27T06:25:00Z","minutes":1441"#, "minutes"),
        (r#","opened":"2026-11-27T06:25:00Z","minutes":-1"#, "minutes"),
        (r#","opened":"2026-11-27T06:25:00","minutes":30"#, "opened"),
        (r#","opened":"today","minutes":30"#, "opened"),
        (r#","when":[{"path":"a"}]"#, "when"),
        (r#","when":[{"path":"","above":1}]"#, "when"),
        (r#","when":[{"path":"a","above":1,"flag":true}]"#, "when"),
        (r#","when":[{"path":"a","above":"1"}]"#, "when"),
        (r#","when":[{"path":"a","is":"x","flag":true}]"#, "when"),
        (r#","when":[{"path":"a","is":true}]"#, "when"),
        (r#","when":[{"path":"a","over":1}]"#, "when"),
        (r#","until":1"#, "until"),
    ] {
        let json = format!("{{{NORMAL}{more}}}");
        assert_eq!(refused(&json), setting, "{json}");
    }
    for (json, setting) in [
        ("{}", "normal"),
        (r#"{"normal":{}}"#, "normal"),
        (r#"{"normal":{"keep":["a"],"coarsen":{"a":0}}}"#, "normal"),
        (r#"{"normal":{"keep":["a"],"drop":["b"]}}"#, "normal"),
    ] {
        assert_eq!(refused(json), setting, "{json}");
    }
}

fn refused(json: &str) -> String {
    match BreakGlass::configure(json) {
        Err(ConfigError::Missing(named) | ConfigError::Invalid((named, _))) => named,
        Ok(_) => panic!("accepted: {json}"),
    }
}
