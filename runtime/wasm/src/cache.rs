//! Compiles a component once and keeps the result on disk.
//!
//! # Promises
//!
//! - A kept file is loaded only if it carries a keyed digest (HMAC-SHA-256, RFC 2104) made with this gateway's
//!   own key over the component's digest and the compiled code: loading runs it as machine code.
//! - A file that is missing, damaged, foreign or of another engine version is compiled anew and replaced.

use crate::engine::Engine;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use wasmtime::component::Component;

/// The largest component that is accepted, in bytes. Python's are 18.5 MB.
pub const COMPONENT_BYTES_MAX: u64 = 64 << 20;

const TAG_BYTES: usize = 32;

/// Where compiled components are kept.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
    key: [u8; 32],
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
        Ok(Self { dir: dir.to_owned(), key })
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
        let component = Component::from_binary(&engine.inner, wasm)
            .map_err(|error| CompileError::Invalid(format!("{error:#}")))?;
        if let Err(error) = self.keep(&path, &digest, &component) {
            tracing::warn!(%error, "a compiled plugin could not be kept; it is compiled again next time");
        }
        Ok(Compiled { component, digest, cached: false })
    }

    fn load_kept(&self, engine: &Engine, path: &Path, digest: &[u8; 32]) -> Option<Component> {
        let kept = fs::read(path).ok()?;
        let (tag, code) = kept.split_at_checked(TAG_BYTES)?;
        self.mac(digest, code)?.verify_slice(tag).ok()?;
        deserialize(engine, code).ok()
    }

    fn keep(&self, path: &Path, digest: &[u8; 32], component: &Component) -> io::Result<()> {
        let code = component.serialize().map_err(io::Error::other)?;
        let mac = self.mac(digest, &code).ok_or(io::ErrorKind::InvalidInput)?;
        let mut kept = mac.finalize().into_bytes().to_vec();
        kept.extend_from_slice(&code);
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

#[expect(
    unsafe_code,
    reason = "the code was compiled by this gateway: its keyed digest was just verified"
)]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `load_kept` verified a digest under a key that only this gateway has, so these are the bytes
    // that `Component::serialize` gave it.
    unsafe { Component::deserialize(&engine.inner, code) }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
