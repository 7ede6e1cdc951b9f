//! Records held against what the profile demands.

use super::*;

pub(super) const WHOLE: &str = r#"
subject = "ada"
device = "pacemaker"
recipient = "hospital"
purpose = "sector-health:PatientRemoteMonitoring"
every = "5 min"
retention = "30 days"
valid-from = 2026-11-23T00:00:00Z
valid-for = "180 days"
uses = 100
field = [{ path = "heart-rate", unit = "/min", range = [30, 220], step = 5 }]

[record]
controller = "St. Mary's Hospital"
address = "1 Hospital Road, Graz"
contact = "privacy@hospital.example"
data-category = "pd:MedicalHealth"
notice = "Your pacemaker tells the hospital your pulse in steps of five, every five minutes."
language = "en"
storage-location = "Graz, Austria"
jurisdiction = "AT"
given-by = "ada"
given-at = 2026-11-22T18:00:00Z
authority = "Datenschutzbehörde, Vienna"
"#;

const NOW: Clock = Clock::Known(Millis(1_795_400_000_000));

/// Where the profile wants each field that ISO/IEC TS 27560:2023 makes mandatory (table 7.2 of the W3C's guide).
const MANDATORY: &[(&str, &str)] = &[
    ("schema version", "/dct:conformsTo"),
    ("record id", "/dct:identifier"),
    ("pii principal id", "/dpv:hasDataSubject/dct:identifier"),
    ("privacy notice", "/dpv:hasNotice/@type"),
    ("language", "/dpv:hasNotice/dct:language"),
    ("purpose", "/dpv:hasProcess/dpv:hasPurpose"),
    ("pii information", "/dpv:hasProcess/dpv:hasPersonalData/0/dct:identifier"),
    ("pii type", "/dpv:hasProcess/dpv:hasPersonalData/0/@type"),
    ("pii controllers", "/dpv:hasDataController"),
    ("storage locations", "/dpv:hasProcess/dpv:hasStorageCondition/0/dpv:hasLocation"),
    ("retention period", "/dpv:hasProcess/dpv:hasStorageCondition/1/dpv:hasDuration"),
    ("jurisdiction", "/dpv:hasJurisdiction"),
    ("recipient third parties", "/dpv:hasProcess/dpv:hasRecipient/dct:identifier"),
    ("withdrawal method", "/dpv:hasConsentControl/@type"),
    ("party id", "/dpv:hasDataController/dct:identifier"),
    ("party address", "/dpv:hasDataController/dpv:hasAddress"),
    ("party name", "/dpv:hasDataController/dpv:hasName"),
    ("party contact", "/dpv:hasDataController/dpv:hasContact"),
    ("party type", "/dpv:hasDataController/@type"),
    ("event time", "/dpv:hasConsentStatus/0/dpv:isIndicatedAtTime"),
    ("validity duration", "/dpv:hasConsentStatus/0/dpv:hasDuration/0/rdf:value"),
    ("entity id", "/dpv:hasConsentStatus/0/dpv:isIndicatedBy"),
    ("event type", "/dpv:hasLegalBasis"),
    ("event state", "/dpv:hasConsentStatus/0/@type"),
];

#[track_caller]
fn has_all(record: &Value) {
    for (field, pointer) in MANDATORY {
        let found = record.pointer(pointer).unwrap_or_else(|| panic!("no {field}: {record:#}"));
        assert!(!found.is_null() && found != "" && *found != json!([]), "{field} is empty");
    }
}

#[test]
fn a_record_has_every_field_that_the_standard_makes_mandatory() {
    let record = record(&Grant::of_text(WHOLE), NOW).unwrap();
    has_all(&record);
    assert_eq!(record["dct:conformsTo"], RECORD);
    assert_eq!(record["dpv:hasLegalBasis"][1], "eu-gdpr:A9-2-a");
    assert_eq!(record["dpv:hasConsentStatus"][0]["dpv:hasDuration"][1]["rdf:value"], "100");
}

#[test]
fn a_receipt_is_a_copy_of_the_record() {
    let grant = Grant::of_text(WHOLE);
    let receipt = receipt(&grant, NOW, Millis(1_795_400_000_000)).unwrap();
    has_all(&receipt["dpv:hasRecordOfActivity"]);
    assert_eq!(receipt["dct:conformsTo"], RECEIPT);
    assert_ne!(receipt["dct:identifier"], receipt["dpv:hasRecordOfActivity"]["dct:identifier"]);
    assert!(receipt["dct:created"].is_string());
}

#[test]
fn without_a_mandatory_field_there_is_no_record() {
    for line in WHOLE.lines().skip_while(|it| *it != "[record]").skip(1) {
        let name = line.split(' ').next().unwrap();
        if name == "authority" {
            continue;
        }
        let error = record(&Grant::of_text(&WHOLE.replace(line, "")), NOW).unwrap_err();
        assert!(error.to_string().contains(&format!("lacks `{name}`")), "{error}");
    }
}

#[test]
fn every_use_of_a_term_is_of_a_vocabulary_in_the_context() {
    let record = record(&Grant::of_text(WHOLE), NOW).unwrap();
    let context = record["@context"].as_object().unwrap().clone();
    fn keys(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| {
                all.push(key.clone());
                keys(value, all);
            }),
            Value::Array(list) => list.iter().for_each(|it| keys(it, all)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    record.as_object().unwrap().iter().filter(|it| *it.0 != "@context").for_each(|it| {
        all.push(it.0.clone());
        keys(it.1, &mut all);
    });
    for key in all.iter().filter(|it| !it.starts_with('@')) {
        let prefix = key.split_once(':').unwrap().0;
        assert!(context.contains_key(prefix), "{key}");
    }
}

#[test]
fn an_ended_grant_is_expired_and_a_changed_text_is_another_record() {
    let grant = Grant::of_text(WHOLE);
    let late = record(&grant, Clock::Known(grant.valid_until)).unwrap();
    assert_eq!(late["dpv:hasConsentStatus"][1]["@type"], "dpv:ConsentExpired");
    assert_eq!(state(&grant, Clock::Unknown), "dpv:ConsentUnknown");
    let until = "ends-with = { path = \"at-home\", flag = true }\nuses = 100";
    let grant = Grant::of_text(&WHOLE.replace("uses = 100", until));
    let status = |it: &Grant| record(it, NOW).unwrap()["dpv:hasConsentStatus"].clone();
    let until =
        json!({ "@type": "dpv:UntilEventDuration", "rdf:value": "pacemaker says: at-home" });
    assert_eq!(status(&grant)[0]["dpv:hasDuration"][2], until);
    assert_eq!(status(&grant)[1], Value::Null);
    grant.endings[0].happen(Millis(grant.valid_from.0 + 1));
    assert_eq!(status(&grant)[1]["@type"], "dpv:ConsentExpired");
    assert_eq!(status(&grant)[1]["dpv:isIndicatedAtTime"], time(Millis(grant.valid_from.0 + 1)));
    let other = Grant::of_text(&WHOLE.replace("uses = 100", "uses = 99"));
    assert_ne!(identifier(&grant, "record"), identifier(&other, "record"));
}

#[test]
fn a_record_says_who_signed_the_grant_and_when_that_was_checked_or_that_nobody_did() {
    let mut grant = Grant::of_text(WHOLE);
    let unsigned = record(&grant, NOW).unwrap();
    let says =
        |it: &Value| it["dpv:hasConsentStatus"][0]["dct:description"].as_str().map(str::to_owned);
    assert!(says(&unsigned).unwrap().starts_with("The text is not signed"));
    assert!(unsigned.get("dpv:hasTechnicalOrganisationalMeasure").is_none());
    let at = Some(Millis(1_795_300_000_000));
    grant.signed = Some(crate::consent::signed::SignedBy { key: "ABC".into(), at });
    let signed = record(&grant, NOW).unwrap();
    has_all(&signed);
    let measure = &signed["dpv:hasTechnicalOrganisationalMeasure"];
    assert_eq!(measure["dct:identifier"], "minisign:ABC");
    assert_eq!(measure["dct:created"], "2026-11-21T22:26:40Z");
    assert_eq!(
        says(&signed).unwrap(),
        "The text is signed by ada with the key ABC at 2026-11-21T22:26:40Z (minisign); the signature was checked at \
         2026-11-23T02:13:20Z."
    );
}
