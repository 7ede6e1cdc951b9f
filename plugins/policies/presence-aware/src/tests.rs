//! Releases with and without somebody there, and what is asked of them.

use hushgate_sdk::{
    ConfigError, Scalar,
    policy::{FieldView, Obligation, Policy, Request, Verdict},
};

use super::PresenceAware;

const GUEST: &str =
    r#"{"presence":"guest","drop":["heart-rate","mass"],"coarsen":{"temperature":2}}"#;

fn field(path: &str, value: Option<Scalar>) -> FieldView {
    FieldView { path: path.to_owned(), unit: None, value }
}

fn request(fields: Vec<FieldView>) -> Request {
    Request {
        device: "strap".to_owned(),
        subjects: vec!["ada".to_owned()],
        purpose: "care".to_owned(),
        recipient: "clinic".to_owned(),
        now_ms: 0,
        fields,
    }
}

/// The verdict as words.
fn verdict(json: &str, fields: Vec<FieldView>) -> String {
    match PresenceAware::configure(json).unwrap().evaluate(request(fields)).unwrap() {
        Verdict::Withhold(_) => "withhold".to_owned(),
        Verdict::Release(obligations) => {
            let word = |it: &Obligation| match it {
                Obligation::Drop(paths) => format!("drop {}", paths.join(" ")),
                Obligation::Coarsen((path, step)) => format!("coarsen {path} {step}"),
                other => panic!("{other:?}"),
            };
            obligations.iter().map(word).collect::<Vec<_>>().join(", ")
        }
        other => panic!("{other:?}"),
    }
}

/// A strap's fields beside what the presence field says.
#[track_caller]
fn check(json: &str, presence: &[Option<Scalar>], expected: &str) {
    let mut fields = vec![field("heart-rate", Some(Scalar::Int(71))), field("temperature", None)];
    fields.extend(presence.iter().map(|it| field("guest", it.clone())));
    assert_eq!(verdict(json, fields), expected, "{json} {presence:?}");
}

const TIGHT: &str = "drop heart-rate, coarsen temperature 2";

#[test]
fn less_leaves_while_somebody_is_there() {
    check(GUEST, &[Some(Scalar::Flag(true))], TIGHT);
    check(GUEST, &[Some(Scalar::Flag(false))], "");
    check(GUEST, &[Some(Scalar::Int(2))], TIGHT);
    check(GUEST, &[Some(Scalar::Int(0))], "");
    check(GUEST, &[Some(Scalar::Real(0.5))], TIGHT);
    check(GUEST, &[Some(Scalar::Real(-0.0))], "");
}

#[test]
fn what_nobody_can_tell_is_the_tighter_side() {
    for absent in ["", r#","while":"absent""#] {
        let json = GUEST.replace(r#","drop""#, &format!(r#"{absent},"drop""#));
        check(&json, &[], TIGHT);
        check(&json, &[None], TIGHT);
        check(&json, &[Some(Scalar::Real(f64::NAN))], TIGHT);
        check(&json, &[Some(Scalar::Text("false".to_owned()))], TIGHT);
        check(&json, &[Some(Scalar::Blob(vec![0]))], TIGHT);
        check(&json, &[Some(Scalar::Flag(true)), Some(Scalar::Flag(false))], TIGHT);
        check(&json, &[Some(Scalar::Flag(false)), Some(Scalar::Flag(true))], TIGHT);
        check(&json, &[Some(Scalar::Flag(false)), None], TIGHT);
    }
}

#[test]
fn or_while_nobody_is_there() {
    let json = GUEST.replace(r#","drop""#, r#","while":"absent","drop""#);
    check(&json, &[Some(Scalar::Flag(true))], "");
    check(&json, &[Some(Scalar::Flag(false))], TIGHT);
}

#[test]
fn texts_mean_presence_where_they_are_named() {
    let json = GUEST.replace(r#","drop""#, r#","texts":["kitchen","bath"],"drop""#);
    check(&json, &[Some(Scalar::Text("bath".to_owned()))], TIGHT);
    check(&json, &[Some(Scalar::Text("garden".to_owned()))], "");
    check(&json, &[Some(Scalar::Text("Bath".to_owned()))], "");
    check(&json, &[Some(Scalar::Flag(false))], TIGHT);
}

#[test]
fn nothing_leaves_where_all_is_dropped_or_withheld() {
    let json = r#"{"presence":"guest","withhold":true}"#;
    check(json, &[Some(Scalar::Flag(true))], "withhold");
    check(json, &[Some(Scalar::Flag(false))], "");
    check(json, &[], "withhold");
    assert_eq!(verdict(GUEST, vec![field("mass", None)]), "withhold");
    assert_eq!(verdict(GUEST, Vec::new()), "withhold");
}

#[test]
fn whatever_is_asked_the_answer_only_tightens() {
    let values = [
        None,
        Some(Scalar::Flag(true)),
        Some(Scalar::Flag(false)),
        Some(Scalar::Real(f64::INFINITY)),
        Some(Scalar::Text("bath".to_owned())),
    ];
    let paths = ["guest", "heart-rate", "mass", "temperature", "", "other"];
    let mut random = 1_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(random >> 33).unwrap() % below
    };
    for _ in 0..20_000 {
        let fields: Vec<_> = (0..next(6))
            .map(|_| field(paths[next(paths.len())], values[next(values.len())].clone()))
            .collect();
        let asked = |path: &String| fields.iter().any(|it| it.path == *path);
        let policy = PresenceAware::configure(GUEST).unwrap();
        match policy.evaluate(request(fields.clone())).unwrap() {
            Verdict::Withhold(_) => {}
            Verdict::Release(obligations) => obligations.iter().for_each(|it| match it {
                Obligation::Drop(paths) => assert!(paths.iter().all(asked)),
                Obligation::Coarsen((path, step)) => assert!(asked(path) && *step > 0.0),
                other => panic!("{other:?}"),
            }),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    for (json, setting) in [
        ("{}", "presence"),
        (r#"{"presence":"guest"}"#, "drop"),
        (r#"{"presence":"","drop":["a"]}"#, "presence"),
        (r#"{"presence":"guest","drop":["a"],"texts":[]}"#, "texts"),
        (r#"{"presence":"guest","coarsen":{"a":0}}"#, "coarsen"),
        (r#"{"presence":"guest","coarsen":{"a":-1}}"#, "coarsen"),
        (r#"{"presence":"guest","coarsen":{"a":"1"}}"#, "coarsen"),
        (r#"{"presence":"guest","drop":["a"],"while":"there"}"#, "while"),
        (r#"{"presence":"guest","drop":["a"],"when":"present"}"#, "when"),
    ] {
        let named = match PresenceAware::configure(json) {
            Err(ConfigError::Missing(named) | ConfigError::Invalid((named, _))) => named,
            Ok(_) => panic!("accepted: {json}"),
        };
        assert_eq!(named, setting, "{json}");
    }
}
