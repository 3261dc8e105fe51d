//! The secrets of a home: of the device, of the person, and the recovery secret that outranks both.
//!
//! ```text
//! keys = [version, device seed, person key seed, recovery secret or null, inception]   (deterministic CBOR, mode 0600)
//! ```
//! The recovery secret may be gone: once its owner has written its words down. Secrets never become rows, never
//! leave the process and are wiped from memory when no longer used.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minicbor::{Decode, Encode};
use wire::crypto::{PersonKey, SignKey, Signer};
use wire::identity::{Inception, RecoveryKey};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::PeerError;
use crate::home::{Home, write_whole};

/// The newest format of the file.
const VERSION: u16 = 2;

/// Bytes of the file at most; version 2 has about 370.
const SIZE_MAX: u64 = 4_096;

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

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// Makes the keys of a new person on a new device.
    fn new() -> Result<Self, PeerError> {
        let (mut device, mut recovery) = (Zeroizing::new([0; 32]), Zeroizing::new([0; 32]));
        for secret in [&mut device, &mut recovery] {
            getrandom::fill(&mut **secret).ok().ok_or(PeerError::NoRandomness)?;
        }
        let person = RecoveryKey::from_seed(&recovery).first_person_seed();
        Ok(Self::of(&device, &person, &recovery))
    }

    fn of(device: &[u8; 32], person: &[u8; 32], recovery: &[u8; 32]) -> Self {
        let keys = (SignKey::from_seed(recovery), SignKey::from_seed(device), PersonKey::from_seed(person));
        let inception = Inception::new(&keys.0, &keys.1, &keys.2).to_bytes();
        Self { version: VERSION, device: *device, person: *person, recovery: Some(*recovery), inception }
    }

    /// Reads the bytes of a file, of this version or an earlier one.
    fn read(bytes: &[u8], path: &Path) -> Result<Self, PeerError> {
        let damaged = || PeerError::KeysDamaged { path: path.to_owned() };
        match version_of(bytes).ok_or_else(damaged)? {
            1 => {
                let old: KeysV1 = whole(bytes).ok_or_else(damaged)?;
                Ok(Self::of(&old.device, &old.person, &old.recovery))
            }
            VERSION => whole(bytes).filter(Self::is_sound).ok_or_else(damaged),
            found if found > VERSION => {
                Err(PeerError::KeysFuture { path: path.to_owned(), found, known: VERSION })
            }
            _ => Err(damaged()),
        }
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

    fn without_recovery(&self) -> Self {
        let inception = self.inception.clone();
        Self { version: VERSION, device: self.device, person: self.person, recovery: None, inception }
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        encoded(self)
    }
}

/// The keys of a home in use, and the file they came from.
#[derive(Debug)]
pub(crate) struct KeyFile {
    path: PathBuf,
    keys: Mutex<Keys>,
}

impl KeyFile {
    /// Reads the keys of a home, or makes them when the home is new. A file of an earlier version becomes one of this.
    pub(crate) fn open(home: &Home) -> Result<Self, PeerError> {
        let path = home.keys();
        let keys = match File::open(&path) {
            Ok(file) => {
                let bytes = read_file(&path, file)?;
                let keys = Keys::read(&bytes, &path)?;
                if *keys.to_bytes() != *bytes {
                    write(&path, &keys)?;
                }
                keys
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => create(home)?,
            Err(source) => return Err(PeerError::KeysUnreadable { path, source }),
        };
        Ok(Self { path, keys: Mutex::new(keys) })
    }

    /// Returns the seed of the device key.
    pub(crate) fn device(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.keys().device)
    }

    /// Returns the seed of the key the person began with.
    pub(crate) fn person(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.keys().person)
    }

    /// Returns the person's inception, as it travels.
    pub(crate) fn inception(&self) -> Vec<u8> {
        self.keys().inception.clone()
    }

    /// Returns the recovery secret, unless it was forgotten.
    pub(crate) fn recovery(&self) -> Option<Zeroizing<[u8; 32]>> {
        self.keys().recovery.map(Zeroizing::new)
    }

    /// Forgets the recovery secret for ever: first on the disk, then in memory. Idempotent.
    pub(crate) fn forget_recovery(&self) -> Result<(), PeerError> {
        let mut keys = self.keys();
        if keys.recovery.is_some() {
            let rest = keys.without_recovery();
            write(&self.path, &rest)?;
            *keys = rest;
        }
        Ok(())
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn create(home: &Home) -> Result<Keys, PeerError> {
    // New keys beside an old store would make a stranger of its owner, and look like a success.
    if home.store().try_exists().map_err(|error| PeerError::of_home(home.path(), error))? {
        return Err(PeerError::KeysMissing { path: home.path().to_owned() });
    }
    let keys = Keys::new()?;
    write(&home.keys(), &keys)?;
    Ok(keys)
}

fn read_file(path: &Path, file: File) -> Result<Zeroizing<Vec<u8>>, PeerError> {
    let unreadable = |source| PeerError::KeysUnreadable { path: path.to_owned(), source };
    if file.metadata().map_err(unreadable)?.mode() & 0o077 != 0 {
        return Err(PeerError::KeysExposed { path: path.to_owned() });
    }
    // Room for everything at once: a growing buffer would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(SIZE_MAX).unwrap_or(4_096)));
    file.take(SIZE_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn write(path: &Path, keys: &Keys) -> Result<(), PeerError> {
    let home = path.parent().unwrap_or(path);
    write_whole(path, &keys.to_bytes()).map_err(|error| PeerError::of_home(home, error))
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
