//! What a subject can ask of a gateway about themselves: everything that it holds.
//!
//! # Promises
//!
//! - What is exported is all that is on disk about the subject's devices and grants, but for secrets that would let others
//!   in: devices' passwords and the settings of adapters, which may hold keys.
//! - What only the recipient can read stays sealed, and is exported so.

pub mod erase;

use crate::{
    config::{Config, Device, signers},
    consent::{
        entropy::{Bits, Estimate},
        grant::Grant,
    },
    keys::Vault,
    ledger::{self, Entry},
    message::Millis,
    outbox::{self, Parcel},
    store::{
        daily::{self, Line},
        estimates, state,
    },
};
use data_encoding::{BASE64, HEXLOWER};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::{self, Write},
};

/// How many entries of the ledger are in memory at once.
const PAGE: usize = 4096;

/// Why it could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No device and no grant names the subject.
    #[error("no device and no grant here names a subject `{0}`")]
    Nobody(String),
    /// The gateway's file cannot be read.
    #[error("the gateway's store cannot be read: {0}")]
    Store(#[from] rusqlite::Error),
    /// A file cannot be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// What a gateway holds about one subject.
pub struct Held<'a> {
    config: &'a Config,
    /// Nothing where the gateway has never run.
    store: Option<(&'a Connection, &'a Vault)>,
    subject: &'a str,
    devices: Vec<&'a Device>,
    grants: Vec<&'a Grant>,
}

impl<'a> Held<'a> {
    /// About `subject`.
    pub fn of(
        config: &'a Config,
        store: Option<(&'a Connection, &'a Vault)>,
        subject: &'a str,
    ) -> Result<Self, ExportError> {
        let devices: Vec<_> =
            config.devices.iter().filter(|it| it.subjects.iter().any(|it| it == subject)).collect();
        let grants: Vec<_> = config.grants.iter().filter(|it| it.subject == subject).collect();
        if devices.is_empty() && grants.is_empty() {
            return Err(ExportError::Nobody(subject.to_owned()));
        }
        Ok(Self { config, store, subject, devices, grants })
    }

    /// Writes all of it as one JSON object.
    pub fn export(&self, out: &mut impl Write) -> Result<(), ExportError> {
        let now = time(Millis::now());
        writeln!(out, "{{\"subject\":{},\"exported\":{}", json!(self.subject), json!(now))?;
        list(out, "devices", self.devices.iter().map(|it| Ok(device(it))))?;
        list(out, "grants", self.grants.iter().map(|it| self.grant(it)))?;
        if let Some((store, vault)) = self.store {
            list(out, "remembered", self.remembered(store, vault)?.into_iter().map(Ok))?;
            list(out, "waiting", self.waiting(store)?.into_iter().map(Ok))?;
            let lines = daily::since(store, 0)?;
            let lines = lines.iter().filter(|it| self.has(&it.device)).map(|it| Ok(day(it)));
            list(out, "days", lines)?;
            let estimates = estimates::look(store)?;
            let estimates = estimates.iter().filter(|it| self.has(&it.device));
            list(out, "entropy", estimates.map(|it| Ok(estimate(it))))?;
            list(out, "ledger", self.entries(store))?;
        }
        writeln!(out, "}}")?;
        Ok(())
    }

    fn has(&self, device: &str) -> bool {
        self.devices.iter().any(|it| &*it.name.0 == device)
    }

    fn grant(&self, grant: &Grant) -> Result<Value, ExportError> {
        let file =
            |dir: std::path::PathBuf| fs::read_to_string(dir.join(format!("{}.toml", grant.id)));
        let emergency = file(self.config.home.glass()).ok();
        let text = file(self.config.home.grants())?;
        let path = self.config.home.grants().join(format!("{}.toml", grant.id));
        let signature = signers::signature(&path).ok().flatten();
        Ok(json!({
            "id": grant.id, "text": text, "signature": signature, "emergency": emergency,
            "ended": grant.ended().and_then(time),
        }))
    }

    /// What minimizers and the host keep from frame to frame, as their own bytes.
    fn remembered(&self, store: &Connection, vault: &Vault) -> rusqlite::Result<Vec<Value>> {
        let grants = self.config.grants.iter();
        let grants = grants.filter(|it| it.subject == self.subject || self.has(&it.device));
        let mut owners: BTreeSet<_> = grants.map(|it| it.id.clone()).collect();
        for device in &self.devices {
            owners.extend(state::owners(store, &device.name.0)?);
        }
        let mut remembered = Vec::new();
        for owner in owners {
            if let Some(bytes) = state::get(store, vault, &owner)? {
                remembered.push(json!({ "of": owner, "base64": BASE64.encode(&bytes) }));
            }
        }
        Ok(remembered)
    }

    fn waiting(&self, store: &Connection) -> rusqlite::Result<Vec<Value>> {
        let mut all = Vec::new();
        for device in &self.devices {
            all.extend(outbox::of_device(store, &device.name.0)?.iter().map(release));
        }
        Ok(all)
    }

    fn entries(&self, store: &Connection) -> impl Iterator<Item = Result<Value, ExportError>> {
        let mut at = Some(0);
        let pages = std::iter::from_fn(move || {
            let page = ledger::after(store, at?, PAGE);
            at = page.as_ref().ok().and_then(|it| it.last()).map(|it| it.seq);
            page.map(|it| (!it.is_empty()).then_some(it)).transpose()
        });
        pages.flat_map(|page| match page {
            Ok(page) => page
                .into_iter()
                .filter(|it| self.has(&it.device))
                .map(|it| Ok(entry(&it)))
                .collect(),
            Err(error) => vec![Err(error.into())],
        })
    }
}

/// One named array, an entry a line.
fn list(
    out: &mut impl Write,
    name: &str,
    items: impl Iterator<Item = Result<Value, ExportError>>,
) -> Result<(), ExportError> {
    write!(out, ",{}:[", json!(name))?;
    for (item, number) in items.zip(0_u64..) {
        write!(out, "{}\n{}", if number > 0 { "," } else { "" }, item?)?;
    }
    writeln!(out, "]")?;
    Ok(())
}

fn device(device: &Device) -> Value {
    json!({
        "name": &*device.name.0, "subjects": device.subjects, "topics": device.topics,
        "adapter": device.adapter.plugin,
    })
}

fn release(Parcel { waiting, envelope }: &Parcel) -> Value {
    json!({
        "release": waiting.release.to_string(), "frame": waiting.frame, "device": waiting.device,
        "recipient": waiting.recipient, "grant": waiting.grant, "expires": time(waiting.expires),
        "sent": waiting.sent, "sealed-base64": BASE64.encode(envelope),
    })
}

fn day(line: &Line) -> Value {
    let counts = &line.counts;
    json!({
        "day": time(Millis(line.day.saturating_mul(86_400_000))), "device": line.device,
        "recipient": line.recipient, "kind": line.kind.name(), "reason": line.reason,
        "events": counts.events, "fields-in": counts.fields_in, "fields-out": counts.fields_out,
        "bytes-in": counts.bytes_in, "bytes-out": counts.bytes_out,
    })
}

fn estimate(estimate: &Estimate) -> Value {
    let bits = |it: &Bits| json!({ "bits": it.bits, "values": it.values, "at-least": it.at_least });
    json!({
        "grant": estimate.grant, "recipient": estimate.recipient, "field": estimate.path,
        "came": bits(&estimate.came), "left": bits(&estimate.left),
    })
}

fn entry(entry: &Entry) -> Value {
    json!({
        "seq": entry.seq, "at": time(entry.at), "kind": entry.kind.name(), "reason": entry.reason,
        "frame": entry.frame, "device": entry.device, "recipient": entry.recipient,
        "grant": entry.grant, "release": entry.release.map(|it| HEXLOWER.encode(&it)),
    })
}

fn time(at: Millis) -> Option<String> {
    jiff::Timestamp::from_millisecond(at.0).ok().map(|it| it.to_string())
}
