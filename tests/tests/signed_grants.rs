//! A subject has a key: only what it signed is a grant of theirs, at the start and while the gateway runs.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    minisign::{key_pair, sign_file, verifies},
    program::{run, run_ok},
    world::{GRANT, World, wait_until},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

const ID: &str = "ada-pacemaker";

const RECORD: &str = r#"
[record]
controller = "St. Mary's Hospital"
address = "1 Hospital Road, Graz"
contact = "privacy@hospital.example"
data-category = "pd:MedicalHealth"
notice = "Your pacemaker tells the hospital your pulse."
language = "en"
storage-location = "Graz, Austria"
jurisdiction = "AT"
given-by = "ada"
given-at = 2026-11-22T18:00:00Z
"#;

/// A gateway that does not run yet, where `ada` signs her grants; her key pair, and its public half.
fn signing() -> (World, TempDir, String) {
    let (world, keys) = (World::new(), tempfile::tempdir().unwrap());
    let public = key_pair(keys.path());
    world.edit_settings(|it| format!("{it}\n[consent]\nsigners = {{ ada = \"{public}\" }}\n"));
    world.grant(ID, &format!("{GRANT}{RECORD}"));
    (world, keys, public)
}

/// The same with a signed grant and everything running.
fn running() -> (World, TempDir, String) {
    let (mut world, keys, public) = signing();
    sign_file(keys.path(), &grant(&world));
    world.start_gateway();
    world.queue(70);
    (world, keys, public)
}

fn grant(world: &World) -> PathBuf {
    world.gateway_dir().join(format!("grants/{ID}.toml"))
}

fn signature(world: &World) -> PathBuf {
    world.gateway_dir().join(format!("grants/{ID}.toml.minisig"))
}

fn place(path: &Path, bytes: impl AsRef<[u8]>) {
    let partial = path.with_extension("partial");
    fs::write(&partial, bytes).unwrap();
    fs::rename(partial, path).unwrap();
}

/// Also what goes wrong is said there.
fn status(world: &World) -> String {
    let output = run(&world.gateway_dir(), &["status"]);
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// Nothing leaves any more, and what is wrong is said.
#[track_caller]
fn is_denied(world: &World, problem: &str) {
    let before = world.ledger_count("withheld", Some("no-grant"));
    wait_until("the next frame is withheld", || {
        assert_eq!(world.put("/patient/beats/bpm", b"Beats: 72.00 bpm "), 204);
        world.ledger_count("withheld", Some("no-grant")) > before
    });
    let queued = world.ledger_count("queued", None);
    for _ in 0..3 {
        assert_eq!(world.put("/patient/beats/bpm", b"Beats: 73.00 bpm "), 204);
    }
    assert_eq!(world.ledger_count("queued", None), queued);
    let status = status(world);
    assert!(status.contains(problem), "{status}");
    let degraded = || fs::read_to_string(world.gateway_dir().join("state/degraded"));
    wait_until("the gateway says it", || degraded().is_ok_and(|it| it.contains(problem)));
}

#[track_caller]
fn does_not_start(world: &World, problem: &str) {
    let output = run(&world.gateway_dir(), &["run"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(3) && text.contains(problem), "{problem}: {text}");
    assert!(!world.gateway_dir().join("state/gateway.db").exists(), "it began to work");
}

#[test]
fn a_gateway_starts_with_the_signature_of_the_subject_and_with_no_other() {
    let (mut world, keys, public) = signing();
    let text = fs::read_to_string(grant(&world)).unwrap();
    does_not_start(&world, "grants/ada-pacemaker.toml:2: is not signed, and `ada` has a key");
    let other = tempfile::tempdir().unwrap();
    key_pair(other.path());
    sign_file(other.path(), &grant(&world));
    does_not_start(&world, "grants/ada-pacemaker.toml.minisig:2: is by the key ");
    sign_file(keys.path(), &grant(&world));
    let good = fs::read_to_string(signature(&world)).unwrap();
    world.grant(ID, &format!("{}{RECORD}", GRANT.replace("step = 5", "step = 4")));
    does_not_start(&world, "grants/ada-pacemaker.toml: is not as `ada` signed it");
    world.grant(ID, &text);
    fs::write(signature(&world), &good[..good.len() / 2]).unwrap();
    does_not_start(&world, "is no whole minisign signature");
    fs::write(signature(&world), &good).unwrap();
    // The same text and signature under another name are no second grant.
    let copy = world.gateway_dir().join("grants/copy.toml");
    fs::copy(grant(&world), &copy).unwrap();
    fs::copy(signature(&world), copy.with_extension("toml.minisig")).unwrap();
    does_not_start(&world, "copy.toml.minisig:3: was not made for a file `copy.toml`");
    fs::remove_file(copy).unwrap();
    world.start_gateway();
    world.queue(71);
    wait_until("it is delivered", || world.ledger_count("delivered", None) == 1);
    let says = format!("signed by ada with the key {} at 20", number(&public));
    for args in [&["grant", "list"][..], &["status"], &["grant", "export", ID]] {
        assert!(run_ok(&world.gateway_dir(), args).contains(&says), "{args:?}");
    }
    let (home, page) = (world.gateway_dir(), world.dir.path().join("receipt.html"));
    run_ok(&home, &["grant", "receipt", ID, "--out", page.to_str().unwrap()]);
    assert!(fs::read_to_string(page).unwrap().contains(&says));
    let file = world.dir.path().join("ada.json");
    run_ok(&home, &["export", "ada", "--out", file.to_str().unwrap()]);
    let held = fs::read_to_string(file).unwrap();
    let held: serde_json::Value = serde_json::from_str(&held).unwrap();
    assert_eq!(held["grants"][0]["signature"], good);
}

/// As minisign writes it above the key.
fn number(public: &str) -> String {
    let bytes = data_encoding::BASE64.decode(public.as_bytes()).unwrap();
    format!("{:X}", u64::from_le_bytes(bytes[2..10].try_into().unwrap()))
}

#[test]
fn a_signature_that_goes_or_breaks_while_it_runs_denies_and_a_good_one_permits_again() {
    let (mut world, keys, _) = running();
    wait_until("it is delivered", || world.ledger_count("delivered", None) == 1);
    world.hub.as_mut().unwrap().kill();
    world.queue(71);
    let (good, text) = (fs::read(signature(&world)).unwrap(), fs::read(grant(&world)).unwrap());
    fs::remove_file(signature(&world)).unwrap();
    wait_until("what waits is purged", || world.ledger_count("purged", Some("grant-ended")) == 1);
    is_denied(&world, "grants/ada-pacemaker.toml:2: is not signed");
    place(&signature(&world), &good);
    world.queue(72);
    assert!(!status(&world).contains("DEGRADED"));
    let mut changed = good.clone();
    changed[80] ^= 1;
    place(&signature(&world), &changed);
    is_denied(&world, "grants/ada-pacemaker.toml");
    place(&signature(&world), &good);
    world.queue(73);
    let mut changed = text.clone();
    let at = String::from_utf8(text).unwrap().find("step = 5").unwrap();
    changed[at + 7] = b'4';
    place(&grant(&world), &changed);
    is_denied(&world, "grants/ada-pacemaker.toml: is not as `ada` signed it");
    // The text came first; its signature makes it a grant.
    sign_file(keys.path(), &grant(&world));
    world.queue(74);
    assert!(!status(&world).contains("DEGRADED"));
    // Signed once more: what waits under the same text stays.
    let purged = world.ledger_count("purged", None);
    sign_file(keys.path(), &grant(&world));
    world.gateway.as_ref().unwrap().hang_up();
    world.queue(75);
    assert_eq!(world.ledger_count("purged", None), purged);
    world.verify();
}

#[test]
fn a_key_that_is_replaced_ends_what_it_signed_whatever_is_wrong_elsewhere() {
    let (world, keys, public) = running();
    let newer = tempfile::tempdir().unwrap();
    let new = key_pair(newer.path());
    let (whole, broken) = ("frame-bytes-max = 65536", "frame-bytes-max = 1");
    world.edit_settings(|it| it.replace(&public, &new).replace(whole, broken));
    is_denied(&world, "hushgate.toml");
    world.edit_settings(|it| it.replace(&new, &public).replace(broken, whole));
    world.queue(71);
    // A key that is taken out of settings which do not count is still asked for.
    let (key, none) = (format!("{{ ada = \"{public}\" }}"), "{ }");
    world.edit_settings(|it| it.replace(&key, none).replace(whole, broken));
    wait_until("it is told", || status(&world).contains("hushgate.toml:"));
    world.queue(72);
    fs::remove_file(signature(&world)).unwrap();
    is_denied(&world, "hushgate.toml");
    let key = key.replace(&public, &new);
    world.edit_settings(|it| {
        let signers = |it: &str| format!("signers = {it}");
        it.replace(&signers(none), &signers(&key)).replace(broken, whole)
    });
    is_denied(&world, "grants/ada-pacemaker.toml:2: is not signed");
    sign_file(keys.path(), &grant(&world));
    is_denied(&world, "grants/ada-pacemaker.toml.minisig:2: is by the key ");
    sign_file(newer.path(), &grant(&world));
    world.queue(73);
    world.verify();
}

#[test]
fn of_a_withdrawn_grant_the_signature_is_kept_and_still_fits_until_it_is_erased() {
    let (mut world, _keys, public) = running();
    run_ok(&world.gateway_dir(), &["grant", "withdraw", ID]);
    assert!(!signature(&world).exists());
    let kept = world.gateway_dir().join(format!("grants/withdrawn/{ID}.toml"));
    assert!(verifies(&public, &kept));
    let signature = fs::read_to_string(kept.with_extension("toml.minisig")).unwrap();
    assert!(signature.contains("\n# Withdrawn at 20"), "{signature}");
    wait_until("it is withdrawn", || world.ledger_count("withdrawn", None) == 1);
    assert_eq!(world.put("/patient/beats/bpm", b"Beats: 72.00 bpm "), 204);
    assert_eq!(world.ledger_count("withheld", Some("no-grant")), 1);
    world.gateway = None;
    run_ok(&world.gateway_dir(), &["erase", "--grant", ID, "--yes"]);
    assert!(!kept.exists() && !kept.with_extension("toml.minisig").exists());
}

#[test]
fn each_subject_of_a_device_signs_for_themselves() {
    let (mut world, keys, ada) = signing();
    let ben_keys = tempfile::tempdir().unwrap();
    let ben = key_pair(ben_keys.path());
    sign_file(keys.path(), &grant(&world));
    world.edit_settings(|it| {
        it.replace("subjects = [\"ada\"]", "subjects = [\"ada\", \"ben\"]")
            .replace(&format!("ada = \"{ada}\""), &format!("ada = \"{ada}\", ben = \"{ben}\""))
    });
    world.grant("ben-pacemaker", &GRANT.replace("\"ada\"", "\"ben\""));
    let bens = world.gateway_dir().join("grants/ben-pacemaker.toml");
    does_not_start(&world, "grants/ben-pacemaker.toml:2: is not signed, and `ben` has a key");
    sign_file(keys.path(), &bens);
    does_not_start(&world, "grants/ben-pacemaker.toml.minisig:2: is by the key ");
    sign_file(ben_keys.path(), &bens);
    world.start_gateway();
    world.queue(71);
    fs::remove_file(bens.with_extension("toml.minisig")).unwrap();
    is_denied(&world, "grants/ben-pacemaker.toml:2: is not signed");
}

#[test]
fn a_new_grant_of_somebody_with_a_key_says_that_it_is_to_be_signed() {
    let (mut world, keys, _) = signing();
    let home = world.gateway_dir();
    fs::remove_file(grant(&world)).unwrap();
    let new = |subject| {
        let args = ["--subject", subject, "--device", "pacemaker", "--recipient", "hospital"];
        run(&home, &[&["grant", "new"][..], &args].concat())
    };
    let said = String::from_utf8(new("ada").stdout).unwrap();
    let path = home.join("grants/ada-pacemaker-hospital.toml");
    assert!(said.contains(&format!("minisign -Sm {}", path.display())), "{said}");
    does_not_start(&world, "ada-pacemaker-hospital.toml:");
    // What is wrong is still found before anything is written.
    sign_file(keys.path(), &path);
    let refused = new("eva");
    assert_eq!(refused.status.code(), Some(3));
    assert!(!home.join("grants/eva-pacemaker-hospital.toml").exists());
    world.edit_settings(|it| it.replace("ada = \"RW", "adda = \"RW"));
    does_not_start(&world, "`adda` is a subject of no device");
    world.edit_settings(|it| it.replace("adda = \"RW", "ada = \"RW"));
    world.start_gateway();
}

#[test]
fn whoever_gets_a_record_can_check_that_the_gateway_issued_it() {
    let (world, keys, _) = signing();
    sign_file(keys.path(), &grant(&world));
    let home = world.gateway_dir();
    let key = run_ok(&home, &["grant", "key"]);
    let path = world.dir.path().join("record.note");
    let (file, nowhere) = (path.to_str().unwrap(), world.dir.path().join("nowhere"));
    let check = |key: &str| run(&nowhere, &["grant", "check", file, "--key", key.trim()]);
    let note = run_ok(&home, &["grant", "export", ID, "--signed"]);
    fs::write(&path, &note).unwrap();
    let good = check(&key);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let record = run_ok(&home, &["grant", "export", ID]);
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let id = record["dct:identifier"].as_str().unwrap();
    assert!(String::from_utf8_lossy(&good.stdout).contains(id));
    fs::write(&path, note.replacen("Graz", "Linz", 1)).unwrap();
    assert_eq!(check(&key).status.code(), Some(3));
    fs::write(&path, &note).unwrap();
    // The ledger's key speaks for its checkpoints alone.
    let ledgers = run_ok(&home, &["ledger", "key"]);
    assert_eq!(check(&ledgers).status.code(), Some(3));
    assert_eq!(check("nonsense").status.code(), Some(3));
}
