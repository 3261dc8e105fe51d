//! The bytes of the key file, in every version.
//!
//! ```text
//! 1: [1, device seed, person key seed, recovery secret]
//! 2: [2, device seed, person key seed, recovery secret or null, inception]
//! 3: [3, guard, nonce, sealed]        sealed: version 2 under the guard's key; [3, guard] is authenticated with it
//! 4: as 3, with a guard that version 3 does not know: the keyring's
//! ```
//! Deterministic CBOR: what is not the encoding of itself is damaged.

use std::path::Path;

use minicbor::{Decode, Encode};
use wire::crypto::{EpochKey, PersonKey, SignKey, Signer};
use wire::identity::{Inception, RecoveryKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::PeerError;
use crate::keys::Guard;

/// The format of a file whose secrets are sealed under a passphrase.
const SEALED: u16 = 3;

/// The newest format of the file: one whose secrets are sealed under a key in the keyring.
const IN_KEYRING: u16 = 4;

/// The newest format of the secrets themselves.
const PLAIN: u16 = 2;

/// What the secrets are sealed for.
const PURPOSE: &str = "althing keys at rest v1";

/// The secrets from which all keys of a home are made.
#[derive(PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Keys {
    #[n(0)]
    version: u16,
    /// Of the device key.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) device: [u8; 32],
    /// Of the key the person begins with.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) person: [u8; 32],
    /// Of the recovery key, as long as it is kept here.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) recovery: Option<[u8; 32]>,
    /// What the person begins with, as it travels; without the recovery secret it cannot be made again.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) inception: Vec<u8>,
}

/// Version 1 of the file, whose inception was made anew at each start.
#[derive(Encode, Decode, Zeroize, ZeroizeOnDrop)]
struct KeysV1 {
    #[n(0)]
    version: u16,
    #[cbor(n(1), with = "minicbor::bytes")]
    device: [u8; 32],
    #[cbor(n(2), with = "minicbor::bytes")]
    person: [u8; 32],
    #[cbor(n(3), with = "minicbor::bytes")]
    recovery: [u8; 32],
}

/// A file whose secrets are sealed.
#[derive(Encode, Decode)]
pub(super) struct SealedKeys {
    #[n(0)]
    version: u16,
    #[n(1)]
    pub(super) guard: Guard,
    #[cbor(n(2), with = "minicbor::bytes")]
    nonce: [u8; 24],
    #[cbor(n(3), with = "minicbor::bytes")]
    sealed: Vec<u8>,
}

/// What a file holds.
pub(super) enum Content {
    Plain(Keys),
    Sealed(SealedKeys),
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// Makes the keys of a new person on a new device.
    pub(super) fn new() -> Result<Self, PeerError> {
        let (mut device, mut recovery) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        for secret in [&mut device, &mut recovery] {
            super::fill_random(&mut **secret)?;
        }
        let person = RecoveryKey::from_seed(&recovery).first_person_seed();
        Ok(Self::of(&device, &person, &recovery))
    }

    fn of(device: &[u8; 32], person: &[u8; 32], recovery: &[u8; 32]) -> Self {
        let keys = (SignKey::from_seed(recovery), SignKey::from_seed(device), PersonKey::from_seed(person));
        let inception = Inception::new(&keys.0, &keys.1, &keys.2).to_bytes();
        Self { version: PLAIN, device: *device, person: *person, recovery: Some(*recovery), inception }
    }

    /// Says whether the secrets are those of the inception: one wrong bit would make a stranger of their owner.
    fn is_sound(&self) -> bool {
        Inception::read(&self.inception).is_ok_and(|inception| {
            inception.device() == SignKey::from_seed(&self.device).device()
                && *inception.person_key() == PersonKey::from_seed(&self.person).public()
                && self.recovery.is_none_or(|secret| {
                    *inception.recovery() == SignKey::from_seed(&Zeroizing::new(secret)).public()
                })
        })
    }

    pub(super) fn without_recovery(&self) -> Self {
        let inception = self.inception.clone();
        Self { version: PLAIN, device: self.device, person: self.person, recovery: None, inception }
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        encoded(self)
    }
}

impl SealedKeys {
    pub(super) fn seal(keys: &Keys, guard: &Guard, key: &EpochKey) -> Result<Self, PeerError> {
        let mut nonce = [0; 24];
        super::fill_random(&mut nonce)?;
        let sealed = key.seal(PURPOSE, &nonce, &context(guard), &keys.to_bytes());
        Ok(Self { version: version_for(guard), guard: guard.clone(), nonce, sealed })
    }

    /// Opens the secrets; `None` when the key is another one or the file is damaged.
    pub(super) fn open(&self, key: &EpochKey) -> Option<Keys> {
        let plain = key.open(PURPOSE, &self.nonce, &context(&self.guard), &self.sealed)?;
        whole(&Zeroizing::new(plain)).filter(Keys::is_sound)
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        encoded(self)
    }
}

fn version_for(guard: &Guard) -> u16 {
    match guard {
        Guard::Passphrase(_) => SEALED,
        Guard::Keyring(_) => IN_KEYRING,
    }
}

fn context(guard: &Guard) -> Vec<u8> {
    encoded(&(version_for(guard), guard)).to_vec()
}

/// Reads the bytes of a file.
pub(super) fn read(bytes: &[u8], path: &Path) -> Result<Content, PeerError> {
    let damaged = || PeerError::KeysDamaged { path: path.to_owned() };
    match version_of(bytes).ok_or_else(damaged)? {
        1 => {
            let old: KeysV1 = whole(bytes).ok_or_else(damaged)?;
            Ok(Content::Plain(Keys::of(&old.device, &old.person, &old.recovery)))
        }
        PLAIN => whole(bytes).filter(Keys::is_sound).map(Content::Plain).ok_or_else(damaged),
        found @ (SEALED | IN_KEYRING) => whole(bytes)
            .filter(|file: &SealedKeys| version_for(&file.guard) == found && file.guard.is_sound())
            .map(Content::Sealed)
            .ok_or_else(damaged),
        found if found > IN_KEYRING => {
            Err(PeerError::KeysFuture { path: path.to_owned(), found, known: IN_KEYRING })
        }
        _ => Err(damaged()),
    }
}

fn encoded(value: &impl Encode<()>) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(1_024));
    minicbor::encode(value, &mut *bytes).expect("writing to memory cannot fail");
    bytes
}

/// Decodes bytes that are the encoding of a value and nothing else.
fn whole<T: for<'b> Decode<'b, ()> + Encode<()>>(bytes: &[u8]) -> Option<T> {
    let value: T = minicbor::decode(bytes).ok()?;
    (*encoded(&value) == *bytes).then_some(value)
}

fn version_of(bytes: &[u8]) -> Option<u16> {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.array().ok()?;
    decoder.u16().ok()
}
