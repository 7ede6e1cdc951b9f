//! Deletes what may not be sent any more, also for recipients that are away or gone.
//!
//! # Promises
//!
//! - When a grant ends or its text changes, what waits under it is purged at once, and the ledger says so.
//! - What waited longer than its grant allows is deleted within half a minute.
//! - What is on its way to a hub is left to [`super::Delivery`], which waits for the hub's answer.

use crate::{
    intake::{Intake, silence::Unfinished},
    message::Millis,
    outbox::Settlement,
    store::{Store, StoreError},
};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How many releases are deleted in one transaction: enough that a hundred thousand do not wait for hundreds of `fsync`s,
/// and few enough that a frame which waits for the writer meanwhile is not held up for long.
const BATCH_MAX: usize = 2048;

/// Sweeps at each change of plans, and from time to time, until `stop`.
pub async fn run(store: Arc<Store>, intake: Arc<Intake>, stop: CancellationToken) {
    let mut changes = intake.changes();
    loop {
        changes.mark_unchanged();
        let withdrawals = intake.to_purge();
        let swept = async {
            sweep_expired(&store).await?;
            sweep_ended(&store, &intake).await
        };
        match swept.await {
            Ok(()) => tell(&store, withdrawals).await,
            Err(error) => {
                intake.unfinished(withdrawals);
                tracing::warn!(%error, "what may not be sent any more could not be deleted yet");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tokio::time::timeout(LOOK_EVERY, changes.changed()) => {}
        }
    }
}

async fn tell(store: &Store, withdrawals: Vec<Unfinished>) {
    for silence in withdrawals.into_iter().map(Unfinished::ends) {
        if let Err(error) = store.silenced(silence).await {
            tracing::warn!(%error, "how long a withdrawal took was not kept");
        }
    }
}

async fn sweep_expired(store: &Store) -> Result<(), StoreError> {
    loop {
        let past = store.past(Millis::now(), BATCH_MAX)?;
        if past.is_empty() {
            return Ok(());
        }
        store.settle(past.into_iter().map(Settlement::expired).collect()).await?;
    }
}

async fn sweep_ended(store: &Store, intake: &Intake) -> Result<(), StoreError> {
    let generation = intake.generation();
    for (device, grant, digest) in store.waiting_grants()? {
        // One that is valid at another time than now is delivery's to judge: the clock may be wrong.
        let grant_now = generation.grant(&device, &grant, digest);
        if grant_now.is_some_and(|it| it.ended().is_none()) {
            continue;
        }
        loop {
            let ended = store.waiting_under((&device, &grant, digest), BATCH_MAX)?;
            if ended.is_empty() {
                break;
            }
            store.settle(ended.into_iter().map(Settlement::purged).collect()).await?;
        }
    }
    Ok(())
}
