//! A body of JSON is read as the reader that others use reads it, or refused by both.

#![no_main]

use hushgate_sdk::json::{self, Value};
use libfuzzer_sys::fuzz_target;

/// Members of an object that the reader of plugins still takes.
const MEMBERS_MAX: usize = 2048;

fuzz_target!(|body: &[u8]| {
    match (json::value(body), serde_json::from_slice::<serde_json::Value>(body)) {
        (Ok(ours), Ok(theirs)) => assert!(is_same(&ours, &theirs), "{ours:?} {theirs:?}"),
        (Err(_), Ok(theirs)) => assert!(has_many_members(&theirs), "{theirs:?}"),
        (Ok(ours), Err(error)) => panic!("{ours:?} {error}"),
        (Err(_), Err(_)) => {}
    }
});

/// Numbers of many digits may differ in the last bit: the other reader does not look for the nearest.
fn is_same(ours: &Value<'_>, theirs: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (ours, theirs) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(ours), Json::Bool(theirs)) => ours == theirs,
        (Value::String(ours), Json::String(theirs)) => ours == theirs,
        (Value::Number(ours), Json::Number(theirs)) => {
            let (ours, theirs) = (ours.to_f64(), theirs.as_f64().unwrap_or(f64::NAN));
            (ours - theirs).abs() <= (theirs.abs() * 4.0 * f64::EPSILON).max(f64::from_bits(4))
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

fn has_many_members(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Array(items) => items.iter().any(has_many_members),
        serde_json::Value::Object(members) => {
            members.len() > MEMBERS_MAX || members.values().any(has_many_members)
        }
        _ => false,
    }
}
