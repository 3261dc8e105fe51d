//! The secrets of a home: of the device, of the person, and the recovery secret that outranks both.
//!
//! They lie in the file `keys` (mode 0600), plain or sealed: `format` says how, [`Protection`] under what. The recovery
//! secret may be gone: once its owner has written its words down. Secrets never become rows, never leave the process
//! and are wiped from memory when no longer used.

mod format;
mod keyring;
mod passphrase;

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use minicbor::{Decode, Encode};
use wire::crypto::EpochKey;
use zeroize::Zeroizing;

use crate::PeerError;
use crate::home::{Home, write_whole};
use format::{Content, Keys, SealedKeys};
use keyring::Slot;
use passphrase::Stretch;
pub use passphrase::{PASSPHRASE_LENGTH_MIN, PASSPHRASE_SIZE_MAX, Passphrase, check_passphrase};

/// Bytes of the file at most; the longest format has about 480.
const SIZE_MAX: u64 = 4_096;

/// How the secrets of a home are protected on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// By the rights of the file only: whoever gets a copy of the disk has them.
    FileRights,
    /// Sealed under a passphrase that a person types at each start.
    Passphrase,
    /// Sealed under a key in the system's keyring, which opens when its owner logs in.
    Keyring,
}

/// What a person wants the secrets to be protected by.
#[derive(Debug)]
pub enum Protect {
    /// The rights of the file only.
    FileRights,
    /// This passphrase.
    Passphrase(Passphrase),
    /// A new key in the system's keyring.
    Keyring,
}

/// What a sealed file says about its key.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
enum Guard {
    /// It is made of a passphrase.
    #[n(0)]
    Passphrase(#[n(0)] Stretch),
    /// It lies in the system's keyring.
    #[n(1)]
    Keyring(#[n(0)] Slot),
}

impl Guard {
    fn is_sound(&self) -> bool {
        match self {
            Self::Passphrase(stretch) => stretch.is_sound(),
            Self::Keyring(_) => true,
        }
    }

    fn protection(&self) -> Protection {
        match self {
            Self::Passphrase(_) => Protection::Passphrase,
            Self::Keyring(_) => Protection::Keyring,
        }
    }
}

/// A guard with its key, while the home is open: the file can be written again.
#[derive(Debug, Clone)]
struct Seal {
    guard: Guard,
    key: EpochKey,
}

/// The keys of a home in use, and the file they came from.
#[derive(Debug)]
pub(crate) struct KeyFile {
    path: PathBuf,
    /// Sealed under this, or plain.
    seal: Option<Seal>,
    keys: Mutex<Keys>,
}

impl Seal {
    /// Makes one whose key lies in the system's keyring. The key stays there when the home is protected otherwise later:
    /// a backup of the file needs it.
    fn in_keyring() -> Result<Self, PeerError> {
        let (slot, key) = Slot::new()?;
        Ok(Self { guard: Guard::Keyring(slot), key })
    }
}

impl KeyFile {
    /// Reads the keys of a home, or makes them when the home is new. A file of an earlier version becomes one of this.
    pub(crate) fn open(home: &Home, passphrase: Option<&Passphrase>) -> Result<Self, PeerError> {
        let path = home.keys();
        let Some(bytes) = read_file(&path)? else {
            let file = Self::make(home, None)?;
            file.write(&file.keys())?;
            return Ok(file);
        };
        match format::read(&bytes, &path)? {
            Content::Plain(keys) => {
                let is_old = *keys.to_bytes() != *bytes;
                let file = Self { path, seal: None, keys: Mutex::new(keys) };
                if is_old {
                    file.write(&file.keys())?;
                }
                Ok(file)
            }
            Content::Sealed(sealed) => {
                let seal = unlock(&sealed, passphrase)?;
                let keys = sealed.open(&seal.key).ok_or_else(|| match seal.guard {
                    Guard::Passphrase(_) => PeerError::PassphraseWrong,
                    Guard::Keyring(_) => PeerError::KeysDamaged { path: path.clone() },
                })?;
                Ok(Self { path, seal: Some(seal), keys: Mutex::new(keys) })
            }
        }
    }

    /// Changes how the secrets of a home are protected; makes them when the home is new, never plain on the disk.
    pub(crate) fn protect(
        home: &Home,
        passphrase: Option<&Passphrase>,
        by: Protect,
    ) -> Result<(), PeerError> {
        let is_new = read_file(&home.keys())?.is_none();
        let mut file = match is_new {
            true => Self::make(home, None)?,
            false => Self::open(home, passphrase)?,
        };
        file.seal = match by {
            Protect::FileRights => None,
            Protect::Passphrase(words) => {
                check_passphrase(&words)?;
                let stretch = Stretch::new()?;
                Some(Seal { key: stretch.key(&words)?, guard: Guard::Passphrase(stretch) })
            }
            Protect::Keyring => Some(Seal::in_keyring()?),
        };
        file.write(&file.keys())
    }

    /// Says whether [`Self::renew`] can be done: a passphrase must be the right one, a keyring must take a key.
    pub(crate) fn may_renew(home: &Home, passphrase: Option<&Passphrase>) -> Result<(), PeerError> {
        match protection(home.path())? {
            // Asked, not tried: a key that is put there now would stay behind, unused.
            Some(Protection::Keyring) => keyring::takes_keys(),
            _ => Self::old_seal(home, passphrase).map(drop),
        }
    }

    /// Makes the keys of a new device and person, under the passphrase of the old ones if they had one, or a new key in the
    /// keyring: the copy may be on a computer whose keyring never had the old one. The person who asks has the old ones elsewhere.
    pub(crate) fn renew(home: &Home, passphrase: Option<&Passphrase>) -> Result<(), PeerError> {
        let seal = Self::old_seal(home, passphrase)?;
        let file = Self { path: home.keys(), seal, keys: Mutex::new(Keys::new()?) };
        file.write(&file.keys())
    }

    fn old_seal(home: &Home, passphrase: Option<&Passphrase>) -> Result<Option<Seal>, PeerError> {
        match protection(home.path())? {
            Some(Protection::Passphrase) => Ok(Self::open(home, passphrase)?.seal),
            Some(Protection::Keyring) => Seal::in_keyring().map(Some),
            Some(Protection::FileRights) | None => Ok(None),
        }
    }

    /// Returns what the secrets are protected by.
    pub(crate) fn protection(&self) -> Protection {
        self.seal.as_ref().map_or(Protection::FileRights, |seal| seal.guard.protection())
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
            self.write(&rest)?;
            *keys = rest;
        }
        Ok(())
    }

    fn make(home: &Home, seal: Option<Seal>) -> Result<Self, PeerError> {
        // New keys beside an old store would make a stranger of its owner, and look like a success.
        if home.store().try_exists().map_err(|error| PeerError::of_home(home.path(), error))? {
            return Err(PeerError::KeysMissing { path: home.path().to_owned() });
        }
        Ok(Self { path: home.keys(), seal, keys: Mutex::new(Keys::new()?) })
    }

    fn write(&self, keys: &Keys) -> Result<(), PeerError> {
        let bytes = match &self.seal {
            Some(Seal { guard, key }) => SealedKeys::seal(keys, guard, key)?.to_bytes(),
            None => keys.to_bytes(),
        };
        let home = self.path.parent().unwrap_or(&self.path);
        write_whole(&self.path, &bytes).map_err(|error| PeerError::of_home(home, error))
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says how the secrets of a home are protected; `None` when there are none yet.
pub fn protection(home: &Path) -> Result<Option<Protection>, PeerError> {
    let path = crate::home::keys_path(home);
    let Some(bytes) = read_file(&path)? else { return Ok(None) };
    Ok(Some(match format::read(&bytes, &path)? {
        Content::Plain(_) => Protection::FileRights,
        Content::Sealed(sealed) => sealed.guard.protection(),
    }))
}

/// Changes how the secrets of a home are protected, while no peer runs with it. Until it is done, all is as before.
pub fn protect(home: &Path, passphrase: Option<&Passphrase>, by: Protect) -> Result<(), PeerError> {
    KeyFile::protect(&Home::open(home)?, passphrase, by)
}

fn unlock(sealed: &SealedKeys, passphrase: Option<&Passphrase>) -> Result<Seal, PeerError> {
    let key = match &sealed.guard {
        Guard::Passphrase(stretch) => stretch.key(passphrase.ok_or(PeerError::PassphraseNeeded)?)?,
        Guard::Keyring(slot) => slot.key()?,
    };
    Ok(Seal { guard: sealed.guard.clone(), key })
}

fn read_file(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, PeerError> {
    let unreadable = |source| PeerError::KeysUnreadable { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(unreadable(source)),
    };
    if file.metadata().map_err(unreadable)?.mode() & 0o077 != 0 {
        return Err(PeerError::KeysExposed { path: path.to_owned() });
    }
    // Room for everything at once: a growing buffer would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(SIZE_MAX).unwrap_or(4_096)));
    file.take(SIZE_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(Some(bytes))
}

fn fill_random(bytes: &mut [u8]) -> Result<(), PeerError> {
    getrandom::fill(bytes).ok().ok_or(PeerError::NoRandomness)
}
