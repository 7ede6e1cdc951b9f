//! A consent ends: its file leaves `grants/`.
//!
//! # Promises
//!
//! - It ends in one step, whether a gateway runs or not and whatever is wrong in other files. What may go wrong after that
//!   does not bring it back.
//! - Its text is kept in `grants/withdrawn/`, with the time at its end; one that was withdrawn before under the same
//!   name stays. Of a signed one the signature is kept beside it and has the time at its end: the text is still the one
//!   that was signed.
//! - That it was withdrawn is said beside it until a gateway heard it, so that giving it again takes nothing back.

use super::signed::beside;
use crate::source::is_name;
use std::{
    fs::{self, DirBuilder, File},
    io::{self, Write},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

/// Where texts of withdrawn grants are, inside `grants/`.
pub const WITHDRAWN: &str = "withdrawn";

/// How files end that say: this grant was withdrawn, and no gateway heard of it yet.
const SAID: &str = ".said";

/// How many grants of one name can have been withdrawn.
const SAME_NAME_MAX: u32 = 10_000;

/// Why a grant was not withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum WithdrawError {
    /// It is no grant's name.
    #[error("a grant's name is lower-case letters, digits and hyphens")]
    Name,
    /// There is none of this name.
    #[error("there is no grant `{0}`")]
    Missing(String),
    /// It was withdrawn before.
    #[error("the grant `{0}` was withdrawn before: see {1}")]
    Before(String, PathBuf),
    /// Too many of this name were.
    #[error("{0} is full: move some away")]
    Full(PathBuf),
    /// The disk refused.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// A grant that was withdrawn.
#[derive(Debug)]
pub struct Withdrawn {
    /// Where its text is now.
    pub kept: PathBuf,
    /// What could not be written after it: the time, or that it lasts over a power cut.
    pub unsaid: Option<io::Error>,
}

/// From now on the grant `id` in the directory `grants` is none.
pub fn withdraw(grants: &Path, id: &str) -> Result<Withdrawn, WithdrawError> {
    if !is_name(id) {
        return Err(WithdrawError::Name);
    }
    let from = grants.join(format!("{id}.toml"));
    let away = grants.join(WITHDRAWN);
    if !from.exists() {
        let before = away.join(format!("{id}.toml"));
        let id = id.to_owned();
        return Err(match before.exists() {
            true => WithdrawError::Before(id, before),
            false => WithdrawError::Missing(id),
        });
    }
    DirBuilder::new().recursive(true).mode(0o700).create(&away)?;
    let kept = free(&away, id)?;
    // First: a gateway that sees the file go must not forget a word that comes later.
    let said = File::create(away.join(format!("{id}{SAID}")));
    if let Err(error) = fs::rename(&from, &kept) {
        hear(grants, id)?;
        return Err(error.into());
    }
    let noted = put_away(&beside(&from), &beside(&kept))
        .and_then(|signed| note(&signed.unwrap_or_else(|| kept.clone()), jiff::Timestamp::now()))
        .and_then(|()| lasts(grants, &away));
    Ok(Withdrawn { kept, unsaid: said.map(drop).and(noted).err() })
}

/// Moves the signature, if there is one; where it is now.
fn put_away(from: &Path, to: &Path) -> io::Result<Option<PathBuf>> {
    match fs::rename(from, to) {
        Ok(()) => Ok(Some(to.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The grants that were withdrawn and of which no gateway heard yet.
pub fn said(grants: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(grants.join(WITHDRAWN)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let id = |it: fs::DirEntry| it.file_name().to_str()?.strip_suffix(SAID).map(str::to_owned);
    let ids: io::Result<Vec<_>> = entries.map(|it| it.map(id)).collect();
    Ok(ids?.into_iter().flatten().filter(|it| is_name(it)).collect())
}

/// A gateway heard of it. Again does no harm.
pub fn hear(grants: &Path, id: &str) -> io::Result<()> {
    remove(&grants.join(WITHDRAWN).join(format!("{id}{SAID}")))
}

/// What is not there is removed.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Deletes all texts of the withdrawn grant `id` and their signatures, once nobody must hear of it any more.
pub fn forget(grants: &Path, id: &str) -> io::Result<()> {
    hear(grants, id)?;
    // A text that went by hand left it.
    remove(&beside(&grants.join(format!("{id}.toml"))))?;
    let away = grants.join(WITHDRAWN);
    let both = |text: PathBuf| remove(&beside(&text)).and_then(|()| remove(&text));
    texts(&away, id).take_while(|it| it.exists()).try_for_each(both)
}

/// Where texts of grants of one name can be.
fn texts<'a>(away: &'a Path, id: &'a str) -> impl Iterator<Item = PathBuf> + 'a {
    let first = [format!("{id}.toml")].into_iter();
    first.chain((2..SAME_NAME_MAX).map(move |it| format!("{id}.{it}.toml"))).map(|it| away.join(it))
}

/// A place for the text that no other one has.
fn free(away: &Path, id: &str) -> Result<PathBuf, WithdrawError> {
    texts(away, id).find(|it| !it.exists()).ok_or_else(|| WithdrawError::Full(away.to_owned()))
}

fn note(path: &Path, at: jiff::Timestamp) -> io::Result<()> {
    let mut file = File::options().append(true).open(path)?;
    write!(file, "\n# Withdrawn at {at:.0}.\n")?;
    file.sync_all()
}

/// A power cut must not bring the grant back.
fn lasts(grants: &Path, away: &Path) -> io::Result<()> {
    [grants, away].into_iter().try_for_each(|it| File::open(it)?.sync_all())
}
