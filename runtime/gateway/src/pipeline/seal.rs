//! The last step: what may leave is sealed to its recipient, before any disk sees it.
//!
//! # Promises
//!
//! - Only this module makes a [`Sealed`], and it needs a [`Consented`].
//! - Each recipient hears from a key that is for it alone.
//! - For the prototype's page, which has no key, a release is sealed to the gateway itself until it is sent.

use crate::{
    consent::{release::Consented, schema::Allowed},
    contract::{Contract, Format},
    keys::{Keys, Vault, random},
    message::Millis,
    outcome::Reason,
    wire::{
        envelope::{Content, ContentField, ContentValue, Parcel, ReleaseId, Sealer},
        withdrawal::GrantTag,
    },
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Seals in the name of this gateway.
pub struct Sealing {
    keys: Keys,
    vault: Vault,
    pseudonyms: [u8; 32],
    /// By the recipient's public key. As many as there are recipients.
    sealers: RwLock<HashMap<[u8; 32], Arc<Sealer>>>,
    /// How often each grant was withdrawn.
    lives: RwLock<HashMap<String, u64>>,
}

/// A release that only its recipient can read.
///
/// Only this module can make one.
#[derive(Debug)]
pub struct Sealed {
    release: ReleaseId,
    recipient: String,
    grant: String,
    grant_digest: [u8; 8],
    due: Millis,
    expires: Millis,
    names: Vec<String>,
    envelope: Vec<u8>,
}

impl std::fmt::Debug for Sealing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealing([hidden])")
    }
}

impl Sealing {
    /// With the gateway's own keys.
    pub fn new(keys: &Keys) -> Self {
        let pseudonyms = keys.derive("hushgate pseudonyms v1");
        Self {
            keys: keys.clone(),
            vault: keys.vault(),
            pseudonyms,
            sealers: RwLock::default(),
            lives: RwLock::default(),
        }
    }

    /// From now on each grant was withdrawn so often.
    pub fn set_lives(&self, lives: HashMap<String, u64>) {
        *self.lives.write().unwrap_or_else(PoisonError::into_inner) = lives;
    }

    /// What the recipient of `contract` knows the consent `grant` by, and its key; none if it cannot be told of it.
    pub fn told(&self, contract: &Contract, grant: &str) -> Option<([u8; 32], GrantTag)> {
        let Format::Hushgate(keys) = contract.format else { return None };
        let lives = self.lives.read().unwrap_or_else(PoisonError::into_inner);
        let life = lives.get(grant).copied().unwrap_or(0);
        Some((keys.sealing, GrantTag(self.keys.grant_tag(&keys.sealing, grant, life))))
    }

    /// The key by which `recipient` knows this gateway.
    pub fn public_to(&self, recipient: &[u8; 32]) -> [u8; 32] {
        self.keys.sealing_public_to(recipient)
    }

    /// What pseudonyms are made with.
    pub(super) fn pseudonyms(&self) -> &[u8; 32] {
        &self.pseudonyms
    }

    /// Who seals to `recipient`.
    fn sealer(&self, recipient: &[u8; 32]) -> Arc<Sealer> {
        // A panic cannot leave a map of whole sealers half changed.
        let known = self.sealers.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(sealer) = known.get(recipient) {
            return sealer.clone();
        }
        drop(known);
        let sealer = Arc::new(Sealer::new(self.keys.sealing_to(recipient)));
        let mut known = self.sealers.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(*recipient).or_insert(sealer).clone()
    }
}

/// Seals one release. `pad_kib` is what a policy asked for, on top of the contract.
pub fn run(
    sealing: &Sealing,
    contract: &Contract,
    consented: &Consented,
    pad_kib: u32,
) -> Result<Sealed, Reason> {
    let release = ReleaseId(random().map_err(|_| Reason::Seal)?);
    let mut content = content(consented);
    content.tag = sealing.told(contract, consented.grant()).map(|it| it.1);
    let envelope = match contract.format {
        Format::Hushgate(keys) => {
            let bytes = |it: u32| usize::try_from(it).unwrap_or(usize::MAX);
            let (size, size_min) = (bytes(contract.envelope_bytes), bytes(pad_kib << 10));
            let parcel = Parcel { id: release, content: &content, size, size_min };
            let sealer = sealing.sealer(&keys.sealing);
            sealer.seal(&keys.sealing, parcel).map_err(|_| Reason::Seal)?
        }
        Format::PrivateIot => {
            let plain = serde_json::to_vec(&content).map_err(|_| Reason::Seal)?;
            sealing.vault.seal(&release.to_string(), &plain).ok_or(Reason::Seal)?
        }
    };
    Ok(Sealed {
        release,
        recipient: consented.recipient().to_owned(),
        grant: consented.grant().to_owned(),
        grant_digest: consented.grant_digest(),
        due: consented.due(),
        expires: consented.expires(),
        names: consented.fields().iter().map(|it| it.path.clone()).collect(),
        envelope,
    })
}

fn content(consented: &Consented) -> Content {
    let field = |it: &crate::consent::release::ConsentedField| ContentField {
        path: it.path.clone(),
        unit: it.unit.clone(),
        value: match it.value.reveal() {
            Allowed::Number(number) => ContentValue::Number(*number),
            Allowed::Flag(flag) => ContentValue::Flag(*flag),
            Allowed::Choice(text) => ContentValue::Choice(text.clone()),
        },
    };
    Content {
        device: consented.device_alias().to_owned(),
        purpose: consented.purpose().to_owned(),
        at_ms: consented.at().0,
        keep_ms: consented.keep_ms(),
        tag: None,
        fields: consented.fields().iter().map(field).collect(),
    }
}

impl Sealed {
    /// Its number.
    pub fn release(&self) -> ReleaseId {
        self.release
    }

    /// Who may receive it.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// The grant that allows it.
    pub fn grant(&self) -> &str {
        &self.grant
    }

    /// The text of the grant that it was decided by.
    pub fn grant_digest(&self) -> [u8; 8] {
        self.grant_digest
    }

    /// Before this it is not sent.
    pub fn due(&self) -> Millis {
        self.due
    }

    /// After this it is not sent.
    pub fn expires(&self) -> Millis {
        self.expires
    }

    /// How many fields are in it.
    pub fn fields(&self) -> usize {
        self.names.len()
    }

    /// What they are called.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What is kept and sent.
    pub fn envelope(&self) -> &[u8] {
        &self.envelope
    }

    /// SHA-256 of [`Self::envelope`].
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.envelope).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        consent::{
            grant::{Clock, Grant},
            operator::Memory,
            release::{self, Host, PAD_KIB_MAX, Slots, Tightening},
        },
        contract::Address,
        wire::{
            envelope::{self, Envelope},
            invite::RecipientKeys,
        },
    };
    use hushgate_wasm::bindings::{Field, Reading, Scalar};
    use std::collections::BTreeSet;

    /// A release of so many flags, each of which takes 65 bytes of the envelope.
    fn flags(count: usize) -> Consented {
        let path = |it: usize| format!("the-flag-with-the-longest-name-of-all-{it:02}");
        let rule = |it: usize| format!("{{ path = \"{}\", flag = true }}", path(it));
        let rules: Vec<_> = (0..count).map(rule).collect();
        let text = format!(
            "subject = \"ada\"\ndevice = \"door\"\nrecipient = \"hospital\"\npurpose = \"p\"\n\
             every = \"10 s\"\nretention = \"1 h\"\nvalid-from = 1970-01-01T00:00:00Z\n\
             valid-until = 2027-01-01T00:00:00Z\nfield = [{}]\n",
            rules.join(", ")
        );
        let grant = Grant::of_text(&text);
        let field = |it| Field { path: path(it), value: Scalar::Flag(true), unit: None };
        let fields = (0..count).map(field).collect();
        let reading = Reading { kind: "k".into(), at_ms: None, fields };
        let permit = grant.permit(Clock::Known(Millis(0))).unwrap();
        let all = Tightening::default();
        let (slots, memory) = (&mut Slots::default(), &mut Memory::default());
        let host = Host { slots, memory, secret: &[0; 32], coins: &mut || None };
        release::clamp(permit, &[reading], host, &all).unwrap()
    }

    fn contract(format: Format, envelope_bytes: u32) -> Contract {
        Contract {
            name: "hospital".into(),
            address: Address::Loopback("127.0.0.1:9000".parse().unwrap()),
            format,
            envelope_bytes,
            code: None,
        }
    }

    /// How large the envelope is under a contract of so many bytes.
    fn size((contract_bytes, pad_kib): (u32, u32), consented: &Consented) -> usize {
        let keys = Keys::create(&tempfile::tempdir().unwrap().path().join("seed")).unwrap();
        let recipient = RecipientKeys { sealing: keys.sealing_public(), receipt: [0; 32] };
        let contract = contract(Format::Hushgate(recipient), contract_bytes);
        let sealed = run(&Sealing::new(&keys), &contract, consented, pad_kib);
        sealed.unwrap().envelope().len()
    }

    #[test]
    fn recipients_cannot_tell_by_keys_that_they_hear_from_one_gateway() {
        let keys = Keys::create(&tempfile::tempdir().unwrap().path().join("seed")).unwrap();
        let hub = || Keys::create(&tempfile::tempdir().unwrap().path().join("seed")).unwrap();
        let (sealing, hubs) = (Sealing::new(&keys), [hub(), hub()].map(|it| it.sealing_public()));
        let key_id = |hub: &[u8; 32]| {
            let recipient = RecipientKeys { sealing: *hub, receipt: [0; 32] };
            let sealed = run(&sealing, &contract(Format::Hushgate(recipient), 1024), &flags(1), 0);
            Envelope::parse(sealed.unwrap().envelope()).unwrap().key_id
        };
        assert_ne!(key_id(&hubs[0]), key_id(&hubs[1]));
        for hub in &hubs {
            let introduced = envelope::key_id(&keys.sealing_public_to(hub));
            assert_eq!([key_id(hub), key_id(hub)], [introduced; 2]);
        }
    }

    #[test]
    fn a_policy_chooses_among_the_sizes_that_are_counted() {
        let small = flags(1);
        let sizes: BTreeSet<_> = (0..=PAD_KIB_MAX).map(|it| size((256, it), &small)).collect();
        let whole = (1..=16).map(|it| it << 10);
        assert_eq!(sizes, [256].into_iter().chain(whole).collect());
    }

    #[test]
    fn what_a_policy_asks_for_leaves_no_size_below_the_contracts() {
        let (small, large) = (flags(1), flags(26));
        assert_eq!([&small, &large].map(|it| size((1_500, 0), it)), [1_500, 3_000]);
        // Rounded to 2 KiB instead, the larger would be seen to have less than that.
        assert_eq!([&small, &large].map(|it| size((1_500, 2), it)), [2_048, 3_000]);
        assert_eq!([&small, &large].map(|it| size((1_500, 4), it)), [4_096, 4_096]);
    }
}
