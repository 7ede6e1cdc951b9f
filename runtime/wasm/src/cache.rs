//! Compiles a component once and keeps the result on disk.
//!
//! # Promises
//!
//! - A kept file is loaded only if it carries a keyed digest (HMAC-SHA-256, RFC 2104) made with this gateway's
//!   own key over the component's digest and the compiled code: loading runs it as machine code.
//! - A file that is missing, damaged, foreign or of another engine version is compiled anew and replaced.
//! - A large component is compiled by another process, if one is named: it may take more memory, and longer, than
//!   the process that asks can spare.

use crate::engine::Engine;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use wasmtime::component::Component;

/// The first argument of a program that compiles for another process.
pub const COMPILE: &str = "compile-component";

/// The largest component that is accepted, in bytes. Python's are 18.5 MB.
pub const COMPONENT_BYTES_MAX: u64 = 64 << 20;

const TAG_BYTES: usize = 32;

/// The largest component that is compiled in this process although another one is named, in bytes.
const HERE_BYTES_MAX: usize = 512 << 10;
/// The longest that another process may take.
const ELSEWHERE_MAX: Duration = Duration::from_secs(120);
/// The most memory that another process may take for data, in bytes.
const ELSEWHERE_BYTES_MAX: u64 = 2 << 30;
/// The most of its complaint that is told, in bytes.
const COMPLAINT_BYTES_MAX: usize = 1 << 10;

/// Where compiled components are kept.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
    key: [u8; 32],
    compiler: Option<PathBuf>,
}

/// A component, compiled and ready to be linked.
#[derive(Clone)]
pub struct Compiled {
    pub(crate) component: Component,
    /// SHA-256 of the component's own bytes.
    pub digest: [u8; 32],
    /// Whether it came from the cache.
    pub cached: bool,
}

impl std::fmt::Debug for Compiled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiled").field("cached", &self.cached).finish_non_exhaustive()
    }
}

impl Compiled {
    /// What it wants from its host, as WIT names.
    pub fn imports(&self, engine: &Engine) -> Vec<String> {
        let component = self.component.component_type();
        component.imports(&engine.inner).map(|(name, _)| name.to_owned()).collect()
    }

    /// What it offers, as WIT names.
    pub fn exports(&self, engine: &Engine) -> Vec<String> {
        let component = self.component.component_type();
        component.exports(&engine.inner).map(|(name, _)| name.to_owned()).collect()
    }
}

/// Why a component could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// It is larger than [`COMPONENT_BYTES_MAX`].
    #[error("the component is larger than {COMPONENT_BYTES_MAX} bytes")]
    TooLarge,
    /// The bytes are not a component that this host can run.
    #[error("not a component that can run here: {0}")]
    Invalid(String),
}

impl Cache {
    /// Keeps compiled components in `dir` (made if missing), under `key`, which only this gateway knows.
    pub fn open(dir: &Path, key: [u8; 32]) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(Self { dir: dir.to_owned(), key, compiler: None })
    }

    /// Has large components compiled by this program: it is started with [`COMPILE`], the component's path and
    /// that of a file to make, and does [`compile`].
    #[must_use]
    pub fn compiled_by(self, program: PathBuf) -> Self {
        Self { compiler: Some(program), ..self }
    }

    /// Loads the compiled form of `wasm`, or compiles it and keeps the result. Blocks for as long as compiling
    /// takes: 30 ms for a Rust plugin, seconds for Python and JavaScript.
    pub fn load(&self, engine: &Engine, wasm: &[u8]) -> Result<Compiled, CompileError> {
        if wasm.len() as u64 > COMPONENT_BYTES_MAX {
            return Err(CompileError::TooLarge);
        }
        let digest: [u8; 32] = Sha256::digest(wasm).into();
        let path = self.dir.join(format!("{}.cwasm", hex(&digest)));
        if let Some(component) = self.load_kept(engine, &path, &digest) {
            return Ok(Compiled { component, digest, cached: true });
        }
        let component = match &self.compiler {
            Some(program) if wasm.len() > HERE_BYTES_MAX => {
                let code = self.elsewhere(program, wasm, &path)?;
                self.kept(&path, &digest, &code);
                deserialize(engine, &code)
            }
            _ => Component::from_binary(&engine.inner, wasm).inspect(|it| {
                if let Ok(code) = it.serialize() {
                    self.kept(&path, &digest, &code);
                }
            }),
        };
        let component = component.map_err(|error| CompileError::Invalid(format!("{error:#}")))?;
        Ok(Compiled { component, digest, cached: false })
    }

    /// What `program` makes of `wasm`.
    fn elsewhere(&self, program: &Path, wasm: &[u8], path: &Path) -> Result<Vec<u8>, CompileError> {
        let fail = |error: io::Error| {
            CompileError::Invalid(format!(
                "it could not be compiled in a process of its own: {error}"
            ))
        };
        let beside = |what: &str| path.with_extension(format!("{}.{what}", std::process::id()));
        let (from, to) = (beside("wasm"), beside("code"));
        fs::write(&from, wasm).map_err(fail)?;
        let ended = run(Command::new(program).arg(COMPILE).args([&from, &to]));
        let code = fs::read(&to);
        for file in [&from, &to] {
            // Nothing reads it any more; the next one of this process overwrites it.
            let _ = fs::remove_file(file);
        }
        match ended.map_err(fail)? {
            complaint if complaint.is_empty() => code.map_err(fail),
            complaint => Err(CompileError::Invalid(complaint)),
        }
    }

    fn kept(&self, path: &Path, digest: &[u8; 32], code: &[u8]) {
        if let Err(error) = self.keep(path, digest, code) {
            tracing::warn!(%error, "a compiled plugin could not be kept; it is compiled again next time");
        }
    }

    fn load_kept(&self, engine: &Engine, path: &Path, digest: &[u8; 32]) -> Option<Component> {
        let kept = fs::read(path).ok()?;
        let (tag, code) = kept.split_at_checked(TAG_BYTES)?;
        self.mac(digest, code)?.verify_slice(tag).ok()?;
        deserialize(engine, code).ok()
    }

    fn keep(&self, path: &Path, digest: &[u8; 32], code: &[u8]) -> io::Result<()> {
        let mac = self.mac(digest, code).ok_or(io::ErrorKind::InvalidInput)?;
        let mut kept = mac.finalize().into_bytes().to_vec();
        kept.extend_from_slice(code);
        // Under another name first: a reader sees all of it or nothing.
        let partial = path.with_extension(format!("{}.partial", std::process::id()));
        fs::write(&partial, kept)?;
        fs::rename(&partial, path)
    }

    fn mac(&self, digest: &[u8; 32], code: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(digest);
        mac.update(code);
        Some(mac)
    }
}

/// Compiles the component in the file `from` and writes its machine code to `to`. This process ends itself when
/// it takes too much memory.
pub fn compile(engine: &Engine, from: &Path, to: &Path) -> Result<(), CompileError> {
    let fail = |error: &dyn std::fmt::Display| CompileError::Invalid(error.to_string());
    let limit = rustix::process::Rlimit {
        current: Some(ELSEWHERE_BYTES_MAX),
        maximum: Some(ELSEWHERE_BYTES_MAX),
    };
    rustix::process::setrlimit(rustix::process::Resource::Data, limit).map_err(|it| fail(&it))?;
    let wasm = fs::read(from).map_err(|it| fail(&it))?;
    let component = Component::from_binary(&engine.inner, &wasm)
        .map_err(|error| CompileError::Invalid(format!("{error:#}")))?;
    let code = component.serialize().map_err(|it| fail(&it))?;
    fs::write(to, code).map_err(|it| fail(&it))
}

/// Runs a command to its end, or ends it. What it complained of; empty if it did what it should.
fn run(command: &mut Command) -> io::Result<String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .env_clear()
        .spawn()?;
    let end = Instant::now() + ELSEWHERE_MAX;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if Instant::now() > end => {
                child.kill()?;
                break child.wait()?;
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    if status.success() {
        return Ok(String::new());
    }
    let mut complaint = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        stderr.take(COMPLAINT_BYTES_MAX as u64).read_to_end(&mut complaint)?;
    }
    let complaint = String::from_utf8_lossy(&complaint);
    Ok(if complaint.is_empty() {
        format!("compiling it takes more than {} s or too much memory", ELSEWHERE_MAX.as_secs())
    } else {
        complaint.trim_end().to_owned()
    })
}

#[expect(
    unsafe_code,
    reason = "the code was compiled by this program: its keyed digest was just verified, or it was just made"
)]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: these are the bytes that `Component::serialize` gave: `load_kept` verified a digest under a key
    // that only this gateway has; `elsewhere` got them from the program that it named itself, through a file
    // in a directory that only this user can write to.
    unsafe { Component::deserialize(&engine.inner, code) }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
