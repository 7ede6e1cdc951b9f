//! Which fields of one frame go on.

use hushgate_sdk::{ConfigError, Field, Reading, Scalar, minimizer::Minimizer};

use super::AllowList;

/// A strap that says more than asked.
fn frame() -> Vec<Reading> {
    let field = |path| Field::without_unit(path, Scalar::Int(1));
    vec![
        Reading::now(
            "beat",
            vec![field("heart-rate"), field("rr-interval"), field("heart-rate.high")],
        ),
        Reading::now(
            "device",
            vec![field("battery"), field("temperature-1"), field("temperature-2")],
        ),
    ]
}

/// Paths that go on, each with the kind of its reading.
fn check(settings: &str, expected: &[(&str, &[&str])]) {
    let step = AllowList::configure(settings).unwrap().minimize(Some(vec![7]), 0, frame()).unwrap();
    let said: Vec<(String, Vec<String>)> = step
        .readings
        .into_iter()
        .map(|it| (it.kind, it.fields.into_iter().map(|it| it.path).collect()))
        .collect();
    let expected: Vec<(String, Vec<String>)> = expected
        .iter()
        .map(|(kind, paths)| {
            ((*kind).to_owned(), paths.iter().map(|it| (*it).to_owned()).collect())
        })
        .collect();
    assert_eq!(said, expected, "{settings}");
    assert_eq!(step.state, None);
}

#[test]
fn only_named_paths_go_on() {
    check(r#"{"paths":["heart-rate"]}"#, &[("beat", &["heart-rate"])]);
    check(
        r#"{"paths":["heart-rate","battery"]}"#,
        &[("beat", &["heart-rate"]), ("device", &["battery"])],
    );
    check(r#"{"paths":["heart-rat"]}"#, &[]);
    check(r#"{"paths":[]}"#, &[]);
}

#[test]
fn a_star_stands_for_all_that_begin_so() {
    check(r#"{"paths":["temperature-*"]}"#, &[("device", &["temperature-1", "temperature-2"])]);
    check(r#"{"paths":["heart-rate*"]}"#, &[("beat", &["heart-rate", "heart-rate.high"])]);
}

#[test]
fn kinds_narrow_it_further() {
    check(
        r#"{"paths":["*"],"kinds":["dev*"]}"#,
        &[("device", &["battery", "temperature-1", "temperature-2"])],
    );
    check(r#"{"paths":["heart-rate"],"kinds":["device"]}"#, &[]);
    check(r#"{"paths":["heart-rate"],"kinds":[]}"#, &[]);
}

#[test]
fn refuses_settings_that_cannot_work() {
    let many = format!(r#"{{"paths":[{}]}}"#, vec!["\"p\""; 257].join(","));
    let cases = [
        ("{}", "paths"),
        (r#"{"paths":["a*b"]}"#, "paths"),
        (r#"{"paths":[""]}"#, "paths"),
        (r#"{"paths":"heart-rate"}"#, "paths"),
        (r#"{"paths":[],"kinds":["**"]}"#, "kinds"),
        (r#"{"paths":[],"kind":[]}"#, "kind"),
        (&many, "paths"),
    ];
    for (json, setting) in cases {
        let (Err(ConfigError::Missing(named)) | Err(ConfigError::Invalid((named, _)))) =
            AllowList::configure(json)
        else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
