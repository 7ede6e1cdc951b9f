//! A grant as a consent record after ISO/IEC TS 27560:2023, in the W3C's profile `dpv-27560`, and as its receipt.
//!
//! # Promises
//!
//! - A record has every field that the profile says it must have, or there is none, and the error names what is missing.
//! - Its states are the profile's; only `dpv:ConsentGiven` and `dpv:RenewedConsentGiven` ever permit, and of the two a
//!   grant is only ever the first: a changed text is a new consent.
//! - It says whether the subject signed the text, with which key, and when that was looked at.
//! - It tells what was agreed, never what was measured.

use crate::{
    consent::{
        ending::Ending,
        grant::{Clock, Grant},
        operator::buckets,
        purpose,
        schema::{Domain, Rule},
        signed, validity,
    },
    message::Millis,
};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;

const RECORD: &str = "https://w3id.org/dpv/schema/dpv-27560#record";
const RECEIPT: &str = "https://w3id.org/dpv/schema/dpv-27560#receipt-record";

/// What a record must say and this grant's `[record]` does not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("grants/{id}.toml: a consent record must say more: `[record]` lacks {}", missing.join(", "))]
pub struct Incomplete {
    id: String,
    missing: Vec<&'static str>,
}

/// The record of `grant`, as it stands by `clock`.
pub fn record(grant: &Grant, clock: Clock) -> Result<Value, Incomplete> {
    let it = Complete::of(grant)?;
    let id = identifier(grant, "record");
    let basis = if grant.record.is_special() { "eu-gdpr:A9-2-a" } else { "eu-gdpr:A6-1-a" };
    let mut record = json!({
        "@context": context(),
        "@id": format!("urn:uuid:{id}"),
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": RECORD,
        "dct:identifier": id,
        "dpv:hasIdentifier": id,
        "dpv:hasDataSubject": subject(grant),
        "dpv:hasDataController": entity("controller", (it.controller, it.address, it.contact)),
        "dpv:hasJurisdiction": it.jurisdiction,
        "dpv:hasLegalBasis": ["dpv:ExplicitlyExpressedConsent", basis],
        "dpv:hasNotice": notice(grant, &it),
        "dpv:hasProcess": process(grant, &it),
        "dpv:hasConsentControl": {
            "@type": ["dpv:WithdrawConsent"],
            "dct:description": withdrawal(grant),
        },
        "dpv:hasRight": [
            { "@type": ["dpv:DataSubjectRight", "eu-gdpr:A7-3"], "dct:title": "Right to withdraw consent" },
            { "@type": ["dpv:DataSubjectRight", "eu-gdpr:A15"], "dct:title": "Right of access" },
            { "@type": ["dpv:DataSubjectRight", "eu-gdpr:A17"], "dct:title": "Right to erasure" },
        ],
        "dpv:hasConsentStatus": events(grant, &it, clock),
    });
    if let Some(signed) = &grant.signed {
        let mut measure = json!({
            "@type": "dpv:DigitalSignatures",
            "dct:identifier": format!("minisign:{}", signed.key),
        });
        if let Some(at) = signed.at {
            measure["dct:created"] = json!(time(at));
        }
        record["dpv:hasTechnicalOrganisationalMeasure"] = measure;
    }
    if let Some(authority) = &grant.record.authority {
        record["dpv:hasAuthority"] = json!({ "@type": "dpv:Authority", "dpv:hasName": authority });
    }
    Ok(record)
}

/// A receipt for the subject: a copy of the record, made at `now`.
pub fn receipt(grant: &Grant, clock: Clock, now: Millis) -> Result<Value, Incomplete> {
    let mut record = record(grant, clock)?;
    let context = record.as_object_mut().and_then(|it| it.remove("@context"));
    let id = identifier(grant, "receipt");
    Ok(json!({
        "@context": context,
        "@id": format!("urn:uuid:{id}"),
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": RECEIPT,
        "dct:identifier": id,
        "dpv:hasIdentifier": id,
        "dct:created": time(now),
        "dct:audience": "dpv:DataSubject",
        "dpv:hasRecordOfActivity": record,
    }))
}

/// How it is taken back, in plain words.
pub fn withdrawal(grant: &Grant) -> String {
    format!(
        "On the gateway at home: `hushgate grant withdraw {id}`, the button on its page, `stop` in its Matrix room, or \
         delete the file grants/{id}.toml. Nobody must be asked and no reason given. From then on nothing leaves, what \
         waits is deleted, and the recipient is told to delete what it has.",
        id = grant.id
    )
}

/// The state that the grant is in.
pub fn state(grant: &Grant, clock: Clock) -> &'static str {
    match clock {
        Clock::Unknown => "dpv:ConsentUnknown",
        Clock::Known(now) if now >= grant.valid_until || grant.ended().is_some() => {
            "dpv:ConsentExpired"
        }
        // Given, but for later: until then nothing leaves.
        Clock::Known(_) => "dpv:ConsentGiven",
    }
}

/// What the profile demands of `[record]`.
struct Complete<'a> {
    controller: &'a str,
    address: &'a str,
    contact: &'a str,
    category: &'a str,
    notice: &'a str,
    language: &'a str,
    storage: &'a str,
    jurisdiction: &'a str,
    given_by: &'a str,
    given_at: Millis,
}

impl<'a> Complete<'a> {
    fn of(grant: &'a Grant) -> Result<Self, Incomplete> {
        let record = &grant.record;
        let mut missing = Vec::new();
        let mut take = |name: &'static str, it: &'a Option<String>| {
            it.as_deref().unwrap_or_else(|| {
                missing.push(name);
                ""
            })
        };
        let complete = Self {
            controller: take("`controller`", &record.controller),
            address: take("`address`", &record.address),
            contact: take("`contact`", &record.contact),
            category: take("`data-category`", &record.data_category),
            notice: take("`notice`", &record.notice),
            language: take("`language`", &record.language),
            storage: take("`storage-location`", &record.storage_location),
            jurisdiction: take("`jurisdiction`", &record.jurisdiction),
            given_by: take("`given-by`", &record.given_by),
            given_at: record.given_at.unwrap_or_default(),
        };
        if record.given_at.is_none() {
            missing.push("`given-at`");
        }
        if missing.is_empty() {
            Ok(complete)
        } else {
            Err(Incomplete { id: grant.id.clone(), missing })
        }
    }
}

fn context() -> Value {
    json!({
        "dpv": "https://w3id.org/dpv#",
        "sector-health": "https://w3id.org/dpv/sector/health#",
        "pd": "https://w3id.org/dpv/pd#",
        "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
        "dct": "http://purl.org/dc/terms/",
        "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
        "schema": "https://schema.org/",
        "own": "urn:hushgate:purpose:",
    })
}

fn subject(grant: &Grant) -> Value {
    json!({ "@type": "dpv:DataSubject", "dct:identifier": grant.subject })
}

fn entity(id: &str, (name, address, contact): (&str, &str, &str)) -> Value {
    json!({
        "@type": ["dpv:LegalEntity", "dpv:DataController"],
        "dct:identifier": id,
        "dpv:hasName": name,
        "dpv:hasAddress": { "@type": "schema:PostalAddress", "schema:streetAddress": address },
        "dpv:hasContact": contact,
    })
}

fn notice(grant: &Grant, it: &Complete<'_>) -> Value {
    json!({
        "@id": format!("urn:uuid:{}", identifier(grant, "notice")),
        "@type": "dpv:ConsentNotice",
        "dct:language": it.language,
        "dct:description": it.notice,
    })
}

fn process(grant: &Grant, it: &Complete<'_>) -> Value {
    let category = match grant.record.is_special() {
        true => json!([it.category, "dpv:SpecialCategoryPersonalData"]),
        false => json!(it.category),
    };
    let data = |rule: &Rule| {
        json!({
            "@type": category,
            "dct:identifier": rule.path,
            "dct:description": values(rule),
            "dpv:hasDataSource": grant.device,
        })
    };
    let collected = grant.record.collection_method.as_deref();
    json!({
        "@type": "dpv:Process",
        "dpv:hasPurpose": purpose::term(&grant.purpose),
        "dpv:hasPersonalData": grant.fields.iter().map(data).collect::<Vec<_>>(),
        "dpv:hasProcessing": [
            { "@type": "dpv:Collect", "dct:description": collected.unwrap_or("by a device at home") },
            { "@type": "dpv:Share", "dct:description": format!(
                "each field at most once in {}; at most {}", validity::in_words(grant.every), grant.capacity()
            ) },
        ],
        "dpv:hasRecipient": {
            "@type": ["dpv:Recipient", "dpv:ThirdParty"],
            "dct:identifier": grant.recipient,
            "dpv:hasName": grant.recipient,
        },
        "dpv:hasStorageCondition": [
            { "@type": "dpv:StorageLocation", "dpv:hasLocation": it.storage },
            { "@type": "dpv:StorageDuration", "dpv:hasDuration": period(grant.retention) },
        ],
    })
}

/// The values that a field can have, in words.
pub fn values(rule: &Rule) -> String {
    let unit = rule.unit_that_leaves().map_or_else(String::new, |it| format!(" {it}"));
    let values = match &rule.domain {
        Domain::Number { min, max, step } => {
            format!("{min} to {max}{unit}, in steps of {step}")
        }
        Domain::Flag => "yes or no".to_owned(),
        Domain::Choice(texts) => format!("one of: {}", texts.join(", ")),
        Domain::Buckets(edges) => format!("one of: {}{unit}", buckets::labels(edges).join(", ")),
        Domain::Pseudonym(it) => it.in_words(),
    };
    format!("{values}{}", rule.operators.in_words())
}

fn events(grant: &Grant, it: &Complete<'_>, clock: Clock) -> Value {
    let duration = |kind: &str, value: String| json!({ "@type": kind, "rdf:value": value });
    let mut durations = vec![duration("dpv:UntilTimeDuration", time(grant.valid_until))];
    durations.extend(grant.uses.map(|it| duration("dpv:FixedOccurrencesDuration", it.to_string())));
    let until = |it: &Ending| duration("dpv:UntilEventDuration", it.to_string());
    durations.extend(grant.endings.iter().map(until));
    let by = match it.given_by == grant.subject {
        true => json!("dpv:DataSubject"),
        false => json!({ "@type": "dpv:Entity", "dpv:hasName": it.given_by }),
    };
    let mut events = vec![json!({
        "@type": ["dpv:ConsentGiven", "dpv:ExplicitlyExpressedConsent"],
        "dpv:isIndicatedAtTime": time(it.given_at),
        "dpv:isIndicatedBy": by,
        "dpv:hasDuration": durations,
        "dct:description": proof(grant, clock),
    })];
    let state = state(grant, clock);
    if state != "dpv:ConsentGiven" {
        let end = grant.ended().map_or(grant.valid_until, |it| it.min(grant.valid_until));
        let at = if clock == Clock::Unknown { it.given_at } else { end };
        events.push(json!({
            "@type": state,
            "dpv:isIndicatedAtTime": time(at),
            "dpv:isIndicatedBy": { "@type": "dpv:Entity", "dpv:hasName": "the gateway" },
            "dpv:hasDuration": { "@type": "dpv:EndlessDuration" },
        }));
    }
    Value::Array(events)
}

/// What says that it was given, beside the words of the file. A grant that is here was looked at just now.
pub fn proof(grant: &Grant, clock: Clock) -> String {
    let words = signed::in_words(grant);
    match (&grant.signed, clock) {
        (None, _) => format!(
            "The text is {words}: that it was given rests on the word of who keeps the gateway."
        ),
        (_, Clock::Known(now)) => {
            format!("The text is {words} (minisign); the signature was checked at {}.", time(now))
        }
        (_, Clock::Unknown) => {
            format!("The text is {words} (minisign); the signature was checked.")
        }
    }
}

/// A UUID of its own for each text of a grant (RFC 9562, version 8).
fn identifier(grant: &Grant, what: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(what);
    hash.update(&grant.id);
    hash.update(grant.digest);
    let hash: [u8; 32] = hash.finalize().into();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let text = HEXLOWER.encode(&id);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

/// As ISO 8601 writes it.
fn period(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds.is_multiple_of(86_400) {
        format!("P{}D", seconds / 86_400)
    } else {
        format!("PT{seconds}S")
    }
}

fn time(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests;
