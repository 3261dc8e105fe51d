//! The keys of a simulated person. Signatures are real; a check is remembered across peers by what it covers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base::DeviceId;
use kernel::Vault;
use wire::crypto::{PersonKey, SignKey, Signature, Signer, Strict, Verifier};
use wire::identity::{Inception, RecoveryKey};

/// What has been checked, shared by all peers of a world: a thousand peers check each signature once.
#[derive(Debug, Clone, Default)]
pub struct Memory(Option<Arc<Mutex<Checked>>>);

/// Whether a signature holds, by what it covers.
type Checked = HashMap<[u8; 32], bool>;

impl Memory {
    /// Remembers.
    pub fn shared() -> Self {
        Self(Some(Arc::default()))
    }

    /// Checks every signature every time.
    pub fn none() -> Self {
        Self(None)
    }
}

/// The keys of one simulated person with one device.
#[derive(Debug)]
pub struct SimVault {
    device: SignKey,
    person: PersonKey,
    recovery: RecoveryKey,
    inception: Vec<u8>,
    memory: Memory,
}

impl SimVault {
    /// Makes the keys of a seed.
    pub fn new(seed: &[u8; 32], memory: Memory) -> Self {
        let key = |purpose| blake3::derive_key(purpose, seed);
        let recovery = RecoveryKey::from_seed(&key("sim recovery"));
        let device = SignKey::from_seed(&key("sim device"));
        let person = PersonKey::from_seed(&key("sim person"));
        let inception = Inception::new(recovery.key(), &device, &person).to_bytes();
        Self { device, person, recovery, inception, memory }
    }

    /// Returns the key of the person's recovery words.
    pub fn words(&self) -> RecoveryKey {
        self.recovery.clone()
    }
}

impl Signer for SimVault {
    fn device(&self) -> DeviceId {
        self.device.device()
    }

    fn sign(&self, domain: &str, bytes: &[u8]) -> Signature {
        self.device.sign(domain, bytes)
    }
}

impl Verifier for SimVault {
    fn verify(&self, device: &DeviceId, domain: &str, bytes: &[u8], signature: &Signature) -> bool {
        let Some(memory) = &self.memory.0 else { return Strict.verify(device, domain, bytes, signature) };
        let mut hasher = blake3::Hasher::new();
        hasher
            .update(device.as_bytes())
            .update(&signature.0)
            .update(domain.as_bytes())
            .update(b"\0")
            .update(bytes);
        let key = *hasher.finalize().as_bytes();
        let known = memory.lock().ok().and_then(|memory| memory.get(&key).copied());
        known.unwrap_or_else(|| {
            let holds = Strict.verify(device, domain, bytes, signature);
            if let Ok(mut memory) = memory.lock() {
                memory.insert(key, holds);
            }
            holds
        })
    }
}

impl Vault for SimVault {
    fn inception(&self) -> Vec<u8> {
        self.inception.clone()
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
}
