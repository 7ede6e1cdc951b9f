//! One field and its ranges.

use hushgate_sdk::{ConfigError, Field, Reading, Scalar, minimizer::Minimizer};

use super::Bucket;

const LABELS: &str = r#""edges":[60,100],"unit":"/min","labels":["low","normal","high"]"#;
const NUMBERS: &str = r#""edges":[60,100],"unit":"/min""#;
const EDGES: &str = r#""edges":[60,100.5],"unit":"/min","tell":"edge""#;

fn bucket(ranges: &str) -> Bucket {
    Bucket::configure(&format!(r#"{{"fields":{{"heart-rate":{{{ranges}}}}}}}"#)).unwrap()
}

fn check_field(ranges: &str, given: Field, expected: Option<Field>) {
    let readings = vec![Reading::at(Some(7), "beat", vec![given.clone()])];
    let step = bucket(ranges).minimize(None, 0, readings).unwrap();
    let wanted: Vec<_> =
        expected.into_iter().map(|it| Reading::at(Some(7), "beat", vec![it])).collect();
    assert_eq!(step.readings, wanted, "{given:?}");
}

fn check(ranges: &str, value: Scalar, expected: Option<Scalar>) {
    let unit = if ranges == EDGES { Some("/min".to_owned()) } else { None };
    let expected = expected.map(|value| Field { path: "heart-rate".to_owned(), value, unit });
    check_field(ranges, Field::with_unit("heart-rate", value, "/min"), expected);
}

#[test]
fn a_range_begins_with_its_lower_edge() {
    for (value, label, number) in [
        (f64::MIN, "low", 0),
        (59.999, "low", 0),
        (60.0, "normal", 1),
        (99.999, "normal", 1),
        (100.0, "high", 2),
        (f64::MAX, "high", 2),
    ] {
        check(LABELS, Scalar::Real(value), Some(Scalar::Text(label.to_owned())));
        check(NUMBERS, Scalar::Real(value), Some(Scalar::Int(number)));
    }
    check(LABELS, Scalar::Int(60), Some(Scalar::Text("normal".to_owned())));
}

#[test]
fn an_edge_is_told_in_the_unit_of_the_field_and_nothing_below_the_first() {
    check(EDGES, Scalar::Real(59.9), None);
    check(EDGES, Scalar::Real(60.0), Some(Scalar::Real(60.0)));
    check(EDGES, Scalar::Int(100), Some(Scalar::Real(60.0)));
    check(EDGES, Scalar::Int(i64::MAX), Some(Scalar::Real(100.5)));
}

#[test]
fn what_is_no_finite_number_has_no_range() {
    let values = [
        Scalar::Real(f64::NAN),
        Scalar::Real(f64::INFINITY),
        Scalar::Flag(true),
        Scalar::Text("72".to_owned()),
        Scalar::Blob(vec![72]),
    ];
    for value in values {
        check(LABELS, value, None);
    }
}

#[test]
fn another_unit_has_no_range() {
    check_field(LABELS, Field::with_unit("heart-rate", Scalar::Int(1), "Hz"), None);
    check_field(LABELS, Field::without_unit("heart-rate", Scalar::Int(1)), None);
    let bare = Field::without_unit("heart-rate", Scalar::Int(1));
    check_field(r#""edges":[0]"#, bare.clone(), Some(bare));
}

#[test]
fn other_fields_go_on() {
    let other = Field::with_unit("battery", Scalar::Real(99.9), "%");
    check_field(LABELS, other.clone(), Some(other));
}

#[test]
fn refuses_settings_that_cannot_work() {
    let long = format!(r#""edges":[1],"labels":["a","{}"]"#, "l".repeat(65));
    let many = format!(r#""edges":{:?}"#, (0..65).collect::<Vec<_>>());
    let cases = [
        "",
        r#""edges":[]"#,
        r#""edges":[2,1]"#,
        r#""edges":[1,1]"#,
        r#""edges":["1"]"#,
        r#""edges":[1],"labels":["a"]"#,
        r#""edges":[1],"labels":["a","b","c"]"#,
        r#""edges":[1],"labels":["a",""]"#,
        r#""edges":[1],"tell":"label""#,
        r#""edges":[1],"tell":"edge","labels":["a","b"]"#,
        r#""edges":[1],"tell":"mood""#,
        r#""edges":[1],"label":["a","b"]"#,
        &long,
        &many,
    ];
    for ranges in cases {
        let json = format!(r#"{{"fields":{{"p":{{{ranges}}}}}}}"#);
        let (Err(ConfigError::Missing(named)) | Err(ConfigError::Invalid((named, _)))) =
            Bucket::configure(&json)
        else {
            panic!("accepted: {ranges}")
        };
        assert!(["fields", "edges"].contains(&named.as_str()), "{named}: {ranges}");
    }
}
