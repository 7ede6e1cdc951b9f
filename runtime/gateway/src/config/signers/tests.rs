//! Signatures of grants, made here as minisign makes them, and everything that can be wrong with one.

use super::*;
use crate::consent::signed::in_words;
use blake2::{Blake2b512, Digest};
use data_encoding::BASE64;
use ed25519_dalek::{Signer, SigningKey};

const GRANT: &str = "subject = \"ada\"\ndevice = \"pacemaker\"\nrecipient = \"hospital\"\n\
    purpose = \"sector-health:PatientMonitoring\"\nevery = \"5 min\"\nretention = \"30 days\"\n\
    valid-from = 2026-11-23T00:00:00Z\nvalid-for = \"180 days\"\n\
    field = [{ path = \"heart-rate\", unit = \"/min\", range = [30, 220], step = 5 }]\n";
const COMMENT: &str = "timestamp:1795792439\tfile:ada.toml\thashed";

/// A key pair of minisign's, with a number.
struct Pair(SigningKey, u64);

impl Pair {
    fn of(number: u8) -> Self {
        Self(SigningKey::from_bytes(&[number; 32]), u64::from(number))
    }

    fn public(&self) -> String {
        let key = self.0.verifying_key();
        BASE64.encode(&[&b"Ed"[..], &self.1.to_le_bytes(), key.as_bytes()].concat())
    }

    fn sign(&self, kind: &[u8; 2], text: &str, comment: &str) -> String {
        let signature = match kind {
            b"ED" => self.0.sign(&Blake2b512::digest(text)),
            _ => self.0.sign(text.as_bytes()),
        };
        let signature = signature.to_bytes();
        let global = self.0.sign(&[&signature[..], comment.as_bytes()].concat()).to_bytes();
        let written = BASE64.encode(&[&kind[..], &self.1.to_le_bytes(), &signature].concat());
        let global = BASE64.encode(&global);
        format!("untrusted comment: by a test\n{written}\ntrusted comment: {comment}\n{global}\n")
    }
}

fn settings(text: &str) -> Result<Signers, String> {
    let source = Source::from_text(Path::new("hushgate.toml"), text);
    Signers::alone(&source).map_err(|it| it.to_string())
}

fn signers() -> Signers {
    settings(&format!("[consent]\nsigners = {{ ada = \"{}\" }}\n", Pair::of(7).public())).unwrap()
}

fn check(text: &str, signature: Option<&str>) -> Result<Grant, String> {
    let source = Source::from_text(Path::new("grants/ada.toml"), text);
    let mut grant = Grant::from_source(&source).unwrap();
    let signed = signers().check((&source, &grant), signature);
    grant.signed = signed.map_err(|it| it.to_string())?;
    Ok(grant)
}

fn good() -> String {
    Pair::of(7).sign(b"ED", GRANT, COMMENT)
}

#[test]
fn a_grant_that_its_subject_signed_says_by_which_key_and_when() {
    let grant = check(GRANT, Some(&good())).unwrap();
    assert_eq!(in_words(&grant), "signed by ada with the key 7 at 2026-11-27T15:13:59Z");
    // A time that nobody can have meant is none.
    let comment = COMMENT.replace("1795792439", "9223372036854775807");
    let grant = check(GRANT, Some(&Pair::of(7).sign(b"ED", GRANT, &comment))).unwrap();
    assert_eq!(in_words(&grant), "signed by ada with the key 7");
}

#[test]
fn a_subject_without_a_key_needs_no_signature_and_gets_no_help_from_one() {
    let text = GRANT.replace("\"ada\"", "\"ben\"");
    for signature in [None, Some("nonsense"), Some(&*good())] {
        let grant = check(&text, signature).unwrap();
        assert_eq!(in_words(&grant), "not signed");
    }
}

#[track_caller]
fn refused(text: &str, signature: Option<&str>, problem: &str) {
    let error = check(text, signature).unwrap_err();
    assert!(error.starts_with(problem), "{error}");
}

#[test]
fn every_other_signature_is_told_with_its_file_and_what_to_do() {
    let ada = Pair::of(7);
    refused(
        GRANT,
        None,
        "grants/ada.toml:1: is not signed, and `ada` has a key (`[consent] signers` in hushgate.toml): have it signed with `minisign -Sm grants/ada.toml`",
    );
    let changed = "grants/ada.toml: is not as `ada` signed it";
    refused(&GRANT.replace("step = 5", "step = 1"), Some(&good()), changed);
    refused(&format!("{GRANT}\n"), Some(&good()), changed);
    let stranger = Pair::of(8).sign(b"ED", GRANT, COMMENT);
    let by = "grants/ada.toml.minisig:2: is by the key 8, and `ada` signs with 7";
    refused(GRANT, Some(&stranger), by);
    // Somebody else under her key's number.
    let feigned = Pair(SigningKey::from_bytes(&[8; 32]), 7).sign(b"ED", GRANT, COMMENT);
    refused(GRANT, Some(&feigned), changed);
    let old = "grants/ada.toml.minisig:2: is of minisign's old kind";
    refused(GRANT, Some(&ada.sign(b"Ed", GRANT, COMMENT)), old);
    let broken = "is no whole minisign signature";
    for (signature, line) in [
        (String::new(), 1),
        ("ssh-ed25519 AAAA\n".to_owned(), 2),
        (ada.sign(b"RS", GRANT, COMMENT), 2),
        (good().lines().take(2).collect::<Vec<_>>().join("\n"), 3),
        (good()[..good().len() - 9].to_owned(), 4),
    ] {
        let problem = format!("grants/ada.toml.minisig:{line}: {broken}");
        refused(GRANT, Some(&signature), &problem);
    }
}

#[test]
fn a_signature_counts_for_the_name_that_it_was_made_for() {
    let ada = Pair::of(7);
    let name = "grants/ada.toml.minisig:3: was not made for a file `ada.toml`";
    refused(GRANT, Some(&ada.sign(b"ED", GRANT, "timestamp:1\tfile:ada-2.toml\thashed")), name);
    refused(GRANT, Some(&ada.sign(b"ED", GRANT, "a comment of her own")), name);
    refused(GRANT, Some(&ada.sign(b"ED", GRANT, "")), name);
    let forged = good().replace("file:ada.toml", "file:eva.toml");
    refused(GRANT, Some(&forged), "grants/ada.toml: is not as `ada` signed it");
}

#[test]
fn what_stands_beside_a_grant_is_read_up_to_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let grant = dir.path().join("ada.toml");
    assert_eq!(signature(&grant).unwrap(), None);
    let path = dir.path().join("ada.toml.minisig");
    std::fs::write(&path, good()).unwrap();
    assert_eq!(signature(&grant).unwrap(), Some(good()));
    for (bytes, problem) in [
        (vec![b' '; (16 << 10) + 1], "ada.toml.minisig: is larger than 16384 bytes"),
        (vec![0xff, 0xfe], "ada.toml.minisig: is not UTF-8"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let error = signature(&grant).unwrap_err().to_string();
        assert!(error.ends_with(problem), "{error}");
    }
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/nowhere/at/all", &path).unwrap();
    assert!(signature(&grant).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn a_key_is_checked_with_its_line_and_only_its_own_part_of_the_settings_counts() {
    let key = Pair::of(7).public();
    let other_part = format!("[mqtt]\nlisten = 5\n[consent]\nsigners.ada = \"{key}\"\n");
    assert_eq!(settings(&other_part).unwrap(), signers());
    assert!(settings("[mqtt]\n").unwrap().is_empty());
    let wrong = settings("[consent]\nsigners = { ada = \"RWQ\" }\n").unwrap_err();
    assert!(wrong.starts_with("hushgate.toml:2: must be a minisign public key"), "{wrong}");
    let misspelt = settings("[consent]\nsinger = { }\n").unwrap_err();
    assert!(misspelt.starts_with("hushgate.toml:2: unknown field `singer`"), "{misspelt}");
    let file: ConsentFile = toml::from_str(&format!("signers = {{ adda = \"{key}\" }}")).unwrap();
    let source = Source::from_text(Path::new("hushgate.toml"), "signers = {}");
    let error = Signers::of(&source, &file, &[]).unwrap_err().to_string();
    assert_eq!(error, "hushgate.toml:1: `adda` is a subject of no device: is the name right?");
}
