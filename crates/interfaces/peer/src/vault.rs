//! Holds the private keys of a running peer and uses them; they never leave it.

use std::sync::Arc;

use base::DeviceId;
use kernel::Vault;
use wire::crypto::{PersonKey, SignKey, Signature, Signer, Strict, Verifier};
use wire::identity::RecoveryKey;

use crate::keys::KeyFile;
use crate::words::WordBook;

/// The vault of a real peer: every signature is made and checked in full.
#[derive(Debug)]
pub(crate) struct HomeVault {
    device: SignKey,
    person: PersonKey,
    keys: Arc<KeyFile>,
    words: Arc<WordBook>,
}

impl HomeVault {
    /// Makes the keys of their secrets.
    pub(crate) fn new(keys: Arc<KeyFile>, words: Arc<WordBook>) -> Self {
        let device = SignKey::from_seed(&keys.device());
        let person = PersonKey::from_seed(&keys.person());
        Self { device, person, keys, words }
    }
}

impl Signer for HomeVault {
    fn device(&self) -> DeviceId {
        self.device.device()
    }

    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        self.device.sign(domain, bytes)
    }
}

impl Verifier for HomeVault {
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool {
        Strict.verify(device, domain, bytes, signature)
    }
}

impl Vault for HomeVault {
    fn inception(&self) -> Vec<u8> {
        self.keys.inception()
    }

    fn open(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>> {
        self.person.open(sealed, purpose, context)
    }

    fn open_for_device(&self, sealed: &[u8], purpose: &str, context: &[u8]) -> Option<Vec<u8>> {
        self.device.open(sealed, purpose, context)
    }

    fn seal_person(&self, to: &DeviceId, purpose: &str, context: &[u8], seed: &[u8; 32]) -> Option<Vec<u8>> {
        self.person.seal_secret(to, purpose, context, seed)
    }

    fn recovery(&self) -> Option<RecoveryKey> {
        self.words.said()
    }
}
