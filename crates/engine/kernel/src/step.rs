//! All that a decider may touch during one step.

use std::time::Duration;

use base::{DeviceId, Fault, Timestamp, WebId};
use serde::Serialize;
use store::Overlay;
use wire::crypto::{Signature, Signer, Verifier};
use wire::identity::RecoveryKey;

use crate::{AskId, Channel, Effect, Job, JobId, Keyring, RelayAccess, Vault};

/// One step: rows, the time, randomness, keys, and what shall leave after the commit.
///
/// Dropped without merging, it leaves nothing behind.
pub struct Step<'a> {
    pub(crate) service: &'static str,
    pub(crate) rows: Overlay<'a>,
    pub(crate) now: Timestamp,
    pub(crate) seed: [u8; 32],
    pub(crate) drawn: u64,
    pub(crate) next_job: &'a mut u64,
    pub(crate) vault: &'a dyn Vault,
    pub(crate) keyring: &'a mut Keyring,
    pub(crate) out: Out,
}

/// What a step wants done; kept only if the step succeeds.
#[derive(Debug, Default)]
pub(crate) struct Out {
    pub(crate) effects: Vec<Effect>,
    /// What is said to other services, in order; to all that listen where none is named.
    pub(crate) told: Vec<(Option<String>, Vec<u8>)>,
    pub(crate) events: Vec<(&'static str, serde_json::Value)>,
    pub(crate) alarms: Vec<(Timestamp, String)>,
    /// Whether a power cut may lose what the step wrote.
    pub(crate) is_relaxed: bool,
}

impl std::fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Step").field("service", &self.service).field("now", &self.now).finish_non_exhaustive()
    }
}

impl<'a> Step<'a> {
    /// Returns the time, by this peer's clock, which may be wrong.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns this device.
    pub fn me(&self) -> DeviceId {
        self.vault.device()
    }

    /// Returns fresh random bytes: every call differs, the same run repeats them.
    pub fn random(&mut self, label: &str) -> [u8; 32] {
        self.drawn += 1;
        let mut hasher = blake3::Hasher::new_keyed(&self.seed);
        hasher.update(&self.drawn.to_be_bytes()).update(self.service.as_bytes()).update(label.as_bytes());
        *hasher.finalize().as_bytes()
    }

    /// Returns the rows, to read and to write.
    pub fn rows(&mut self) -> &mut Overlay<'a> {
        &mut self.rows
    }

    /// Returns the rows, to read.
    pub fn view(&self) -> &Overlay<'a> {
        &self.rows
    }

    /// Lets a power cut lose what this step writes, with all that happened in the fifth of a second before it.
    ///
    /// The batch waits for no disk if all its steps say so. Only for what others or a later step make good by
    /// themselves, and never for what a person is told is saved, or for anything signed that must not be said twice.
    pub fn relax_durability(&mut self) {
        self.out.is_relaxed = true;
    }

    /// Returns the epoch keys.
    pub fn keyring(&mut self) -> &mut Keyring {
        self.keyring
    }

    /// Returns the signer of this device.
    pub fn signer(&self) -> &dyn Signer {
        self.vault
    }

    /// Returns the checker of signatures.
    pub fn verifier(&self) -> &dyn Verifier {
        self.vault
    }

    /// Signs with this device's key.
    pub fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        self.vault.sign(domain, bytes)
    }

    /// Returns this person's inception.
    pub fn inception(&self) -> Vec<u8> {
        self.vault.inception()
    }

    /// Opens what was sealed to this person, under whichever of its keys.
    pub fn open(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>> {
        let later = || self.keyring.persons().find_map(|key| key.open(sealed, purpose, context));
        self.vault.open(sealed, purpose, context).or_else(later)
    }

    /// Opens what was sealed to this device.
    pub fn open_for_device(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>> {
        self.vault.open_for_device(sealed, purpose, context)
    }

    /// Returns the recovery key whose words were said to this peer just now.
    pub fn recovery(&self) -> Option<RecoveryKey> {
        self.vault.recovery()
    }

    /// Seals the secret of one of this person's keys to another device of the person; `None` when it is not held here.
    pub fn seal_person(
        &mut self,
        key: &[u8; 32],
        to: &DeviceId,
        purpose: &str,
        context: &[u8],
    ) -> Option<Vec<u8>> {
        let seed = self.random("seal person");
        match self.keyring.person(key) {
            Some(key) => key.seal_secret(to, purpose, context, &seed),
            None => self.vault.seal_person(to, purpose, context, &seed),
        }
    }

    /// Says something to a peer's service of the same name; lost when the peer is not connected.
    pub fn send(&mut self, to: DeviceId, channel: Channel, message: Vec<u8>) {
        let service = self.service;
        self.out.effects.push(Effect::Send { to, channel, service, message });
    }

    /// Tells another service of this peer, later in the same batch; kept until that service has taken it.
    /// Nothing happens when there is no service of that name.
    pub fn tell(&mut self, service: &str, message: Vec<u8>) {
        self.out.told.push((Some(service.to_owned()), message));
    }

    /// Tells every service that listens to this one ([`crate::Service::listens_to`]), as [`Self::tell`] does.
    pub fn announce(&mut self, message: Vec<u8>) {
        self.out.told.push((None, message));
    }

    /// Gives work to a driver; its end comes back as `Finished`.
    pub fn work(&mut self, kind: &'static str, input: Vec<u8>) -> JobId {
        *self.next_job += 1;
        let id = JobId(*self.next_job);
        self.out.effects.push(Effect::Work(Job { id, service: self.service, kind, input }));
        id
    }

    /// Stops work.
    pub fn cancel(&mut self, job: JobId) {
        self.out.effects.push(Effect::Cancel(job));
    }

    /// Answers a person.
    pub fn reply<T: Serialize>(&mut self, ask: AskId, answer: &T) {
        let outcome = serde_json::to_value(answer).map_err(|error| {
            Fault::new(
                "kernel.reply",
                base::FaultKind::Broken,
                format!("an answer could not be written: {error}"),
            )
        });
        self.out.effects.push(Effect::Reply { ask, outcome });
    }

    /// Answers a person that it failed, while keeping what the step wrote.
    pub fn refuse(&mut self, ask: AskId, fault: Fault) {
        self.out.effects.push(Effect::Reply { ask, outcome: Err(fault) });
    }

    /// Wakes this service with `Alarm { key }` after `wait`; the same key set again replaces the earlier time.
    pub fn alarm(&mut self, wait: Duration, key: impl Into<String>) {
        let at = self.now.after(wait);
        self.out.alarms.push((at, key.into()));
    }

    /// Publishes an event, numbered at commit, to everybody who watches (`kind` as in `files.changed`).
    pub fn emit<T: Serialize>(&mut self, kind: &'static str, about: &T) {
        let about = serde_json::to_value(about).unwrap_or(serde_json::Value::Null);
        self.out.events.push((kind, about));
    }

    /// Has a connection made.
    pub fn connect(&mut self, to: DeviceId, channel: Channel) {
        self.out.effects.push(Effect::Connect { to, channel });
    }

    /// Has connections ended.
    pub fn disconnect(&mut self, device: DeviceId, channel: Channel) {
        self.out.effects.push(Effect::Disconnect { device, channel });
    }

    /// Has addresses remembered.
    pub fn addresses(&mut self, device: DeviceId, addresses: Vec<String>) {
        self.out.effects.push(Effect::Addresses { device, addresses });
    }

    /// Says which relays to use.
    pub fn use_relays(&mut self, relays: Vec<RelayAccess>) {
        self.out.effects.push(Effect::UseRelays(relays));
    }

    /// Says whether this device is a relay for those who are admitted.
    pub fn be_relay(&mut self, is_relay: bool) {
        self.out.effects.push(Effect::BeRelay(is_relay));
    }

    /// Says who may use the member protocols for a web.
    pub fn admit(&mut self, web: WebId, devices: Vec<DeviceId>) {
        self.out.effects.push(Effect::Admit { web, devices });
    }
}
