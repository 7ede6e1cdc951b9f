//! Has the hub keep a checkpoint of the ledger, once a day, which it cannot read.

use super::{Client, Delivery, TransportError, disk};
use crate::{ledger::checkpoint::SEALED_FOR, message::Millis, wire::deposit};

const DAY_MS: i64 = 86_400_000;

impl Delivery {
    /// Deposits, if today nothing was; gives back the connection if it is still good. With a delivery, so that no moment of its
    /// own tells anything. What fails is left for tomorrow: releases must not wait for it.
    pub(super) async fn deposit(
        &self,
        mut client: Client,
    ) -> Result<Option<Client>, TransportError> {
        let today = Millis::now().0.div_euclid(DAY_MS);
        let name = format!("deposit/{}", self.contract.name);
        if self.told.hub().is_none() || self.store.cursor(&name).map_err(disk)? >= today {
            return Ok(Some(client));
        }
        self.store.set_cursor(&name, today).await.map_err(disk)?;
        let recipient = &self.contract.name;
        Ok(match self.deposit_now(&mut client).await {
            Ok(true) => Some(client),
            Ok(false) => {
                tracing::info!(recipient, "the hub keeps no checkpoints: it is older");
                Some(client)
            }
            Err(error) => {
                tracing::warn!(recipient, %error, "today's checkpoint was not taken");
                None
            }
        })
    }

    async fn deposit_now(&self, client: &mut Client) -> Result<bool, TransportError> {
        let Some((hub, sealer)) = self.told.hub() else { return Ok(true) };
        let head = self.store.ledger_head().map_err(disk)?;
        let broken = |it: &str| TransportError::Broken(format!("it could not be sealed for {it}"));
        let kept = self.vault.seal(SEALED_FOR, self.signer.sign(&head).as_bytes());
        let kept = kept.ok_or_else(|| broken("this gateway"))?;
        let sealed = deposit::seal(sealer, &hub.sealing, &kept);
        client.deposit(sealed.map_err(|_| broken("the hub"))?).await
    }
}
