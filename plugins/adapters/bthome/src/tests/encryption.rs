//! Frames that are encrypted, should be, or should not be.

use hushgate_sdk::bytes;

use super::{KEY, MAC, check, check_with, decode, show};

/// The example of the specification: 02CA09 03BF13, counter 1122867.
const ENCRYPTED: &str = "41 e445f3c9962b 33221100 6c7c4519";
const LINE: &str = "temperature=25.06Cel humidity=50.55% sequence=1122867";

fn settings() -> String {
    format!(r#"{{"mac":"{MAC}","bind-key":"{KEY}"}}"#)
}

#[test]
fn decrypts_the_example_of_the_specification() {
    check_with(&settings(), ENCRYPTED, Ok(LINE));
    check_with(&settings(), &format!("d2fc {ENCRYPTED}"), Ok(LINE));
}

#[test]
fn the_gateway_says_whose_frame_it_is() {
    let json = format!(r#"{{"encoding":"theengs","bind-key":"{KEY}"}}"#);
    let published = format!(
        r#"{{"id":"{MAC}","servicedatauuid":"0xfcd2","servicedata":"{}"}}"#,
        ENCRYPTED.replace(' ', "")
    );
    let decoded = |body: &str| decode(&json, body.as_bytes()).map(|it| show(&it));
    assert_eq!(decoded(&published), Ok(LINE.to_owned()));
    assert_eq!(decoded(&published.replace("80:A5", "80:A6")), Err("malformed"));
    assert_eq!(decoded(&published.replace(MAC, "hidden")), Err("unsupported"));
}

#[test]
fn a_frame_that_is_not_encrypted_is_refused_where_there_is_a_key() {
    check_with(&settings(), "40 02CA09 03BF13", Err("unsupported"));
    check_with(&settings(), "40 04138A01", Err("unsupported"));
    check("40 02CA09 03BF13", Ok("temperature=25.06Cel humidity=50.55%"));
}

#[test]
fn a_frame_that_is_encrypted_needs_a_key() {
    check(ENCRYPTED, Err("unsupported"));
}

#[test]
fn whoever_alters_a_bit_is_found_out() {
    let frame = bytes::of_hex(ENCRYPTED.as_bytes()).unwrap();
    for at in 0..frame.len() * 8 {
        let mut altered = frame.clone();
        altered[at / 8] ^= 1 << (at % 8);
        assert!(decode(&settings(), &altered).is_err(), "bit {at}");
    }
    let key = KEY.replace("231d", "231e");
    check_with(&format!(r#"{{"mac":"{MAC}","bind-key":"{key}"}}"#), ENCRYPTED, Err("malformed"));
    let mac = MAC.replace("A5", "A6");
    check_with(&format!(r#"{{"mac":"{mac}","bind-key":"{KEY}"}}"#), ENCRYPTED, Err("malformed"));
}

#[test]
fn every_cut_is_malformed() {
    let frame = bytes::of_hex(ENCRYPTED.as_bytes()).unwrap();
    for end in 0..frame.len() {
        assert_eq!(decode(&settings(), &frame[..end]), Err("malformed"), "{end}");
    }
}
