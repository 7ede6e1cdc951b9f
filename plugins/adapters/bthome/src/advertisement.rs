//! What `OpenMQTTGateway` and Theengs Gateway publish of an advertisement that they do not decode themselves.
//!
//! # Promises
//!
//! - Anything but service data of BTHome's UUID is not ours.

use hushgate_sdk::{adapter::DecodeError, bytes, json};

use crate::service_data::Mac;

/// BTHome's UUID, as the gateways write it: a short one, or all 128 bits.
const UUIDS: [&str; 3] = ["0xfcd2", "fcd2", "0000fcd2-0000-1000-8000-00805f9b34fb"];

/// An advertisement with BTHome service data.
pub(crate) struct Advertisement {
    pub(crate) service_data: Vec<u8>,
    /// Some systems hide the address behind an identifier of their own.
    pub(crate) mac: Option<Mac>,
    pub(crate) rssi: Option<i64>,
}

impl Advertisement {
    pub(crate) fn of_json(body: &[u8]) -> Result<Self, DecodeError> {
        let published = json::object(body)?;
        let (id, rssi) = (published.text("id")?, published.whole("rssi")?);
        let (Some(hex), Some(uuid)) =
            (published.text("servicedata")?, published.text("servicedatauuid")?)
        else {
            return Err(DecodeError::NotMine);
        };
        if !UUIDS.iter().any(|ours| ours.eq_ignore_ascii_case(uuid)) {
            return Err(DecodeError::NotMine);
        }
        let mac = id.and_then(Mac::parse);
        Ok(Self { service_data: bytes::of_hex(hex.as_bytes())?, mac, rssi })
    }
}
