//! Tells a recipient that consents were withdrawn, until it signed that it deleted what it had.

use super::{Delivery, RETRY_DELAY_MAX, RETRY_DELAY_MIN, TransportError, disk, jittered};
use crate::{
    contract::{Contract, Format},
    keys::Keys,
    store::consents::Untold,
    wire::{envelope::Sealer, invite::RecipientKeys, withdrawal::Withdrawal},
};
use std::time::Duration;
use tokio::time::Instant;

/// Who is told, and when again.
pub(super) struct Told {
    /// None for a recipient that cannot be told.
    hub: Option<(RecipientKeys, Sealer)>,
    again: Instant,
    delay: Duration,
}

impl Told {
    pub(super) fn new(contract: &Contract, keys: &Keys) -> Self {
        let hub = match contract.format {
            Format::Hushgate(hub) => Some((hub, Sealer::new(keys.sealing_to(&hub.sealing)))),
            Format::PrivateIot => None,
        };
        Self { hub, again: Instant::now(), delay: RETRY_DELAY_MIN }
    }

    /// Its keys, and who seals to it.
    pub(super) fn hub(&self) -> Option<&(RecipientKeys, Sealer)> {
        self.hub.as_ref()
    }
}

impl Delivery {
    /// Until something is to be told; nothing if nothing is.
    pub(super) fn until_told(&self) -> Result<Option<Duration>, TransportError> {
        let wait = self.told.again.saturating_duration_since(Instant::now());
        Ok(if self.untold()?.is_empty() { None } else { Some(wait) })
    }

    /// Tells what is to be told now. Only a failing disk is an error here: a hub that does not answer this may still
    /// take releases.
    pub(super) async fn tell(&mut self) -> Result<(), TransportError> {
        let untold = if self.told.again > Instant::now() { Vec::new() } else { self.untold()? };
        if untold.is_empty() {
            return Ok(());
        }
        match self.tell_all(untold).await {
            Ok(()) => self.told.delay = RETRY_DELAY_MIN,
            Err(error) => {
                self.client = None;
                let retry_in = jittered(self.told.delay);
                let recipient = &self.contract.name;
                tracing::warn!(recipient, %error, ?retry_in, "a withdrawal could not be told yet");
                self.told.again = Instant::now() + retry_in;
                self.told.delay = (self.told.delay * 2).min(RETRY_DELAY_MAX);
            }
        }
        Ok(())
    }

    fn untold(&self) -> Result<Vec<Untold>, TransportError> {
        let Some((hub, _)) = &self.told.hub else { return Ok(Vec::new()) };
        self.store.untold(&self.contract.name, &hub.sealing).map_err(disk)
    }

    /// Dropping this future at any `await` is safe: a hub that is told again gives the same answer.
    async fn tell_all(&mut self, untold: Vec<Untold>) -> Result<(), TransportError> {
        let mut client = self.connected().await?;
        for it in untold {
            let Some((hub, sealer)) = &self.told.hub else { break };
            let withdrawal = Withdrawal { id: it.id, tag: it.tag, at_ms: it.at.0 };
            let sealed = withdrawal.seal(sealer, &hub.sealing);
            let sealed = sealed.map_err(|error| TransportError::Broken(error.to_string()))?;
            let Some(proof) = client.withdrawal(hub, sealed, (it.id, it.tag)).await? else {
                self.set_paired(false).await?;
                return Err(TransportError::Broken("the hub does not know this gateway".into()));
            };
            self.store.deleted(it.id, proof).await.map_err(disk)?;
            tracing::info!(recipient = it.recipient, grant = it.grant, "deleted, and signed for");
        }
        self.client = Some(client);
        Ok(())
    }
}
