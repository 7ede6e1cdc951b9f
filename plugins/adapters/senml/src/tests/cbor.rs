//! CBOR, as others encode it and as nobody should.

use hushgate_sdk::bytes;

use super::decode;

fn check(hex: &str, expected: Result<&str, &'static str>) {
    let body = bytes::of_hex(hex.as_bytes()).unwrap();
    let decoded = decode("{}", Some("application/senml+cbor"), &body);
    assert_eq!(decoded, expected.map(str::to_owned), "{hex}");
}

/// A pack of one record with the name `a` and this value.
fn check_value(hex: &str, expected: Result<&str, &'static str>) {
    let expected =
        expected.map(|value| if value.is_empty() { String::new() } else { format!("a={value}") });
    check(&format!("81 A2 00 61 61 {hex}"), expected.as_deref().map_err(|error| *error));
}

const RFC_PACK: &str = "84a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b00106223614120\
    0500 67766f6c7461676501615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333\
    a3006763757272656e74062302fb3ff4cccccccccccd\
    a2006763757272656e7402fb3ffb333333333333";

#[test]
fn reads_the_pack_of_the_rfc_and_no_piece_of_it() {
    check(
        RFC_PACK,
        Ok("@1276020076001 voltage=120.1V current=1.7A | @1276020071001 current=1.2A | \
            @1276020072001 current=1.3A"),
    );
    let body = bytes::of_hex(RFC_PACK.as_bytes()).unwrap();
    for end in 0..body.len() {
        let piece = decode("{}", Some("application/senml+cbor"), &body[..end]);
        assert_eq!(piece, Err("malformed"), "{end} bytes");
    }
    assert_eq!(decode("{}", None, &[&body[..], &[0]].concat()), Err("malformed"));
}

#[test]
fn numbers_come_in_every_width() {
    for (hex, value) in [
        ("02 00", "0.0"),
        ("02 17", "23.0"),
        ("02 18 FF", "255.0"),
        ("02 19 0100", "256.0"),
        ("02 1A 00010000", "65536.0"),
        ("02 1B 0020000000000001", "9007199254740992.0"),
        ("02 1B FFFFFFFFFFFFFFFF", "1.8446744073709552e19"),
        ("02 20", "-1.0"),
        ("02 3B FFFFFFFFFFFFFFFF", "-1.8446744073709552e19"),
        ("02 F9 3E00", "1.5"),
        ("02 F9 8001", "-5.960464477539063e-8"),
        ("02 F9 7BFF", "65504.0"),
        ("02 F9 8000", "0.0"),
        ("02 FA 41973333", "18.899999618530273"),
        ("02 FB 4032E66666666666", "18.9"),
        ("02 C4 82 20 18 BD", "18.9"),
        ("02 C4 82 21 39 04D1", "-12.34"),
        ("02 C4 82 02 07", "700.0"),
        ("02 C4 9F 20 18 BD FF", "18.9"),
        ("02 C4 82 20 C2 42 00BD", "18.9"),
        ("02 C4 82 20 C3 41 BC", "-18.9"),
    ] {
        check_value(hex, Ok(value));
    }
}

#[test]
fn what_is_not_a_number_is_no_value() {
    for hex in
        ["02 F9 7E00", "02 FA 7FC00000", "02 FB 7FF8000000000000", "02 F9 7C00", "02 F9 FC00"]
    {
        check_value(hex, Ok(""));
    }
    for hex in ["02 F6", "02 F7", "02 80", "02 A0", "02 F4", "02 C1 00", "02 F8 20", "02 E0"] {
        check_value(hex, Err("malformed"));
    }
    check("81 A2 22 F9 7E00 02 00", Err("malformed"));
}

#[test]
fn decimal_fractions_have_two_whole_parts() {
    for hex in [
        "C4 81 20",
        "C4 83 20 01 01",
        "C4 A1 20 01",
        "C4 82 F9 3E00 01",
        "C4 82 20 C4 82 20 01",
        "C4 00",
    ] {
        check_value(&format!("02 {hex}"), Err("malformed"));
    }
    check_value("02 C4 82 20 C2 49 01 0000000000000000", Err("unsupported"));
    check_value("02 C4 82 3B FFFFFFFFFFFFFFFF 01", Err("unsupported"));
    check_value("02 C4 82 19 03E8 01", Ok(""));
}

#[test]
fn texts_flags_and_data_are_values_too() {
    check_value("03 62 6869", Ok("\"hi\""));
    check_value("03 7F 61 68 61 69 FF", Ok("\"hi\""));
    check_value("04 F5", Ok("true"));
    check_value("08 42 0102", Ok("[1, 2]"));
    check_value("08 5F 41 01 40 41 02 FF", Ok("[1, 2]"));
    for hex in [
        "03 61 FF",
        "03 7F 41 68 FF",
        "03 7F 7F FF FF",
        "03 7F 61 C3 61 A4 FF",
        "03 42 6869",
        "04 01",
    ] {
        check_value(hex, Err("malformed"));
    }
}

#[test]
fn arrays_and_maps_may_be_open_or_described() {
    check("9F BF 00 61 61 02 01 FF FF", Ok("a=1.0"));
    check("D9 D9F7 81 A2 00 61 61 02 01", Ok("a=1.0"));
    check("81 A2 61 6E 61 61 61 76 01", Ok("a=1.0"));
    for hex in [
        "80",
        "00",
        "A0",
        "81 80",
        "81 A1 00",
        "9F A2 00 61 61 02 01",
        "81 BF 00 61 61 02 FF",
        "FF",
        "9F FF",
    ] {
        check(hex, Err("malformed"));
    }
}

#[test]
fn labels_are_known_numbers_or_texts() {
    for hex in [
        "81 A3 00 61 61 02 01 09 01",
        "81 A3 00 61 61 02 01 26 01",
        "81 A3 00 61 61 02 01 41 61 01",
    ] {
        check(hex, Err("malformed"));
    }
    check("81 A3 00 61 61 02 01 02 01", Err("malformed"));
    check("81 A3 00 61 61 02 01 61 76 01", Err("malformed"));
    check("81 A3 00 61 61 02 01 62 78 5F F6", Err("unsupported"));
    check("81 A3 00 61 61 02 01 61 78 A1 80 C1 9F F6 FF", Ok("a=1.0"));
    check("81 A3 20 0A 00 61 61 02 01", Ok("a=1.0"));
}

#[test]
fn lengths_and_depths_that_were_only_claimed_cost_nothing() {
    for hex in [
        "9B FFFFFFFFFFFFFFFF",
        "81 BB FFFFFFFFFFFFFFFF",
        "81 A1 7B FFFFFFFFFFFFFFFF 61",
        "1C",
        "81 A1 5C",
    ] {
        check(hex, Err("malformed"));
    }
    let nested = |depth: usize| format!("81 A3 00 61 61 02 01 61 78 {} 00", "81".repeat(depth));
    check(&nested(16), Ok("a=1.0"));
    check(&nested(17), Err("unsupported"));
    check(&nested(30_000), Err("unsupported"));
}
