//! One text, in and out.

use hushgate_sdk::{
    ConfigError, Field, Reading,
    Scalar::{self, Blob, Flag, Int, Text},
    minimizer::Minimizer,
};

use super::RedactText;

fn run(json: &str, field: Field) -> Option<Field> {
    let readings = vec![Reading::at(Some(7), "note", vec![field])];
    let step = RedactText::configure(json).unwrap().minimize(Some(vec![1]), 0, readings).unwrap();
    assert_eq!(step.state, None);
    step.readings.into_iter().flat_map(|it| it.fields).next()
}

fn check_with(rule: &str, text: &str, expected: &str) {
    let field = |text: &str| Field::without_unit("status", Text(text.to_owned()));
    let expected = (!expected.is_empty()).then(|| field(expected));
    assert_eq!(
        run(&format!(r#"{{"fields":{{"status":{{{rule}}}}}}}"#), field(text)),
        expected,
        "{text}"
    );
    assert!(expected.is_none_or(|it| matches!(it.value, Text(it) if it.len() <= text.len())));
}

fn check(mask: &str, text: &str, expected: &str) {
    check_with(&format!(r#""mask":["{mask}"]"#), text, expected);
}

#[test]
fn addresses_are_hidden() {
    check("e-mail", "ask ada@example.org, now", "ask * now");
    check("e-mail", "<Ada.Lovelace+home@mail.example.co.uk>", "*");
    check("e-mail", "ada\u{FF20}example.org", "*");
    check("e-mail", "ada at example.org", "ada at example.org");
    check("e-mail", "@", "*");
}

#[test]
fn phone_numbers_are_hidden_as_they_are_written() {
    for number in
        ["+43 1 58801 0", "(0049) 30/123-456", "555.123.4567", "0664\u{A0}1234567", "١٢٣٤٥٦٧"]
    {
        check("phone", number, "*");
        check("phone", &format!("call{number}now"), "call*now");
    }
    check("phone", "call +43 1 58801 at once", "call * at once");
    check("phone", "at 06:25 on 27 Nov", "at 06:25 on 27 Nov");
    check("phone", "20-30", "20-30");
}

#[test]
fn digits_are_hidden_where_there_are_three_or_more() {
    check("digits", "room 12, bed 3, patient 4711", "room 12, bed 3, patient *");
    check("digits", "1a2b3c", "1a2b3c");
    check("digits", "0x00ff12345", "0x00ff*");
    check("digits", "１２３", "*");
}

#[test]
fn words_that_are_longer_than_words_are_hidden() {
    check("long-words", "key 4f9a1c22e07b5d8891 set", "key * set");
    check("long-words", "https://example.org/ada", "*");
    check("long-words", "antidisestablish1 yes", "* yes");
    check("long-words", "sixteen-letters!", "sixteen-letters!");
}

#[test]
fn all_masks_are_the_default() {
    check_with("", "Ada (ada@example.org, +43 1 58801 0) id 4711", "Ada * * id *");
    check_with("", "key 4f9a1c22e07b5d8891, 4711abc", "key * *abc");
    check_with(r#""mask":[]"#, "ada@example.org", "ada@example.org");
}

#[test]
fn only_the_first_characters_stay() {
    check_with(r#""keep-chars":3"#, "charging", "cha");
    check_with(r#""keep-chars":3"#, "läuft", "läu");
    check_with(r#""keep-chars":3"#, "ada@example.org calls", "* c");
    check_with(r#""keep-chars":3"#, "", "");
}

#[test]
fn texts_that_are_not_named_and_blobs_do_not_go_on() {
    let json = r#"{"fields":{"status":{}}}"#;
    let text = || Text("well".to_owned());
    assert_eq!(run(json, Field::without_unit("name", text())), None);
    assert_eq!(run(json, Field::without_unit("status", Blob(b"well".to_vec()))), None);
    assert_eq!(run(json, Field::without_unit("raw", Blob(b"well".to_vec()))), None);
    for value in [Flag(true), Int(4711), Scalar::Real(4711.5)] {
        let field = Field::with_unit("status", value, "m");
        assert_eq!(run(json, field.clone()), Some(field));
    }
    let named = Field::without_unit("status", text());
    assert_eq!(run(json, named.clone()), Some(named.clone()));
    assert_eq!(run(r#"{"fields":{"*":{}}}"#, named.clone()), Some(named));
}

#[test]
fn a_long_text_of_many_short_runs_takes_no_longer_than_its_length() {
    let text = "1@ +1 ".repeat(170);
    let field = |text: String| Field::without_unit("status", Text(text));
    assert!(run(r#"{"fields":{"status":{}}}"#, field(text)).is_some());
}

#[test]
fn refuses_settings_that_cannot_work() {
    let cases = [
        ("{}", "fields"),
        (r#"{"fields":{"p":{"mask":["names"]}}}"#, "fields"),
        (r#"{"fields":{"p":{"keep-chars":0}}}"#, "fields"),
        (r#"{"fields":{"p":{"keep-chars":1025}}}"#, "fields"),
        (r#"{"fields":{"p":{"keep":1}}}"#, "fields"),
        (r#"{"fields":{"a*b":{}}}"#, "fields"),
        (r#"{"fields":{},"mask":[]}"#, "mask"),
    ];
    for (json, setting) in cases {
        let (Err(ConfigError::Missing(named)) | Err(ConfigError::Invalid((named, _)))) =
            RedactText::configure(json)
        else {
            panic!("accepted: {json}")
        };
        assert_eq!(named, setting, "{json}");
    }
}
