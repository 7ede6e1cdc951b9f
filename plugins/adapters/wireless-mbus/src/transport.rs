//! What is between the link layer and the data records: extended link layer (EN 13757-4, clause 13), authentication
//! and fragmentation layer (EN 13757-7, clause 6), transport layer (EN 13757-7, clause 7).

use hushgate_sdk::{adapter::DecodeError, bytes::Bytes};

use crate::{
    compact,
    link::{self, Address, Link},
    malformed,
    security::{Opened, Sealed, Security},
    unsupported,
};

/// A message of a meter.
#[derive(Debug)]
pub(crate) struct Message {
    /// What the meter is (EN 13757-7, table 13): 2 is electricity.
    pub(crate) device: u8,
    pub(crate) status: Option<u8>,
    /// Grows from message to message, and was authenticated.
    pub(crate) counter: Option<u32>,
    pub(crate) records: Vec<u8>,
}

/// What the authentication and fragmentation layer says of the message behind it.
pub(crate) struct Fragment {
    pub(crate) counter: u32,
    /// What is authenticated before the message.
    pub(crate) covered: Vec<u8>,
    pub(crate) code: Vec<u8>,
}

/// The kind of message whose records are compact.
const COMPACT: u8 = 0x79;

pub(crate) fn read(
    link: &Link,
    security: &Security,
    formats: &[Vec<u8>],
) -> Result<Message, DecodeError> {
    let (payload, inside) = match link.payload.first() {
        Some(0x8C..=0x8F) => extended(link, security)?,
        _ => (link.payload.clone(), false),
    };
    let mut rest = Bytes::new(&payload);
    let fragment = match rest.rest().first() {
        Some(0x90) => fragment(&mut rest)?,
        _ => None,
    };
    let whole = rest.rest();
    let header = match rest.u8()? {
        0x78 | COMPACT => None,
        0x7A => Some(header(link.address, &mut rest)?),
        0x72 => {
            let (id, manufacturer) = (rest.array()?, rest.array()?);
            let (version, device) = (rest.u8()?, rest.u8()?);
            Some(header(Address { manufacturer, id, version, device }, &mut rest)?)
        }
        0xA0..=0xB7 => return Err(unsupported("it is of the manufacturer's own format")),
        _ => return Err(unsupported("the kind of message is not known here")),
    };
    let address = header.as_ref().map_or(link.address, |header| header.address);
    if security.meter.is_some_and(|id| id != address.id) {
        return Err(DecodeError::NotMine);
    }
    let Some(Header { access_number, status, configuration, key_derivation, .. }) = header else {
        let mut records = security.plain(rest.rest(), inside)?;
        if whole.first() == Some(&COMPACT) {
            records = compact::expand(&records, formats)?;
        }
        return Ok(Message { device: address.device, status: None, counter: None, records });
    };
    let sealed =
        Sealed { address, access_number, configuration, key_derivation, whole, data: rest.rest() };
    let Opened { records, authenticated } = security.open(&sealed, fragment.as_ref(), inside)?;
    let counter = fragment.filter(|_| authenticated).map(|it| it.counter);
    Ok(Message { device: address.device, status: Some(status), counter, records })
}

struct Header {
    address: Address,
    access_number: u8,
    status: u8,
    configuration: u16,
    key_derivation: u8,
}

fn header(address: Address, rest: &mut Bytes) -> Result<Header, DecodeError> {
    let (access_number, status, configuration) = (rest.u8()?, rest.u8()?, rest.u16_le()?);
    let key_derivation = if configuration >> 8 & 0x1F == 7 { rest.u8()? } else { 0 };
    Ok(Header { address, access_number, status, configuration, key_derivation })
}

/// What is behind an extended link layer, and whether that was encrypted.
fn extended(link: &Link, security: &Security) -> Result<(Vec<u8>, bool), DecodeError> {
    let mut rest = Bytes::new(&link.payload);
    let kind = rest.u8()?;
    let control = rest.u8()?;
    let _access_number = rest.u8()?;
    if kind & 2 != 0 {
        let _receiver = rest.take(8)?;
    }
    if kind & 1 == 0 {
        return Ok((rest.rest().to_vec(), false));
    }
    let session = rest.array::<4>()?;
    let is_right = |data: &[u8]| match data {
        [low, high, covered @ ..] => link::crc(covered) == u16::from_le_bytes([*low, *high]),
        _ => false,
    };
    let encryption = u32::from_le_bytes(session) >> 29;
    let mut data = match encryption {
        0 if is_right(rest.rest()) => rest.rest().to_vec(),
        0 => return Err(malformed("a checksum is wrong")),
        1 if security.meter.is_some_and(|id| id != link.address.id) => {
            return Err(DecodeError::NotMine);
        }
        1 => security.open_link(counter(link.address, control, session), rest.rest(), is_right)?,
        _ => return Err(unsupported("the mode of encryption is not known here")),
    };
    data.drain(..2);
    Ok((data, encryption != 0))
}

/// Where the counter of an encrypted extended link layer begins (EN 13757-4, clause 13.5.3). A repeater sets a bit
/// of the control field, which therefore does not count.
fn counter(address: Address, control: u8, session: [u8; 4]) -> [u8; 16] {
    let control = control & !REPEATED;
    let [m, n, a, b, c, d, version, device] = address.bytes();
    let [s, t, u, v] = session;
    [m, n, a, b, c, d, version, device, control, s, t, u, v, 0, 0, 0]
}

const REPEATED: u8 = 1 << 4;
const MORE_FRAGMENTS: u16 = 1 << 14;
const HAS_MESSAGE_CONTROL: u16 = 1 << 13;
const HAS_LENGTH: u16 = 1 << 12;
const HAS_COUNTER: u16 = 1 << 11;
const HAS_CODE: u16 = 1 << 10;
const HAS_KEY_INFORMATION: u16 = 1 << 9;

/// `None` if it says nothing of authentication.
fn fragment(rest: &mut Bytes) -> Result<Option<Fragment>, DecodeError> {
    let _kind = rest.u8()?;
    let length = rest.u8()?.into();
    let mut rest = Bytes::new(rest.take(length)?);
    let control = rest.u16_le()?;
    if control & MORE_FRAGMENTS != 0 || control & 0xFF > 1 {
        return Err(unsupported("the message is in several telegrams"));
    }
    if control & HAS_KEY_INFORMATION != 0 {
        return Err(unsupported("the message chooses its key"));
    }
    let message_control = if control & HAS_MESSAGE_CONTROL != 0 { rest.take(1)? } else { &[] };
    let counter = if control & HAS_COUNTER != 0 { Some(rest.array()?) } else { None };
    let code = match (control & HAS_CODE != 0, message_control) {
        (false, _) => &[],
        (true, [kind]) => rest.take(code_length(kind & 0x0F)?)?,
        (true, _) => return Err(malformed("the kind of authentication is missing")),
    };
    let length = if control & HAS_LENGTH != 0 { rest.take(2)? } else { &[] };
    rest.end()?;
    Ok(match counter {
        Some(counter) if !code.is_empty() => Some(Fragment {
            counter: u32::from_le_bytes(counter),
            covered: [message_control, &counter[..], length].concat(),
            code: code.to_vec(),
        }),
        _ => None,
    })
}

/// Of AES-CMAC, cut to so many bytes. Fewer than 8 are guessed too easily.
fn code_length(kind: u8) -> Result<usize, DecodeError> {
    match kind {
        5 => Ok(8),
        6 => Ok(12),
        7 => Ok(16),
        _ => Err(unsupported("the kind of authentication is not known here")),
    }
}
