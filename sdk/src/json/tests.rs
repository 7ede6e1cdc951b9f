//! What is read, beside what the reader that others use makes of it.

use serde_json::Value as Json;

use super::*;

/// The same value, as far as both can say it: a number that has many digits is the nearest to it here.
fn is_same(ours: &Value<'_>, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(ours), Json::Bool(theirs)) => ours == theirs,
        (Value::String(ours), Json::String(theirs)) => ours == theirs,
        (Value::Number(ours), Json::Number(theirs)) => {
            let (ours, theirs) = (ours.to_f64(), theirs.as_f64().unwrap());
            (ours - theirs).abs() <= theirs.abs() * 4.0 * f64::EPSILON
        }
        (Value::Array(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(ours), Json::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(a, b)| a.0 == b.0 && is_same(a.1, b.1))
        }
        _ => false,
    }
}

fn check(body: &[u8]) {
    let shown = String::from_utf8_lossy(body);
    match (value(body), serde_json::from_slice::<Json>(body)) {
        (Ok(ours), Ok(theirs)) => assert!(is_same(&ours, &theirs), "{shown}: {ours:?} {theirs}"),
        (Err(_), Err(_)) => {}
        (ours, theirs) => panic!("{shown}: {ours:?} {theirs:?}"),
    }
}

const BODIES: [&str; 8] = [
    r#"{"temperature":27.34,"humidity":44.72,"battery":91,"state":null,"on":true}"#,
    r#" [1 , -2, 0.5 ,1e3,-1.25E-2,{"a" : [ ] , "b":{ }}, "x\n\u0041\ud83d\ude00\\\"\/" ] "#,
    r#"{"b":1,"a":2,"b":{"c":[true,false,null]},"":0,"é":"ü"}"#,
    r#""a text""#,
    "-0.0e+00",
    "18446744073709551616",
    "123456789012345678901234567890.123456789e-12",
    "{\"a\":\"\u{7f}\u{80}\"}\r\n\t ",
];

#[test]
fn bodies_are_read_as_by_everybody_else() {
    for body in BODIES {
        check(body.as_bytes());
        for end in 0..body.len() {
            check(&body.as_bytes()[..end]);
        }
    }
}

#[test]
fn a_changed_byte_is_a_mistake_for_both_or_for_none() {
    for body in BODIES {
        for at in 0..body.len() {
            for byte in [
                0, b' ', b'"', b'\\', b'0', b'9', b'-', b'+', b'.', b'e', b'u', b',', b':', b'{',
                b'}', b'[', b']', 0x1F, 0x80, 0xFF,
            ] {
                let mut body = body.as_bytes().to_vec();
                body[at] = byte;
                check(&body);
                body.insert(at, byte);
                check(&body);
            }
        }
    }
}

#[test]
fn a_body_can_be_read_into_a_struct() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Body<'a> {
        name: &'a str,
        #[serde(borrow)]
        rest: Value<'a>,
    }
    let read = parse::<Body<'_>>(br#"{"name":"a","rest":[1,null],"more":{}}"#).unwrap();
    assert_eq!(read.name, "a");
    assert_eq!(read.rest, value(b"[1,null]").unwrap());
    for other in ["{", "[]", r#"{"name":1,"rest":0}"#, r#"{"rest":0}"#] {
        assert!(parse::<Body<'_>>(other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn nesting_and_members_have_bounds() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(value(nested(128).as_bytes()).is_ok());
    assert!(value(nested(129).as_bytes()).is_err());
    let object = |members: usize| {
        let members: Vec<_> = (0..members).map(|at| format!("\"{at}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(super::object(object(2048).as_bytes()).unwrap().len(), 2048);
    assert!(value(object(2049).as_bytes()).is_err());
}

#[test]
fn members_come_in_the_order_of_their_names_and_the_last_of_one_name_counts() {
    let object = object(br#"{"b":1,"a":2,"c":3,"b":4}"#).unwrap();
    let found: Vec<_> = object.iter().map(|(name, value)| (name, value.as_i64())).collect();
    assert_eq!(found, [("a", Some(2)), ("b", Some(4)), ("c", Some(3))]);
    assert_eq!(object.get("b").and_then(Value::as_i64), Some(4));
}

#[test]
fn texts_without_escapes_stay_in_the_body() {
    let is_borrowed = |body: &str| match value(body.as_bytes()).unwrap() {
        Value::String(text) => matches!(text, std::borrow::Cow::Borrowed(_)),
        _ => false,
    };
    assert!(is_borrowed(r#""Küche""#));
    assert!(!is_borrowed(r#""K\u00fcche""#));
}

#[test]
fn a_strict_body_names_no_member_twice() {
    let body = br#"{"a":[{"b":1,"c":-2,"d":0.5},true,null,"\n"],"b":{}}"#;
    assert_eq!(strict(body), value(body));
    for twice in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"b":2,"\u0061":3}}]"#] {
        assert!(value(twice.as_bytes()).is_ok(), "{twice}");
        assert!(strict(twice.as_bytes()).is_err(), "{twice}");
    }
}
