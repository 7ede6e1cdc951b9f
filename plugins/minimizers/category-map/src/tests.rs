//! One value and its word.

use hushgate_sdk::{
    ConfigError, Field, Reading,
    Scalar::{self, Blob, Flag, Int, Real},
    minimizer::Minimizer,
};

use super::CategoryMap;

const MAP: &str = r#"{"single":"pressed","double":"pressed","true":"yes","0":"none","21":"warm","-0.5":"cold","":"empty"}"#;

fn check_with(rule: &str, value: Scalar, word: Option<&str>) {
    let plugin = CategoryMap::configure(&format!(r#"{{"fields":{{"p":{{{rule}}}}}}}"#)).unwrap();
    let other = Field::with_unit("battery", Int(80), "%");
    let fields = vec![Field::with_unit("p", value.clone(), "Cel"), other.clone()];
    let step = plugin.minimize(Some(vec![1]), 0, vec![Reading::at(Some(7), "a", fields)]).unwrap();
    let mapped = word.map(|it| Field::without_unit("p", Scalar::Text(it.to_owned())));
    let wanted = Reading::at(Some(7), "a", mapped.into_iter().chain([other]).collect());
    assert_eq!((step.readings, step.state), (vec![wanted], None), "{value:?}");
}

fn check(value: Scalar, word: Option<&str>) {
    check_with(&format!(r#""map":{MAP}"#), value.clone(), word);
    check_with(&format!(r#""map":{MAP},"default":"other""#), value, word.or(Some("other")));
}

fn text(text: &str) -> Scalar {
    Scalar::Text(text.to_owned())
}

#[test]
fn texts_flags_and_numbers_have_words() {
    check(text("single"), Some("pressed"));
    check(text("double"), Some("pressed"));
    check(text("true"), Some("yes"));
    check(Flag(true), Some("yes"));
    check(text(""), Some("empty"));
    for zero in [Int(0), Real(0.0), Real(-0.0)] {
        check(zero, Some("none"));
    }
    for warm in [Int(21), Real(21.0)] {
        check(warm, Some("warm"));
    }
    check(Real(-0.5), Some("cold"));
}

#[test]
fn what_the_table_does_not_have_is_the_default_or_nothing() {
    for value in ["Single", " single", "triple", "21.0", "\u{0}"] {
        check(text(value), None);
    }
    for value in [Flag(false), Int(1), Int(i64::MIN), Real(20.999), Real(f64::MAX)] {
        check(value, None);
    }
}

#[test]
fn what_is_unknown_has_no_word_at_all() {
    for value in [Real(f64::NAN), Real(f64::INFINITY), Blob(b"single".to_vec())] {
        check_with(&format!(r#""map":{MAP},"default":"other""#), value, None);
    }
}

#[test]
fn an_empty_table_has_the_default_alone() {
    check_with(r#""map":{},"default":"something""#, text("Ada"), Some("something"));
    check_with(r#""map":{}"#, text("Ada"), None);
}

#[test]
fn refuses_settings_that_cannot_work() {
    let words: Vec<_> = (0..257).map(|n| format!("\"{n}\":\"a\"")).collect();
    let many = format!(r#"{{"fields":{{"p":{{"map":{{{}}}}}}}}}"#, words.join(","));
    let long = format!(r#"{{"fields":{{"p":{{"map":{{}},"default":"{}"}}}}}}"#, "w".repeat(65));
    let cases = [
        ("{}", "fields"),
        (r#"{"fields":{"p":{"map":{"a":""}}}}"#, "fields"),
        (r#"{"fields":{"p":{"map":{"a":1}}}}"#, "fields"),
        (r#"{"fields":{"p":{"map":{},"else":"a"}}}"#, "fields"),
        (r#"{"fields":{"a*b":{"map":{}}}}"#, "fields"),
        (r#"{"fields":{},"default":"a"}"#, "default"),
        (&many, "fields"),
        (&long, "fields"),
    ];
    for (json, setting) in cases {
        let (Err(ConfigError::Missing(named)) | Err(ConfigError::Invalid((named, _)))) =
            CategoryMap::configure(json)
        else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
