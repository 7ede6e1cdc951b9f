//! The Matrix room as a reader of the ledger: batched receipts without values.
//!
//! # Promises
//!
//! - Every ledger entry is told once, in order, also after the homeserver or the gateway was away: how far the
//!   room was told is kept in the store, and a repeated post has the same transaction id.
//! - Counts, names of recipients and the ledger's head; never a value, never a device's words.
//! - What owners say there can only make less leave: see [`crate::control`].

pub mod digest;

use crate::{
    config,
    control::Command,
    home::Home,
    keys::Keys,
    store::{Store, StoreError},
};
use digest::Digest;
use hushgate_matrix::{Bot, Heard, MatrixError, Post, Settings};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

const TOLD: &str = "witness/told";
const TELLING: &str = "witness/telling";
/// How many entries are read at once, and told at once.
const PAGE: usize = 4096;
const ENTRIES_MAX: i64 = 1_000_000;
/// How many answers may wait to be posted; what is done beyond that is done without one.
const ANSWERS_MAX: usize = 16;
const RETRY_DELAY_MIN: Duration = Duration::from_secs(5);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(300);

/// Tells a room what the ledger says.
pub struct Witness {
    store: Arc<Store>,
    bot: Bot,
    room: String,
    every: Duration,
    home: Home,
    owners: Vec<String>,
}

/// How the bot reaches its homeserver, and where it keeps its session.
pub fn settings(home: &Home, matrix: &config::Matrix, keys: &Keys) -> Settings {
    Settings {
        homeserver: matrix.homeserver.clone(),
        state_dir: home.matrix(),
        store_passphrase: data_encoding::HEXLOWER.encode(&keys.derive("hushgate matrix store v1")),
        socks_proxy: matrix.socks.map(|it| it.to_string()),
    }
}

impl Witness {
    /// Restores the bot's session. Works while the homeserver is away.
    pub async fn restore(
        (store, home): (Arc<Store>, &Home),
        matrix: &config::Matrix,
        settings: &Settings,
    ) -> Result<Self, MatrixError> {
        let bot = Bot::restore(settings).await?;
        let (room, owners) = (matrix.room.clone(), matrix.owners.clone());
        Ok(Self { store, bot, room, every: matrix.every, home: home.clone(), owners })
    }

    /// Tells until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let heard = match self.owners.is_empty() {
            true => None,
            false => match self.bot.hear(&self.room, &self.owners) {
                Ok(heard) => Some(heard),
                Err(error) => return tracing::error!(%error, "nobody in the room can be heard"),
            },
        };
        tokio::select! {
            () = self.obey(heard) => {}
            () = stop.cancelled() => {}
            error = self.bot.sync() => tracing::error!(%error, "the Matrix session is over"),
            () = self.tell_all() => {}
        }
    }

    /// Dropping this future at any `await` is safe: what was not told is told after the next start.
    async fn tell_all(&self) {
        let mut delay = RETRY_DELAY_MIN;
        loop {
            match self.tell_next().await {
                Ok(()) => {
                    delay = RETRY_DELAY_MIN;
                    tokio::time::sleep(self.every).await;
                }
                Err(problem) => {
                    tracing::warn!(problem, retry_in = ?delay, "the room was not told yet");
                    tokio::time::sleep(delay).await;
                    delay = (delay * 2).min(RETRY_DELAY_MAX);
                }
            }
        }
    }

    /// Does what owners say, one after another. Answers are posted aside: a homeserver that takes its time with one must not
    /// hold up the next word.
    async fn obey(&self, heard: Option<mpsc::Receiver<Heard>>) {
        let mut answers = JoinSet::new();
        let Some(mut heard) = heard else { return std::future::pending().await };
        while let Some(heard) = heard.recv().await {
            let (home, text) = (self.home.clone(), heard.text);
            let act = move || Command::parse(&text).map(|it| it.carry_out(&home));
            let Ok(Some(said)) = tokio::task::spawn_blocking(act).await else { continue };
            tracing::info!("an owner gave an order in the room");
            while answers.try_join_next().is_some() {}
            if answers.len() < ANSWERS_MAX {
                answers.spawn(answer((self.bot.clone(), self.room.clone()), heard.event, said));
            }
        }
        std::future::pending().await
    }

    async fn tell_next(&self) -> Result<(), String> {
        let disk = |error: StoreError| error.to_string();
        self.bot.join(&self.room).await.map_err(|error| error.to_string())?;
        let told = self.store.cursor(TOLD).map_err(disk)?;
        // What was begun before a crash is told again as it was, under the same transaction id.
        let begun = self.store.cursor(TELLING).map_err(disk)?;
        let until = if begun > told { begun } else { i64::MAX };
        let Some(digest) = self.read(told, until).map_err(disk)? else { return Ok(()) };
        self.store.set_cursor(TELLING, digest.last()).await.map_err(disk)?;
        let (text, html) = (digest.text(), digest.html());
        let transaction = format!("hushgate-{}-{}", told + 1, digest.last());
        let post = Post { transaction: &transaction, text: &text, html: &html };
        self.bot.post(&self.room, &post).await.map_err(|error| error.to_string())?;
        self.store.set_cursor(TOLD, digest.last()).await.map_err(disk)
    }

    fn read(&self, told: i64, until: i64) -> Result<Option<Digest>, StoreError> {
        let mut digest: Option<Digest> = None;
        let mut last = told;
        while last < until && last - told < ENTRIES_MAX {
            let room = usize::try_from(until - last).unwrap_or(PAGE).min(PAGE);
            let page = self.store.ledger_after(last, room)?;
            let Some(end) = page.last() else { break };
            last = end.seq;
            let mut counted = digest.take().unwrap_or_default();
            page.iter().for_each(|it| counted.count(it));
            digest = Some(counted);
        }
        if let Some(digest) = &mut digest {
            digest.set_root(self.store.ledger_root(digest.last())?);
        }
        Ok(digest)
    }
}

/// Posts what was done for the event.
async fn answer((bot, room): (Bot, String), event: String, said: String) {
    let transaction = format!("answer-{}", event.trim_start_matches('$'));
    let html = crate::html::escape_lines(&said);
    let post = Post { transaction: &transaction, text: &said, html: &html };
    let mut delay = RETRY_DELAY_MIN;
    while let Err(error) = bot.post(&room, &post).await {
        tracing::warn!(%error, retry_in = ?delay, "an owner has no answer yet");
        if matches!(error, MatrixError::Fix(_)) {
            return;
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(RETRY_DELAY_MAX);
    }
}
