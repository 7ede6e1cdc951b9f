//! Lines as loggers write them, and settings as owners would write them.

use hushgate_sdk::{
    ConfigError, Field, Frame, Reading, Scalar,
    adapter::{Adapter, DecodeError},
};

use super::CsvMap;

const LOGGER: &str = r#"{
    "separator": ";", "decimal": ",", "header": true,
    "fields": [
        { "column": "Temp", "path": "temperature", "unit": "Cel", "none-values": ["---", "n.a.", -99.9] },
        { "column": "Fenster", "path": "open", "type": "flag", "true-values": ["auf"], "false-values": ["zu"] },
        { "column": "Raum", "path": "room", "type": "text" }
    ],
    "at": { "column": "Zeit", "format": "local", "utc-offset-minutes": 60 }
}"#;

const NUMBERS: &str = r#"{"fields":[
    { "column": "2", "path": "heart-rate", "unit": "/min", "type": "int" },
    { "column": "3", "path": "oxygen-saturation", "unit": "%" }
]}"#;

fn readings(json: &str, body: &[u8]) -> Result<Vec<Reading>, &'static str> {
    let frame = Frame {
        channel: "logger".to_owned(),
        content_type: None,
        received_ms: 0,
        body: body.to_vec(),
    };
    CsvMap::configure(json).unwrap().decode(frame).map_err(|error| match error {
        DecodeError::NotMine => "not mine",
        DecodeError::Malformed(_) => "malformed",
        DecodeError::Unsupported(_) => "unsupported",
    })
}

/// `Ok` is one line for all fields of all readings; `Err` is the variant.
fn check(json: &str, body: &str, expected: Result<&str, &'static str>) {
    let line = |reading: &Reading| {
        let at = reading.at_ms.map(|ms| format!("@{ms}"));
        at.into_iter().chain(reading.fields.iter().map(show)).collect::<Vec<_>>().join(" ")
    };
    let found = readings(json, body.as_bytes())
        .map(|it| it.iter().map(line).collect::<Vec<_>>().join(" | "));
    assert_eq!(found, expected.map(str::to_owned), "{body:?}");
}

fn show(field: &Field) -> String {
    let unit = field.unit.as_deref().unwrap_or("");
    match &field.value {
        Scalar::Int(int) => format!("{}={int}i{unit}", field.path),
        Scalar::Real(real) => format!("{}={real}{unit}", field.path),
        Scalar::Flag(flag) => format!("{}={flag}", field.path),
        Scalar::Text(text) => format!("{}={text}", field.path),
        Scalar::Blob(_) => panic!("no such value was expected"),
    }
}

#[test]
fn reads_a_table_with_names_in_its_first_line() {
    check(
        LOGGER,
        "\u{feff}Zeit;Raum;Temp;Fenster\r\n1970-01-01 01:00:01; Bad ;21,5;auf\r\n1970-01-01 01:00:02;\"Kü;che\";-0,5;zu\r\n",
        Ok(
            "@1000 temperature=21.5Cel open=true room=Bad | @2000 temperature=-0.5Cel open=false room=Kü;che",
        ),
    );
    check(LOGGER, "Temp;Zeit\n7;\n", Ok("temperature=7Cel"));
    check(LOGGER, "Temp\n", Ok(""));
    check(LOGGER, "Luft\n7\n", Ok(""));
}

#[test]
fn reads_columns_by_number_and_by_the_names_of_the_settings() {
    check(
        NUMBERS,
        "x,70,98.5\n\n\nx,71,97",
        Ok("heart-rate=70i/min oxygen-saturation=98.5% | heart-rate=71i/min oxygen-saturation=97%"),
    );
    let named = r#"{"separator":"\t","columns":["t","bpm"],"fields":[{"column":"bpm","path":"heart-rate"}]}"#;
    check(named, "1\t70", Ok("heart-rate=70"));
    check(named, "1\t70\t3", Err("malformed"));
    check(named, "1", Err("malformed"));
}

#[test]
fn an_empty_cell_and_what_stands_for_nothing_become_no_field() {
    check(LOGGER, "Temp;Raum\n;x\n---;y\nn.a.;z\n-99,9;\n", Ok("room=x | room=y | room=z"));
    check(NUMBERS, ",,\n", Ok(""));
}

#[test]
fn a_decimal_is_written_in_one_way_alone() {
    for body in ["Temp\n21.5", "Temp\n1.234,5", "Temp\n1,2,3", "Temp\n21,", "Temp\nwarm"] {
        check(LOGGER, body, Err("malformed"));
    }
    check(NUMBERS, "x,70,\"98,5\"", Err("malformed"));
    check(LOGGER, "Temp\n1,5e1", Ok("temperature=15Cel"));
}

#[test]
fn quotation_marks_are_those_of_rfc_4180() {
    let text = r#"{"fields":[{"column":"1","path":"note","type":"text"}]}"#;
    check(text, "\"a \"\"b\"\", c\"\n", Ok("note=a \"b\", c"));
    check(text, "\" a\r\nb \"", Ok("note= a\r\nb "));
    check(text, "\"\"", Ok(""));
    for broken in ["\"a", "\"a\"b", "a\"b\"", "\"a\" ,b", "\"", "\"\"\""] {
        check(text, broken, Err("malformed"));
    }
}

#[test]
fn a_line_that_is_not_meant_is_left_out() {
    let json =
        r#"{"fields":[{"column":"2","path":"temperature"}],"when":{"column":"1","equals":"T"}}"#;
    check(json, "T,1\nH,x\nT,2", Ok("temperature=1 | temperature=2"));
    check(json, "H,x", Err("not mine"));
}

#[test]
fn lines_have_as_many_cells_as_there_are_columns() {
    check(LOGGER, "Temp;Raum\n1\n", Err("malformed"));
    check(LOGGER, "Temp\n1;2\n", Err("malformed"));
    check(NUMBERS, "x,70,98\nx,70\n", Err("malformed"));
    check(NUMBERS, "", Err("malformed"));
    check(NUMBERS, "\r\n", Err("malformed"));
    check(NUMBERS, &"1,".repeat(300), Err("malformed"));
    let required =
        r#"{"header":true,"fields":[{"column":"t","path":"temperature","required":true}]}"#;
    check(required, "x\n1", Err("malformed"));
    assert_eq!(readings(NUMBERS, b"x,70,9\xff"), Err("malformed"));
}

#[test]
fn limits_the_number_of_lines() {
    assert_eq!(readings(NUMBERS, "x,70,98\n".repeat(64).as_bytes()).unwrap().len(), 64);
    check(NUMBERS, &"x,70,98\n".repeat(65), Err("unsupported"));
}

#[test]
fn no_truncation_makes_it_panic() {
    let body = "Zeit;Raum;Temp\n1970-01-01 01:00:01;\"Kü;\"\"che\";21,5\n".as_bytes();
    for end in 0..body.len() {
        let _ = readings(LOGGER, &body[..end]);
    }
}

#[test]
fn refuses_settings_that_cannot_work() {
    let field = r#"{"column":"2","path":"temperature"}"#;
    for (settings, expected) in [
        (String::new(), "fields"),
        (r#""fields":[]"#.to_owned(), "fields"),
        (r#""fields":[{"column":"t","path":"temperature"}]"#.to_owned(), "fields"),
        (r#""fields":[{"column":"0","path":"temperature"}]"#.to_owned(), "fields"),
        (format!(r#""fields":[{field}],"columns":["1"]"#), "fields"),
        (format!(r#""fields":[{field}],"columns":["2"],"header":true"#), "columns"),
        (format!(r#""fields":[{field}],"separator":"\"""#), "separator"),
        (format!(r#""fields":[{field}],"separator":";;""#), "separator"),
        (format!(r#""fields":[{field}],"decimal":"'""#), "decimal"),
        (format!(r#""fields":[{field}],"at":{{"column":"t","format":"unix-s"}}"#), "at"),
        (format!(r#""fields":[{field}],"when":{{"column":"t","equals":1}}"#), "when"),
        (format!(r#""fields":[{field}],"quote":1"#), "quote"),
    ] {
        let refused = match CsvMap::configure(&format!("{{{settings}}}")) {
            Err(ConfigError::Invalid((setting, _)) | ConfigError::Missing(setting)) => setting,
            Ok(_) => panic!("accepted: {settings}"),
        };
        assert_eq!(refused, expected, "{settings}");
    }
}
