//! The outbound half: from the outbox to a receipt, one loop for each recipient.
//!
//! # Promises
//!
//! - A release is sent only if its grant is valid at that moment; otherwise it is purged, and the ledger says
//!   so.
//! - What is on its way when its grant ends is settled by what the hub answers; without an answer the ledger
//!   says that the recipient may have it.
//! - Nothing is settled before the hub's signed receipt is in the ledger. Repeats are harmless: the hub knows
//!   releases by number.
//! - A consent's end is told at once and before anything else, until the recipient signed that it deleted what it had;
//!   one that does not understand it gets its releases all the same.
//! - Each hub keeps one checkpoint a day for this gateway and can read nothing in it.
//! - A recipient that is away is asked again after a growing, jittered delay, from 1 s to 5 min.

pub mod client;
mod deposit;
pub mod sweep;
mod tell;

use crate::{
    consent::{
        decision::{self, Sending},
        grant::Clock,
    },
    contract::{Contract, Format},
    intake::Intake,
    keys::{Keys, Vault},
    ledger::checkpoint::Signer,
    message::Millis,
    outbox::{Parcel, Settlement},
    store::{OnTheWay, Store},
    transport::{Transport, TransportError},
};
use client::{Answered, Client, Delivered};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const RETRY_DELAY_MIN: Duration = Duration::from_secs(1);
const RETRY_DELAY_MAX: Duration = Duration::from_secs(300);
/// How many releases go in one request.
const BATCH_MAX: usize = 64;
/// How often the outbox is looked at when nothing says that it changed.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Delivers to one recipient.
pub struct Delivery {
    contract: Arc<Contract>,
    transport: Transport,
    intake: Arc<Intake>,
    store: Arc<Store>,
    outbox: watch::Receiver<()>,
    vault: Vault,
    gateway_key: [u8; 32],
    client: Option<Client>,
    paired: bool,
    told: tell::Told,
    signer: Signer,
}

/// What a look at the outbox found.
enum Looked {
    Due(Vec<Parcel>),
    NothingFor(Duration),
}

impl Delivery {
    /// Delivers what waits in `store` for the recipient of `contract`.
    pub fn new(
        contract: Arc<Contract>,
        transport: Transport,
        (intake, store): (Arc<Intake>, Arc<Store>),
        keys: &Keys,
    ) -> Self {
        let paired = store.cursor(&paired_name(&contract)).unwrap_or(0) == 1;
        let vault = keys.vault();
        let gateway_key = match &contract.format {
            Format::Hushgate(recipient) => keys.sealing_public_to(&recipient.sealing),
            Format::PrivateIot => [0; 32],
        };
        let outbox = store.outbox_changes();
        let told = tell::Told::new(&contract, keys);
        Self {
            contract,
            transport,
            intake,
            store,
            outbox,
            vault,
            gateway_key,
            client: None,
            paired,
            told,
            signer: Signer::new(keys),
        }
    }

    /// Delivers until `stop`. A release in flight at `stop` stays in the outbox.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut delay = RETRY_DELAY_MIN;
        loop {
            let outcome = tokio::select! {
                () = stop.cancelled() => return,
                outcome = self.deliver_next() => outcome,
            };
            let Err(error) = outcome else {
                delay = RETRY_DELAY_MIN;
                continue;
            };
            self.client = None;
            let retry_in = jittered(delay);
            tracing::warn!(recipient = self.contract.name, %error, ?retry_in, "delivery failed");
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(retry_in) => {}
            }
            delay = (delay * 2).min(RETRY_DELAY_MAX);
        }
    }

    /// Waits for something to deliver, and delivers it.
    ///
    /// Dropping this future at any `await` is safe: nothing is settled before its receipt is written.
    async fn deliver_next(&mut self) -> Result<(), TransportError> {
        self.tell().await?;
        let due = self.next_due().await?;
        let (valid, ended) = self.sort(due);
        self.settle(ended).await?;
        if valid.is_empty() {
            return Ok(());
        }
        let mut client = self.connected().await?;
        let (valid, on_the_way) = self.send_off(valid).await?;
        let answered = self.send(&mut client, &valid).await;
        let Ok(delivered) = answered else {
            drop(on_the_way);
            // A grant may have ended meanwhile, and the next try may be minutes away.
            let (_, ended) = self.sort(valid);
            self.settle(ended).await?;
            return answered.map(drop);
        };
        self.settle(settlements(valid, delivered)).await?;
        self.client = self.deposit(client).await?;
        Ok(())
    }

    /// Marks what may still go as sent, and keeps the sweeper away from it.
    async fn send_off(&self, due: Vec<Parcel>) -> Result<(Vec<Parcel>, OnTheWay), TransportError> {
        let releases = due.iter().map(|it| it.waiting.id).collect();
        let on_the_way = self.store.send_off(releases).await.map_err(disk)?;
        // Asked again: between the first answer and the mark a connection was made, which may take minutes.
        let (mut valid, ended) = self.sort(due);
        self.settle(ended).await?;
        valid.iter_mut().for_each(|it| it.waiting.sent = true);
        Ok((valid, on_the_way))
    }

    async fn next_due(&mut self) -> Result<Vec<Parcel>, TransportError> {
        loop {
            // Seen before the look: what comes in after it wakes us.
            self.outbox.mark_unchanged();
            let wait = match self.look()? {
                Looked::Due(due) => return Ok(due),
                Looked::NothingFor(wait) => wait,
            };
            // Whichever comes first: both only mean "look again".
            let _ = tokio::time::timeout(wait, self.outbox.changed()).await;
        }
    }

    fn look(&self) -> Result<Looked, TransportError> {
        let looked = self.look_for_releases()?;
        let Looked::NothingFor(wait) = looked else { return Ok(looked) };
        Ok(match self.until_told()? {
            // Back to where it is told.
            Some(Duration::ZERO) => Looked::Due(Vec::new()),
            told => Looked::NothingFor(told.map_or(wait, |it| wait.min(it))),
        })
    }

    fn look_for_releases(&self) -> Result<Looked, TransportError> {
        let Clock::Known(now) = self.intake.clock(Millis::now()) else {
            // Nobody can tell which grant is valid: nothing is sent, and nothing is purged.
            return Ok(Looked::NothingFor(LOOK_EVERY));
        };
        let due = self.store.due(&self.contract.name, now, BATCH_MAX).map_err(disk)?;
        if due.is_empty() {
            return Ok(Looked::NothingFor(self.until_due(now)?));
        }
        Ok(Looked::Due(due))
    }

    fn until_due(&self, now: Millis) -> Result<Duration, TransportError> {
        let next = self.store.next_due(&self.contract.name).map_err(disk)?;
        Ok(next.map_or(LOOK_EVERY, |it| {
            // To the millisecond: whoever is kept just before, and wakes this loop, must not move the moment.
            let millis = u64::try_from(it.0.saturating_sub(now.0)).unwrap_or(0);
            Duration::from_millis(millis).min(LOOK_EVERY)
        }))
    }

    /// Parts what may go now from what may not any more. Neither, while the clock is unknown.
    fn sort(&self, due: Vec<Parcel>) -> (Vec<Parcel>, Vec<Settlement>) {
        let (mut valid, mut ended) = (Vec::new(), Vec::new());
        let clock = self.intake.clock(Millis::now());
        let generation = self.intake.generation();
        for parcel in due {
            let waiting = &parcel.waiting;
            let grant = generation.grant(&waiting.device, &waiting.grant, waiting.grant_digest);
            match decision::at_sending(grant, waiting.expires, clock) {
                Sending::Wait => {}
                Sending::Go => valid.push(parcel),
                Sending::Expired => ended.push(Settlement::expired(parcel.waiting)),
                Sending::Ended => ended.push(Settlement::purged(parcel.waiting)),
            }
        }
        (valid, ended)
    }

    async fn settle(&self, settlements: Vec<Settlement>) -> Result<(), TransportError> {
        if settlements.is_empty() {
            return Ok(());
        }
        self.store.settle(settlements).await.map_err(disk)
    }

    /// The kept connection or a new one, to a hub that knows this gateway.
    async fn connected(&mut self) -> Result<Client, TransportError> {
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(&self.transport, &self.contract).await?,
        };
        if let (Format::Hushgate(keys), false, Some(code)) =
            (self.contract.format, self.paired, self.contract.code)
        {
            client.pair(&keys, &self.gateway_key, &code).await?;
            self.set_paired(true).await?;
        }
        Ok(client)
    }

    async fn send(
        &mut self,
        client: &mut Client,
        valid: &[Parcel],
    ) -> Result<Vec<Delivered>, TransportError> {
        if valid.is_empty() {
            return Ok(Vec::new());
        }
        let keys = match self.contract.format {
            Format::Hushgate(keys) => keys,
            Format::PrivateIot => return client.prototype(&self.vault, valid).await,
        };
        match client.releases(&keys, valid).await? {
            Answered::Delivered(delivered) => Ok(delivered),
            Answered::NotPaired => {
                self.set_paired(false).await?;
                Err(TransportError::Broken("the hub does not know this gateway".into()))
            }
        }
    }

    async fn set_paired(&mut self, paired: bool) -> Result<(), TransportError> {
        self.paired = paired;
        let name = paired_name(&self.contract);
        self.store.set_cursor(&name, i64::from(paired)).await.map_err(disk)
    }
}

fn settlements(valid: Vec<Parcel>, delivered: Vec<Delivered>) -> Vec<Settlement> {
    let waiting = valid.into_iter().map(|it| (it.waiting.release, it.waiting));
    let mut by_release: HashMap<_, _> = waiting.collect();
    let settled = |it: Delivered| {
        let waiting = by_release.remove(&it.release)?;
        Some(match it.proof {
            Some(proof) => Settlement::delivered(waiting, proof),
            None => Settlement::refused(waiting),
        })
    };
    delivered.into_iter().filter_map(settled).collect()
}

fn paired_name(contract: &Contract) -> String {
    format!("paired/{}/{}", contract.name, contract.address)
}

fn disk(error: crate::store::StoreError) -> TransportError {
    TransportError::Unreachable(error.to_string())
}

/// Half to one and a half of `delay`, so that gateways do not come back all at once.
fn jittered(delay: Duration) -> Duration {
    let random = crate::keys::random::<2>().map_or(u16::MAX / 2, u16::from_be_bytes);
    delay.mul_f64(0.5 + f64::from(random) / f64::from(u16::MAX))
}
