//! Watches the grants: a change counts within a second, while the gateway runs.
//!
//! # Promises
//!
//! - A grant whose file is deleted or cannot be read any more ends at once, whatever is wrong elsewhere.
//! - A new or changed grant counts only if all settings are good with it; until then the rest stays as it was.

use crate::{
    config::Config,
    home::Home,
    intake::Intake,
    plugins::{plan::Generation, shelf::Shelf},
};
use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_millis(300);

/// The text of each grant file, by the grant's id; `None` where it cannot be read.
type Texts = BTreeMap<String, Option<String>>;

/// Looks for changes until `stop`.
pub(super) async fn run(home: Home, shelf: Shelf, intake: Arc<Intake>, stop: CancellationToken) {
    let shelf = Arc::new(shelf);
    let mut seen = read(&home.grants());
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let now = read(&home.grants());
        if now == seen {
            continue;
        }
        let (home, shelf, intake) = (home.clone(), shelf.clone(), intake.clone());
        let before = std::mem::replace(&mut seen, now.clone());
        // Plugins may have to be started: not in a task that others wait for.
        let applied =
            tokio::task::spawn_blocking(move || apply(&home, &shelf, &intake, (&before, &now)));
        if applied.await.is_err() {
            tracing::error!("changed grants could not be applied");
        }
    }
}

fn apply(home: &Home, shelf: &Shelf, intake: &Intake, (before, now): (&Texts, &Texts)) {
    // First what ends: that cannot fail.
    let unchanged =
        |id: &str| now.get(id).is_some_and(|it| it.is_some() && before.get(id) == Some(it));
    let current = intake.generation().keeping(unchanged);
    let number = current.number + 1;
    intake.replace(current);
    let built = Config::read(home)
        .map_err(|error| error.to_string())
        .and_then(|it| Generation::build(number, &it, shelf).map_err(|error| error.to_string()));
    match built {
        Ok(generation) => {
            intake.replace(generation);
            tracing::info!("the grants have changed");
        }
        Err(error) => tracing::error!(
            error,
            "the changed grants cannot be used: what was deleted or changed has ended, the rest stays"
        ),
    }
}

fn read(dir: &Path) -> Texts {
    let Ok(entries) = fs::read_dir(dir) else { return Texts::new() };
    let paths = entries.filter_map(|it| Some(it.ok()?.path()));
    let grants = paths.filter(|it| it.extension().is_some_and(|it| it == "toml"));
    grants
        .filter_map(|it| Some((it.file_stem()?.to_str()?.to_owned(), fs::read_to_string(&it).ok())))
        .collect()
}
