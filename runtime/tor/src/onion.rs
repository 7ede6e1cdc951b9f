//! Tells a version 3 onion address from everything else.

use std::str::FromStr;

use tor_hsservice::HsId;

type ParseError = <HsId as FromStr>::Err;

/// Length of an address in bytes: 56 letters and digits, then `.onion`.
const ADDRESS_LEN: usize = 62;

/// Why something is no onion address. All of them are for whoever wrote it to correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It has not the form of one.
    #[error("not an onion address: 56 letters and digits followed by .onion are expected")]
    Form,
    /// It has the form of one, but was changed on the way: the checksum differs.
    #[error("mistyped onion address: the checksum differs")]
    Checksum,
    /// It belongs to another version of onion services.
    #[error("onion address of an unknown version: only version 3 is spoken")]
    Version,
}

/// Accepts a version 3 onion address, `.onion` included, in capital or small letters; refuses
/// everything else, also an address with a name in front of it.
///
/// # Errors
///
/// What is wrong with it, without quoting it.
pub fn check_onion(address: &str) -> Result<(), AddressError> {
    // The parser reads the first 35 bytes and does not mind more.
    if address.len() != ADDRESS_LEN {
        return Err(AddressError::Form);
    }
    match address.parse::<HsId>() {
        Ok(_) => Ok(()),
        Err(ParseError::WrongChecksum) => Err(AddressError::Checksum),
        Err(ParseError::UnsupportedVersion(_)) => Err(AddressError::Version),
        Err(_) => Err(AddressError::Form),
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressError::*, check_onion};

    // The address of the Tor project's own site.
    const GOOD: &str = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion";

    #[test]
    fn accepts_an_onion_address_in_any_case() {
        assert_eq!(check_onion(GOOD), Ok(()));
        assert_eq!(check_onion(&GOOD.to_uppercase()), Ok(()));
    }

    #[test]
    fn refuses_everything_else() {
        let bare = GOOD.trim_end_matches(".onion");
        for (address, error) in [
            ("", Form),
            ("example.org", Form),
            ("127.0.0.1", Form),
            (bare, Form),
            (&format!("{bare}.exit."), Form),
            (&format!("www.{GOOD}"), Form),
            (&format!("{GOOD}:80"), Form),
            (&format!("{GOOD}."), Form),
            // 64 letters decode to 40 bytes, the first 35 of which are right.
            (&format!("{bare}aaaaaaaa.onion"), Form),
            ("expyuzz4wqqyqhjn.onion", Form),
            (&GOOD.replacen('2', "1", 1), Form),
            (&GOOD.replacen('2', " ", 1), Form),
            (&GOOD.replacen('2', "3", 1), Checksum),
            (&GOOD.replacen("wid.onion", "wia.onion", 1), Version),
        ] {
            assert_eq!(check_onion(address), Err(error), "{address}");
        }
    }
}
