//! Watches grants, plugins and settings: a change counts within a second, while the gateway runs.
//!
//! # Promises
//!
//! - A grant whose file is deleted or cannot be read any more ends at once, whatever is wrong elsewhere; so does one that is
//!   no longer signed by its subject's key, where the settings name one, and one whose key they replace.
//! - Anything else counts only if all that is in use is good with it; until then the rest stays as it was, and
//!   [`Health`] says what is wrong. What changes together counts together.
//! - The same bytes again change nothing.

mod placed;

use super::{Enrolled, consents::Consents, disclosure, health::Health, replay};
use crate::{
    config::{
        Config,
        signers::{self, Signers},
    },
    consent::{grant::Grant, signed},
    home::Home,
    intake::Intake,
    plugins::{lock::Lock, plan::Generation, shelf::Shelf, trust::Trust},
    source::Source,
};
use placed::Placed;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How many looks wait for files that are still being written.
const LOOKS_MAX: u32 = 3;

/// The text of each grant file, by the grant's id; `None` where it cannot be read.
type Texts = BTreeMap<String, Option<String>>;

/// Length, time of change and number of each file, by its path: another one was written.
type Stamps = BTreeMap<PathBuf, (u64, i64, i64, u64)>;

/// What was seen at one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    grants: Texts,
    signatures: Texts,
    glass: Texts,
    settings: Option<String>,
    lock: Option<String>,
    attached: Stamps,
    plugins: Stamps,
}

/// What a change is applied to.
pub(super) struct Watch {
    home: Home,
    shelf: Shelf,
    intake: Arc<Intake>,
    consents: Arc<Consents>,
    enrolled: Enrolled,
    health: Health,
    /// What was seen before all of that was read.
    seen: Seen,
    /// Whose grants must be signed, by the settings that count.
    signers: Signers,
    /// The text of the settings that count.
    settings: Option<String>,
    /// Whether the last change counts. If not, the next look at the same bytes is not in vain.
    counts: bool,
}

impl Watch {
    /// For a gateway that works with `shelf`, read after `seen`.
    pub(super) fn new(
        (home, seen): (Home, Seen),
        shelf: Shelf,
        (intake, consents, enrolled, health): (Arc<Intake>, Arc<Consents>, Enrolled, Health),
    ) -> Self {
        let settings = seen.settings.clone();
        let signers = seen.signers(&home).unwrap_or_default();
        let counts = true;
        Self { home, shelf, intake, consents, enrolled, health, seen, signers, settings, counts }
    }

    /// Looks for changes, and at SIGHUP, until `stop`.
    pub(super) async fn run(self, stop: CancellationToken) {
        self.follow(stop).await;
    }

    /// Ends early if it could not go on.
    async fn follow(mut self, stop: CancellationToken) -> Option<()> {
        let mut asked = signal(SignalKind::hangup())
            .inspect_err(|error| tracing::warn!(%error, "SIGHUP cannot be heard"))
            .ok();
        let placed = Placed::watch(&self.home);
        let mut seen = self.seen.clone();
        let (mut last, mut waited) = (seen.clone(), 0);
        loop {
            let (why, since) = tokio::select! {
                () = stop.cancelled() => return Some(()),
                () = tokio::time::sleep(LOOK_EVERY) => (Look::Routine, Instant::now()),
                since = told(placed.as_ref()) => (Look::Placed, since),
                () = heard(&mut asked) => (Look::Asked, Instant::now()),
            };
            let now = Seen::read(&self.home);
            let still = now.plugins == std::mem::replace(&mut last, now.clone()).plugins;
            if self.home.replays().exists() {
                self = self.aside(|it| replay::answer(&it.home, &it.shelf, &it.intake)).await?;
            }
            if now == seen && why != Look::Asked {
                continue;
            }
            // Consent does not wait; plugins do, until all their files are there.
            waited += 1;
            let is_consent = now.consent() != seen.consent();
            if !(still || why != Look::Routine || is_consent || waited >= LOOKS_MAX) {
                continue;
            }
            waited = 0;
            let before = std::mem::replace(&mut seen, now.clone());
            self = self.aside(move |it| it.apply(&before, &now, since)).await?;
        }
    }

    /// Does what may compile plugins, which takes long: not in a task that others wait for.
    async fn aside(mut self, work: impl FnOnce(&mut Self) + Send + 'static) -> Option<Self> {
        let done = tokio::task::spawn_blocking(move || {
            work(&mut self);
            self
        });
        let lost = |error: &tokio::task::JoinError| {
            tracing::error!(%error, "changes are no longer followed: restart the gateway");
        };
        done.await.inspect_err(lost).ok()
    }

    /// What is `now` was heard of at `since`.
    fn apply(&mut self, before: &Seen, now: &Seen, since: Instant) {
        let started = Instant::now();
        if now.consent() != before.consent() {
            // First what ends: that cannot fail.
            self.end(before, now, since);
        }
        let same = now.texts() == before.texts();
        let built = self.build(same && self.counts);
        self.counts = built.is_ok();
        match built {
            Ok(None) => self.tell(),
            Ok(Some((generation, shelf, config))) => {
                let number = generation.number;
                if let Err(error) = self.consents.admit(generation) {
                    self.counts = false;
                    return self
                        .health
                        .set(vec![format!("the changes could not be kept: {error}")]);
                }
                if now.settings != self.settings {
                    self.enrolled.replace(&config);
                    self.signers = config.signers;
                    self.settings.clone_from(&now.settings);
                }
                self.shelf = shelf;
                self.keep();
                self.tell();
                tracing::info!(generation = number, took = ?started.elapsed(), "the changes count now");
            }
            Err(problem) => self.health.set(vec![problem]),
        }
    }

    fn end(&self, before: &Seen, now: &Seen, since: Instant) {
        let newest = now.signers(&self.home);
        let signers: Vec<_> = [&self.signers].into_iter().chain(&newest).collect();
        let stays = |id: &str| {
            let text = now.grants.get(id).filter(|it| before.grants.get(id) == Some(*it));
            text.and_then(Option::as_ref).is_some_and(|it| now.is_signed((id, it), &signers))
        };
        let (counts, gone) = (self.intake.generation(), |id: &String| !now.grants.contains_key(id));
        let is_withdrawal = counts.grants().any(|it| it.sources.iter().any(gone));
        let less = counts.keeping(stays);
        match is_withdrawal {
            true => self.intake.withdraw(less, since),
            false => self.intake.replace(less),
        }
    }

    fn tell(&mut self) {
        self.health.set(self.shelf.problems().map(ToString::to_string).collect());
    }

    /// The next generation; none if nothing in it would be different.
    fn build(&self, same_texts: bool) -> Result<Option<(Generation, Shelf, Config)>, String> {
        let mut config = Config::read(&self.home).map_err(|it| it.to_string())?;
        self.consents.recall(&mut config.grants).map_err(|it| it.to_string())?;
        let lock = Lock::read(&self.home.plugin_lock()).map_err(|it| it.to_string())?;
        let trust = Trust::new(&config.trusted_keys, lock.clone());
        let shelf = self.shelf.read_again(trust).map_err(|it| it.to_string())?;
        if same_texts && shelf.is_same(&self.shelf) {
            return Ok(None);
        }
        if let Some(problem) = config.plugins().find_map(|it| shelf.problem(it.0)) {
            return Err(problem.to_string());
        }
        let number = self.intake.generation().number + 1;
        let generation = Generation::build(number, &config, &shelf).map_err(|it| it.to_string())?;
        self.check_disclosure(&config, &lock, (&generation, &shelf))?;
        Ok(Some((generation, shelf, config)))
    }

    /// Refuses plugins under which the newest frames would release more, unless they were approved.
    fn check_disclosure(
        &self,
        config: &Config,
        lock: &Lock,
        (generation, shelf): (&Generation, &Shelf),
    ) -> Result<(), String> {
        let waiting: Vec<_> = shelf.changed(&self.shelf).filter(|it| !lock.approves(it)).collect();
        let ids: Vec<_> = waiting.iter().map(|it| it.manifest.id.as_str()).collect();
        let devices = config.plugins().filter(|it| ids.contains(&it.0)).map(|it| it.1).collect();
        let differences = disclosure::compare(&self.intake, generation, devices)?.differences;
        let more: Vec<_> =
            differences.iter().filter(|it| it.is_more()).map(ToString::to_string).collect();
        if more.is_empty() {
            return Ok(());
        }
        Err(format!(
            "changed plugins would release more and wait for `hushgate plugin approve {}`: {}",
            ids.join(" "),
            more.join("; ")
        ))
    }

    /// Remembers what works now.
    pub(super) fn keep(&self) {
        self.shelf.keep();
        let path = self.home.plugin_lock();
        let written = Lock::read(&path).map_err(|it| it.to_string()).and_then(|before| {
            let lock = before.with(&self.shelf);
            let write = || lock.write(&path).map_err(|it| it.to_string());
            if before == lock { Ok(()) } else { write() }
        });
        if let Err(error) = written {
            tracing::warn!(error, file = %path.display(), "the lock could not be written");
        }
    }
}

/// Why it looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// It is time.
    Routine,
    /// Whole files came or went.
    Placed,
    /// Somebody asked: also when all is as it was.
    Asked,
}

async fn told(placed: Option<&Placed>) -> Instant {
    match placed {
        Some(placed) => placed.wait().await,
        None => std::future::pending().await,
    }
}

async fn heard(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => _ = signal.recv().await,
        None => std::future::pending().await,
    }
}

impl Seen {
    /// What plans are made of besides plugins.
    fn texts(&self) -> (&Texts, &Texts, &Texts, &Option<String>, &Stamps) {
        (&self.grants, &self.signatures, &self.glass, &self.settings, &self.attached)
    }

    /// What a grant can end by.
    fn consent(&self) -> (&Texts, &Texts, &Option<String>) {
        (&self.grants, &self.signatures, &self.settings)
    }

    /// Whose grants must be signed, if the settings say it without a mistake.
    fn signers(&self, home: &Home) -> Option<Signers> {
        let source = Source::from_text(&home.settings(), self.settings.as_deref()?);
        Signers::alone(&source).ok()
    }

    /// Whether the grant `id` of this text has the signature that each of these asks for, if one does.
    fn is_signed(&self, (id, text): (&str, &str), signers: &[&Signers]) -> bool {
        let source = Source::from_text(Path::new(&format!("{id}.toml")), text);
        let signature = self.signatures.get(id).and_then(Option::as_deref);
        let is_signed =
            |grant: &Grant| signers.iter().all(|it| it.check((&source, grant), signature).is_ok());
        signers.iter().all(|it| it.is_empty())
            || Grant::from_source(&source).is_ok_and(|it| is_signed(&it))
    }

    pub(super) fn read(home: &Home) -> Self {
        Self {
            grants: texts(&home.grants()),
            signatures: signatures(&home.grants()),
            glass: texts(&home.glass()),
            settings: fs::read_to_string(home.settings()).ok(),
            lock: fs::read_to_string(home.plugin_lock()).ok(),
            attached: stamps(files(&home.attached())),
            plugins: stamps(files(&home.plugins()).flat_map(|it| files(&it))),
        }
    }
}

fn texts(dir: &Path) -> Texts {
    let grants = files(dir).filter(|it| it.extension().is_some_and(|it| it == "toml"));
    grants
        .filter_map(|it| Some((it.file_stem()?.to_str()?.to_owned(), fs::read_to_string(&it).ok())))
        .collect()
}

/// By the grant's id, too.
fn signatures(dir: &Path) -> Texts {
    let read = |it: PathBuf| {
        let name = it.file_name()?.to_str()?.strip_suffix(signed::ENDS_WITH)?;
        let id = name.strip_suffix(".toml")?.to_owned();
        Some((id, signers::signature(&dir.join(name)).ok().flatten()))
    };
    files(dir).filter_map(read).collect()
}

fn stamps(files: impl Iterator<Item = PathBuf>) -> Stamps {
    let stamp = |path: PathBuf| {
        let it = fs::metadata(&path).ok()?;
        Some((path, (it.len(), it.mtime(), it.mtime_nsec(), it.ino())))
    };
    files.filter_map(stamp).collect()
}

fn files(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    entries.filter_map(|it| Some(it.ok()?.path()))
}
