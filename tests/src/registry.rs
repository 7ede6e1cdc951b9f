//! OCI registries: Debian's docker-registry on loopback, and one that answers as a test tells it to.

use crate::{
    http,
    program::Program,
    rig,
    world::{after, wait_until},
};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};
use tempfile::TempDir;

/// The account of a registry that asks for one.
pub const ACCOUNT: (&str, &str) = ("ada", "correct horse");
/// Its line in the registry's file.
const HTPASSWD: &str = "ada:$2b$04$AQErMKqrsV8kZ8n/o9aLu.qd.uLbBv2wqCS28Pptggz1iFixxA0/2\n";

/// A running docker-registry. Stopped when dropped.
pub struct Registry {
    dir: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
    _running: Program,
}

impl Registry {
    /// One that anybody may read from and write to.
    pub fn open() -> Self {
        Self::start("", "")
    }

    /// One that asks for [`ACCOUNT`].
    pub fn closed() -> Self {
        Self::start("", "auth: {htpasswd: {realm: tests, path: DIR/htpasswd}}\n")
    }

    /// One that speaks TLS alone, as `registry.example`.
    pub fn tls() -> Self {
        Self::start("tls: {certificate: DIR/certificate.pem, key: DIR/key.pem}", "")
    }

    /// The certificate that it shows.
    pub fn certificate(&self) -> PathBuf {
        self.dir.path().join("certificate.pem")
    }

    #[expect(clippy::disallowed_methods, reason = "a look whether the peer is there")]
    fn start(http: &str, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        make_certificate(dir.path());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, rig::free_port()));
        let settings = format!(
            "version: 0.1\nlog: {{level: error}}\nhttp: {{addr: '{address}', secret: x, {http}}}\n\
             storage: {{filesystem: {{rootdirectory: DIR/kept}}}}\n{more}"
        );
        let settings = settings.replace("DIR", dir.path().to_str().unwrap());
        fs::write(dir.path().join("htpasswd"), HTPASSWD).unwrap();
        fs::write(dir.path().join("config.yml"), settings).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(dir.path().join("config.yml"));
        let running = Program::spawn(command, &dir.path().join("log"));
        wait_until("docker-registry listens", || TcpStream::connect(address).is_ok());
        Self { dir, address, _running: running }
    }

    /// Where a repository of it is.
    pub fn at(&self, repository: &str) -> String {
        format!("oci://{}/{repository}", self.address)
    }

    /// The file in which it keeps these bytes.
    pub fn kept(&self, bytes: &[u8]) -> PathBuf {
        let hex = HEXLOWER.encode(&Sha256::digest(bytes));
        let blobs = self.dir.path().join("kept/docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(hex).join("data")
    }

    /// Makes it keep these bytes in a repository.
    pub fn put_blob(&self, repository: &str, bytes: &[u8]) {
        let uploads = format!("/v2/{repository}/blobs/uploads/");
        let begun = http::request(self.address, "POST", &uploads, &[], b"");
        let location = after(&begun.text, &format!("Location: http://{}", self.address));
        let path = format!("{location}&digest={}", digest(bytes));
        let octets = "Content-Type: application/octet-stream";
        let put = http::request(self.address, "PUT", &path, &[octets], bytes);
        assert_eq!(put.status, 201, "{}", put.text);
    }

    /// Makes it keep a manifest; where the artifact is.
    pub fn put_manifest(&self, repository: &str, manifest: &str) -> String {
        let path = format!("/v2/{repository}/manifests/x");
        let json = "Content-Type: application/vnd.oci.image.manifest.v1+json";
        let put = http::request(self.address, "PUT", &path, &[json], manifest.as_bytes());
        assert_eq!(put.status, 201, "{}", put.text);
        format!("{}@{}", self.at(repository), digest(manifest.as_bytes()))
    }
}

/// Signed by itself, and no authority.
fn make_certificate(dir: &Path) {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=registry.example", "-days", "2", "-keyout", "key.pem"])
        .args(["-addext", "subjectAltName=DNS:registry.example"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-out", "certificate.pem"])
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// How these bytes are named in a registry.
pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(bytes)))
}

/// A manifest that lists these files, each with its bytes and the length that is said of them.
pub fn manifest(files: &[(&str, &[u8], usize)]) -> String {
    let empty = digest(b"{}");
    let layer = |(name, bytes, size): &(&str, &[u8], usize)| {
        serde_json::json!({
            "mediaType": "application/octet-stream", "digest": digest(bytes), "size": size,
            "annotations": { "org.opencontainers.image.title": name },
        })
    };
    serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": empty, "size": 2 },
        "layers": files.iter().map(layer).collect::<Vec<_>>(),
    })
    .to_string()
}

/// A registry that answers as a test tells it to, for as long as the test process lives.
pub struct Liar {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Liar {
    /// Answers each request, given as its first line and its headers, with status, headers and body.
    pub fn start(answer: impl Fn(&str) -> (u16, String, Vec<u8>) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let liar = Self { address: listener.local_addr().unwrap(), asked: Arc::default() };
        let asked = liar.asked.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let head = head(&stream);
                asked.lock().unwrap().push(head.clone());
                let (status, headers, body) = answer(&head);
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} x\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
                );
                // Who has heard enough hangs up.
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            }
        });
        liar
    }

    /// The heads of all requests so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn head(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.take_while(|it| !it.is_empty()).map(|it| it + "\n").collect()
}
