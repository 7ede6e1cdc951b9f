//! The main job in one terminal: a pacemaker, a gateway and a hub, each real, and what passes between them.

mod pacemaker;
mod screen;
mod stage;

use crate::{
    cli::{Failure, against, stop_signal},
    ledger::{Entry, Kind, verify},
    store::Store,
};
use clap::Args;
use screen::Screen;
use stage::Stage;
use std::{path::PathBuf, time::Duration};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// How often the screen looks for something new.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long what was sealed may take to arrive after the last frame.
const ARRIVE_MAX: Duration = Duration::from_secs(120);
/// How many ledger entries are shown at once.
const PAGE: usize = 256;

/// What the demo can be told.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// End by itself after this many frames, with a summary. One pair of frames comes each second.
    #[arg(long)]
    frames: Option<u32>,
    /// Over the public Tor network instead of loopback. The first start takes a minute or two.
    #[arg(long, conflicts_with = "tor_network")]
    tor: bool,
    /// Over the Tor network that this file describes.
    #[arg(long, value_name = "FILE")]
    tor_network: Option<PathBuf>,
}

/// The way that the demo's releases take.
#[derive(Clone, Debug)]
pub(crate) enum DemoWay {
    /// On this machine.
    Loopback,
    /// Over Tor: the public network, or the one that the file describes.
    Tor(Option<PathBuf>),
}

/// Runs the demo until it was shown enough, or a signal. Its directory is left in `outlives`.
pub(super) async fn run(args: &DemoArgs, outlives: &mut Option<TempDir>) -> Result<(), Failure> {
    let way = match (&args.tor_network, args.tor) {
        (Some(file), _) => DemoWay::Tor(Some(file.canonicalize().map_err(Failure::fix)?)),
        (None, true) => DemoWay::Tor(None),
        (None, false) => DemoWay::Loopback,
    };
    let mut screen = Screen::new();
    screen.title(&way);
    let stage = Stage::set(&way).await?;
    screen.introduce(&stage);
    let (seen, frames) = mpsc::channel(64);
    let mqtt = stage.gateway.mqtt.ok_or_else(|| Failure::failed("no MQTT listener"))?;
    let pacemaker = tokio::spawn(pacemaker::run(mqtt, stage.secret.clone(), args.frames, seen));
    let shown = tokio::select! {
        shown = watch(&stage, &mut screen, frames) => shown,
        stopped = stop_signal() => stopped,
    };
    pacemaker.abort();
    shown?;
    *outlives = Some(finish(stage, &screen).await?);
    Ok(())
}

/// Shows what comes in and what becomes of it, until nothing more is to come.
async fn watch(
    stage: &Stage,
    screen: &mut Screen,
    mut frames: mpsc::Receiver<Result<String, String>>,
) -> Result<(), Failure> {
    let mut shown = 0;
    let mut last_frame = None;
    loop {
        loop {
            match frames.try_recv() {
                Ok(Ok(text)) => screen.came_in(&text),
                Ok(Err(problem)) => return Err(Failure::failed(problem)),
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => {
                    last_frame.get_or_insert_with(tokio::time::Instant::now);
                    break;
                }
            }
        }
        let entries = stage.gateway.store.ledger_after(shown, PAGE).map_err(Failure::failed)?;
        for entry in &entries {
            shown = entry.seq;
            show(stage, screen, entry);
        }
        if let Some(last) = last_frame {
            if screen.waiting() == 0 && entries.is_empty() {
                return Ok(());
            }
            if last.elapsed() > ARRIVE_MAX {
                return Err(Failure::failed("what was sealed did not arrive in time"));
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn show(stage: &Stage, screen: &mut Screen, entry: &Entry) {
    match entry.kind {
        Kind::Queued => screen.sealed(),
        Kind::Delivered => screen.left(stage, entry),
        Kind::Withheld | Kind::Quarantined => screen.withheld(&entry.reason),
        Kind::Expired | Kind::Purged => screen.ended(&entry.reason),
        Kind::Withdrawn | Kind::Deleted | Kind::Ended => {}
    }
}

/// Stops everything, then checks the ledger as anybody can.
async fn finish(stage: Stage, screen: &Screen) -> Result<TempDir, Failure> {
    let (config, store_path) = (stage.config.clone(), stage.config.home.store());
    let releases = stage.hub.hub.releases().map_err(Failure::failed)?;
    let dir = stage.stop().await?;
    let store = Store::look(&store_path).map_err(Failure::failed)?;
    let report = verify::run(&store, &against(&config));
    if let Some(fault) = report.faults.first() {
        return Err(Failure::failed(fault));
    }
    let summary = report.summary;
    screen.summary(&summary, releases);
    let delivered = summary.counts.get(&Kind::Delivered).copied().unwrap_or(0);
    if delivered == releases && summary.signed == delivered {
        return Ok(dir);
    }
    Err(Failure::failed("the hub and the ledger disagree"))
}
