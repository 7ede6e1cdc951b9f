//! Plugins in OCI registries: published and fetched by digest at Debian's docker-registry, refused from registries
//! that lie, and asked for through Tor.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up should fail loudly")]

use hushgate_tests::{
    guest, minisign,
    program::{run, run_ok, run_with},
    registry::{ACCOUNT, Liar, Registry, digest, manifest},
    socks::{Proxy, words},
    world::World,
};
use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Output,
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

const HEX: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
/// How long a peer that was to be asked may wait for it.
const ANSWER_MAX: Duration = Duration::from_secs(60);
const CASES: &str = r#"
[[case]]
name = "the first call"
frame = { file = "one.bin" }
contains = [{ kind = "", field = [{ path = "heart-rate", value = 1.0, unit = "/min" }] }]
[properties]
deterministic = false
"#;

/// A gateway without any way out.
fn loopback() -> World {
    World::alone("kind = \"loopback\"")
}

/// A plugin `z` that passes its own tests, with a frame in a file of its own.
fn plugin(world: &World) -> PathBuf {
    guest::install(world.dir.path(), ("z", "adapter"), &guest::component("counts"));
    let dir = world.dir.path().join("plugins/z");
    fs::write(dir.join("cases.toml"), CASES).unwrap();
    fs::write(dir.join("one.bin"), b"anything").unwrap();
    dir
}

/// Publishes it; its address.
#[track_caller]
fn push(world: &World, plugin: &Path, to: &str) -> String {
    let said = run_ok(&world.gateway_dir(), &["plugin", "push", plugin.to_str().unwrap(), to]);
    said.lines().last().unwrap().to_owned()
}

fn add(world: &World, args: &[&str]) -> Output {
    run(&world.gateway_dir(), &[&["plugin", "add"], args].concat())
}

/// It must be the owner's to change something, and nothing may have changed.
#[track_caller]
fn refused(world: &World, args: &[&str], why: &str) {
    let output = add(world, args);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(3) && text.contains(why), "{why}: {text}");
    assert!(!world.gateway_dir().join("plugins/z").exists(), "{why}: it was installed");
}

#[test]
fn what_was_published_is_taken_in_by_its_digest_alone() {
    let (registry, world) = (Registry::open(), loopback());
    let plugin = plugin(&world);
    fs::write(plugin.join("notes.txt"), "no part of it").unwrap();
    let to = registry.at("ada/z:1.0");
    let address = push(&world, &plugin, &to);
    assert!(address.starts_with(&registry.at("ada/z@sha256:")), "{address}");
    assert_eq!(push(&world, &plugin, &to), address, "the same files");
    assert_eq!(push(&world, &plugin, &registry.at("ada/z:latest")), address);

    refused(&world, &[&to], "a tag can be moved");
    refused(&world, &[&registry.at("ada/z")], "a tag can be moved");
    refused(&world, &[&registry.at(&format!("ada/z@sha256:{HEX}"))], "no such artifact");
    let said = run_ok(&world.gateway_dir(), &["plugin", "add", &address]);
    assert!(said.contains("fetched 4 files") && said.contains("z 1.0.0 is new"), "{said}");
    let home = world.gateway_dir();
    assert!(run_ok(&home, &["plugin", "list"]).contains("z 1.0.0 (adapter"));
    for file in ["plugin.toml", "plugin.wasm", "cases.toml", "one.bin"] {
        let installed = fs::read(home.join("plugins/z").join(file)).unwrap();
        assert_eq!(installed, fs::read(plugin.join(file)).unwrap(), "{file}");
    }
    // Moved to other bytes, the tag changes nothing for who has the address.
    let other = guest::variant(&guest::component("counts"), 1);
    fs::write(plugin.join("plugin.wasm"), other).unwrap();
    assert_ne!(push(&world, &plugin, &to), address);
    let said = run_ok(&home, &["plugin", "add", &address]);
    assert!(said.contains("newly declared fields: none"), "{said}");
    let installed = fs::read(home.join("plugins/z/plugin.wasm")).unwrap();
    assert_eq!(installed, guest::component("counts"));
}

#[test]
fn what_fails_its_own_tests_is_neither_published_nor_taken_in() {
    let (registry, world) = (Registry::open(), loopback());
    let plugin = plugin(&world);
    fs::write(plugin.join("cases.toml"), CASES.replace("1.0", "2.0")).unwrap();
    let (dir, to) = (plugin.to_str().unwrap(), registry.at("z:1"));
    let pushed = run(&world.gateway_dir(), &["plugin", "push", dir, &to]);
    let text = String::from_utf8(pushed.stderr).unwrap();
    assert!(text.contains("its own tests fail; nothing was published"), "{text}");
    let address = by_hand(&registry, &plugin, &[]);
    refused(&world, &[&address], "its own tests fail; nothing was changed");
}

/// Publishes a plugin's files, and others by these names, past the program.
fn by_hand(registry: &Registry, plugin: &Path, more: &[&str]) -> String {
    let names = ["plugin.toml", "plugin.wasm", "cases.toml", "one.bin"];
    let mut files: Vec<_> =
        names.map(|it| (it, fs::read(plugin.join(it)).unwrap())).into_iter().collect();
    files.extend(more.iter().map(|it| (*it, b"x".to_vec())));
    files.iter().for_each(|it| registry.put_blob("z", &it.1));
    registry.put_blob("z", b"{}");
    let listed: Vec<_> = files.iter().map(|it| (it.0, &*it.1, it.1.len())).collect();
    registry.put_manifest("z", &manifest(&listed))
}

#[test]
fn an_artifact_that_holds_more_than_a_plugin_is_refused() {
    let (registry, world) = (Registry::open(), loopback());
    let plugin = plugin(&world);
    for name in ["../x", "/tmp/hushgate-test-x", "a/b", ".profile"] {
        refused(&world, &[&by_hand(&registry, &plugin, &[name])], "file 5 has no plain name");
    }
    refused(&world, &[&by_hand(&registry, &plugin, &["plugin.toml"])], "the name of another");
    refused(&world, &[&by_hand(&registry, &plugin, &["x.so"])], "holds `x.so`");
    assert!(add(&world, &[&by_hand(&registry, &plugin, &[])]).status.success());
}

#[test]
fn bytes_that_were_altered_at_the_registry_are_refused() {
    let (registry, world) = (Registry::open(), loopback());
    let plugin = plugin(&world);
    let address = push(&world, &plugin, &registry.at("z:1"));
    for file in ["plugin.wasm", "cases.toml"] {
        let good = fs::read(plugin.join(file)).unwrap();
        let kept = registry.kept(&good);
        let mut bad = good.clone();
        *bad.last_mut().unwrap() ^= 1;
        fs::write(&kept, bad).unwrap();
        refused(&world, &[&address], "other bytes than the digest names");
        fs::write(&kept, good).unwrap();
    }
    assert!(add(&world, &[&address]).status.success());
}

/// A registry with one artifact: this manifest, whatever is asked for, and this for each blob.
fn lying(manifest: Vec<u8>, blob: Vec<u8>) -> Liar {
    Liar::start(move |asked| {
        let body = if asked.contains("/manifests/") { manifest.clone() } else { blob.clone() };
        (200, String::new(), body)
    })
}

#[test]
fn a_registry_that_sends_something_else_or_too_much_is_refused() {
    let world = loopback();
    let refused = |manifest: &[u8], blob: &[u8], why: &str| {
        let liar = lying(manifest.to_vec(), blob.to_vec());
        let address = format!("oci://{}/z@{}", liar.address, digest(manifest));
        refused(&world, &[&address], why);
        liar.asked().len()
    };
    let text = manifest(&[("plugin.toml", b"abc", 3)]).into_bytes();
    let liar = lying(text.clone(), Vec::new());
    let address = format!("oci://{}/z@sha256:{HEX}", liar.address);
    self::refused(&world, &[&address], "other bytes than the digest names");
    refused(&text, b"abcd", "more than 3 bytes");
    refused(&text, b"ab", "other bytes than the digest names");
    refused(&manifest(&[("plugin.toml", b"ab", 3)]).into_bytes(), b"ab", "shorter");
    refused(&[b" ".repeat(65_536), text].concat(), b"", "more than 65536 bytes");
    refused(b"{}", b"", "no list of files");
    // Refused by what is said of it: nothing of it is fetched.
    for (name, size) in [("plugin.wasm", (64 << 20) + 1), ("plugin.toml", (1 << 20) + 1)] {
        let text = manifest(&[(name, b"", size)]).into_bytes();
        assert_eq!(refused(&text, b"", "at most"), 1);
    }
    let many = vec![("x", &b""[..], 0); 33];
    assert_eq!(refused(&manifest(&many).into_bytes(), b"", "33 files"), 1);
}

#[test]
fn a_registry_of_this_machine_leads_nowhere_else() {
    let world = loopback();
    let elsewhere = Liar::start(|_| (200, String::new(), Vec::new()));
    let to = elsewhere.address;
    for (status, header) in [
        (307, format!("Location: http://{to}/x\r\n")),
        (401, format!("WWW-Authenticate: Bearer realm=\"http://{to}/token\",service=\"s\"\r\n")),
    ] {
        let liar = Liar::start(move |_| (status, header.clone(), Vec::new()));
        refused(&world, &[&format!("oci://{}/z@sha256:{HEX}", liar.address)], "the registry ");
    }
    // A proxy that the environment names is elsewhere as well.
    let (plugin, registry) = (plugin(&world), Registry::open());
    let proxy = format!("http://{to}");
    let env = ["http_proxy", "HTTP_PROXY", "ALL_PROXY"].map(|it| (it, proxy.as_str()));
    let args = ["plugin", "push", plugin.to_str().unwrap(), &registry.at("z:1")];
    assert!(run_with(&world.gateway_dir(), &args, &env).status.success());
    assert_eq!(elsewhere.asked(), [""; 0]);
}

#[test]
fn a_token_is_fetched_where_the_registry_says_and_shown_to_it_alone() {
    let world = loopback();
    let plugin = plugin(&world);
    let files = ["plugin.toml", "plugin.wasm", "cases.toml", "one.bin"];
    let files = files.map(|it| (it, fs::read(plugin.join(it)).unwrap()));
    let text = manifest(&files.each_ref().map(|it| (it.0, &*it.1, it.1.len()))).into_bytes();
    let kept: BTreeMap<_, _> = files.into_iter().map(|it| (digest(&it.1), it.1)).collect();
    let pinned = digest(&text);
    let liar = Liar::start(move |asked| {
        let path = asked.split(' ').nth(1).unwrap().to_owned();
        let host = asked.lines().find_map(|it| it.strip_prefix("host: ")).unwrap();
        let realm = format!("Bearer realm=\"http://{host}/token?a=b\",service=\"s s\"");
        match path.rsplit_once('/').unwrap().1 {
            it if it.starts_with("token") => {
                (200, String::new(), br#"{"access_token":"letmein"}"#.to_vec())
            }
            _ if !asked.contains("authorization: Bearer letmein\n") => {
                (401, format!("WWW-Authenticate: {realm}\r\n"), Vec::new())
            }
            digest => (200, String::new(), kept.get(digest).unwrap_or(&text).clone()),
        }
    });
    let address = format!("oci://{}/z@{pinned}", liar.address);
    let said = run_ok(&world.gateway_dir(), &["plugin", "add", &address]);
    assert!(said.contains("z 1.0.0 is new"), "{said}");
    let asked = liar.asked();
    assert_eq!(asked.len(), 7, "manifest, token, manifest, four files: {asked:?}");
    let query = "GET /token?a=b&scope=repository%3Az%3Apull&service=s+s ";
    assert!(asked[1].starts_with(query) && !asked[1].contains("authorization"), "{}", asked[1]);
}

#[test]
fn an_account_is_for_publishing_and_stays_between_us_and_the_registry() {
    let (registry, world) = (Registry::closed(), loopback());
    let (plugin, home) = (plugin(&world), world.gateway_dir());
    let args = ["plugin", "push", plugin.to_str().unwrap(), &registry.at("z:1")];
    let (user, password) = ACCOUNT;
    let push = |env: &[(&str, &str)]| {
        let output = run_with(&home, &args, &[env, &[("HUSHGATE_LOG", "trace")]].concat());
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!text.contains(password), "{text}");
        (output.status.code(), text)
    };
    let (code, text) = push(&[]);
    assert!(code == Some(3) && text.contains("asks for an account"), "{text}");
    let name = ("HUSHGATE_REGISTRY_USER", user);
    let (code, text) = push(&[name]);
    assert!(code == Some(3) && text.contains("must both be set"), "{text}");
    let (code, text) = push(&[name, ("HUSHGATE_REGISTRY_PASSWORD", "wrong")]);
    assert!(code == Some(3) && text.contains("does not let us do that (401)"), "{text}");
    let (code, text) = push(&[name, ("HUSHGATE_REGISTRY_PASSWORD", password)]);
    assert!(code == Some(0) && text.contains("z@sha256:"), "{text}");
    refused(&world, &[text.lines().last().unwrap()], "asks for an account");
}

#[test]
fn a_fetched_plugin_must_be_signed_where_a_directory_must_be() {
    let (registry, world) = (Registry::open(), loopback());
    let plugin = plugin(&world);
    let key = minisign::key_pair(world.dir.path());
    world.edit_settings(|it| format!("{it}\n[plugins]\ntrusted-keys = [\"{key}\"]\n"));
    let unsigned = push(&world, &plugin, &registry.at("z:1"));
    refused(&world, &[&unsigned], "is not signed");
    run_ok(&world.gateway_dir(), &["plugin", "pin", plugin.to_str().unwrap()]);
    minisign::sign(world.dir.path(), &plugin);
    let signed = push(&world, &plugin, &registry.at("z:1"));
    assert!(add(&world, &[&signed]).status.success());
    assert!(world.gateway_dir().join("plugins/z/plugin.toml.minisig").exists());
}

/// What each peer that comes to `listener` says first.
fn first_words(listener: TcpListener) -> Receiver<Vec<u8>> {
    let (say, said) = channel();
    thread::spawn(move || {
        listener.incoming().flatten().all(|mut it| say.send(words(&mut it)).is_ok());
    });
    said
}

#[test]
fn a_registry_elsewhere_is_not_asked_without_tor_unless_its_owner_says_so() {
    // Not a loopback address, and yet ours: who connects to it is seen.
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let at = format!("oci://0.0.0.0:{}/z@sha256:{HEX}", listener.local_addr().unwrap().port());
    let came = first_words(listener);
    for (way, why) in [
        ("kind = \"loopback\"", "the settings name no Tor"),
        ("kind = \"tor\"", "reaches onion services alone"),
    ] {
        let world = World::alone(way);
        refused(&world, &[&at], why);
        refused(&world, &[&at], "--socks 127.0.0.1:9050");
        refused(&world, &[&at, "--socks", "192.0.2.1:9050"], "must be a port of this machine");
        let plugin = plugin(&world);
        let to = at.replace("@sha256:", ":1").replace(HEX, "");
        let push = ["plugin", "push", plugin.to_str().unwrap(), &to];
        assert_eq!(run(&world.gateway_dir(), &push).status.code(), Some(3));
        assert_eq!(run(world.dir.path(), &push).status.code(), Some(3), "no gateway, no Tor");
    }
    assert!(came.try_recv().is_err(), "it was asked");
    let world = loopback();
    let output = add(&world, &[&at, "--clearnet"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("WITHOUT TOR") && output.status.code() == Some(1), "{text}");
    assert_eq!(came.recv_timeout(ANSWER_MAX).unwrap()[0], 22, "a TLS handshake, not plain HTTP");
}

#[test]
fn through_tor_its_name_is_left_to_tor() {
    let registry = Registry::tls();
    let proxy = Proxy::start(registry.address);
    let way = format!("kind = \"socks\"\nsocks = \"{}\"", proxy.address);
    let (world, no_way) = (World::alone(&way), loopback());
    let plugin = plugin(&world);
    let certificate = registry.certificate();
    let env = [("SSL_CERT_FILE", certificate.to_str().unwrap())];
    let (to, socks) = ("oci://registry.example/ada/z:1", proxy.address.to_string());
    let push = ["plugin", "push", plugin.to_str().unwrap(), to, "--socks", &socks];
    let pushed = run_with(&no_way.gateway_dir(), &push, &env);
    let said = String::from_utf8(pushed.stdout).unwrap();
    assert!(pushed.status.success(), "{said}{}", String::from_utf8_lossy(&pushed.stderr));
    let address = said.lines().last().unwrap();
    let added = run_with(&world.gateway_dir(), &["plugin", "add", address], &env);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let asked: Vec<_> = proxy.asked.try_iter().collect();
    assert!(asked.len() >= 2, "{asked:?}");
    for (who, whom) in asked {
        assert_eq!(whom, b"\x05\x01\x00\x03\x10registry.example\x01\xbb");
        // On circuits of its own: Tor keeps those apart who call themselves differently.
        assert!(who.windows(17).any(|it| it == b"hushgate.registry"), "{who:?}");
    }
    // Whoever else answers in its place is not listened to.
    let output = add(&world, &[address]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && text.contains("was not reached"), "{text}");
}
