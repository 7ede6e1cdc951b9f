//! What a device sent, before and after it was understood.
//!
//! # Promises
//!
//! - What a device said prints as `[hidden]`: no log, error or metric can quote it by accident.

use hushgate_wasm::bindings;
use std::{fmt, sync::Arc};

/// The name of an enrolled device, as in the settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceName(pub Arc<str>);

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub i64);

impl Millis {
    /// The wall clock. Times before 1970 read as 0.
    pub fn now() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self(since.map_or(0, |it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX)))
    }

    /// This moment, later by `millis`.
    #[must_use]
    pub fn plus(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// As plugins are told the time: never negative.
    pub fn unsigned(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0)
    }
}

/// Bytes exactly as a device sent them, and where they came in.
#[derive(Debug)]
pub struct Frame {
    /// The device that sent it, as the ingress authenticated it.
    pub device: DeviceName,
    /// What an adapter is handed.
    pub content: Sensitive<bindings::Frame>,
    /// When it came in.
    pub received: Millis,
}

impl Frame {
    /// A frame that `device` sent on `channel` at `received`.
    pub fn new(device: DeviceName, channel: String, body: Vec<u8>, received: Millis) -> Self {
        let received_ms = received.unsigned();
        let content = bindings::Frame { channel, content_type: None, received_ms, body };
        Self { device, content: Sensitive::new(content), received }
    }

    /// Another one like it.
    pub fn copy(&self) -> Self {
        let (device, content) = (self.device.clone(), self.content.clone());
        Self { device, content, received: self.received }
    }

    /// The same, with the content type that the device gave.
    #[must_use]
    pub fn with_content_type(mut self, content_type: Option<String>) -> Self {
        self.content.0.content_type = content_type;
        self
    }
}

/// A value that must not reach a log: `Debug` prints `[hidden]`, and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps `value`.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Reads the value. Each call is a place to check in review.
    pub fn reveal(&self) -> &T {
        &self.0
    }

    /// Gives the value up.
    pub fn into_revealed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_said_does_not_print() {
        let device = DeviceName("porch".into());
        let frame = Frame::new(device, "door".into(), b"front door open".to_vec(), Millis(7));
        let printed = format!("{frame:?}");
        assert!(printed.contains("porch"));
        assert!(printed.contains("[hidden]"));
        assert!(!printed.contains("door\"") && !printed.contains("102, 114"), "leaked: {printed}");
    }
}
