//! The three secrets of a home: of the device, of the person, and the recovery secret that outranks both.
//!
//! ```text
//! keys = [version, device seed, person key seed, recovery seed]      (deterministic CBOR, file mode 0600)
//! ```
//! They never become rows, never leave the process and are wiped from memory when no longer used.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;

use minicbor::{Decode, Encode};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::PeerError;
use crate::home::{Home, write_whole};

/// The newest format of the file.
const VERSION: u16 = 1;

/// Bytes of the file at most; version 1 has 104.
const SIZE_MAX: u64 = 4_096;

/// The secrets from which all keys of a home are made.
#[derive(PartialEq, Eq, Encode, Decode, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Keys {
    #[n(0)]
    version: u16,
    /// Of the device key.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) device: [u8; 32],
    /// Of the person key.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) person: [u8; 32],
    /// Of the recovery key.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) recovery: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// Reads the keys of a home, or makes them when the home is new.
    pub(crate) fn open(home: &Home) -> Result<Self, PeerError> {
        let path = home.keys();
        match File::open(&path) {
            Ok(file) => Self::read(home, file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::create(home),
            Err(source) => Err(PeerError::KeysUnreadable { path, source }),
        }
    }

    fn read(home: &Home, file: File) -> Result<Self, PeerError> {
        let path = home.keys();
        let unreadable = |source| PeerError::KeysUnreadable { path: path.clone(), source };
        let mode = file.metadata().map_err(unreadable)?.mode();
        if mode & 0o077 != 0 {
            return Err(PeerError::KeysExposed { path });
        }
        // Room for everything at once: a growing buffer would leave copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(SIZE_MAX).unwrap_or(4_096)));
        file.take(SIZE_MAX).read_to_end(&mut bytes).map_err(unreadable)?;
        if let Some(found) = version_of(&bytes).filter(|version| *version > VERSION) {
            return Err(PeerError::KeysFuture { path, found, known: VERSION });
        }
        let keys: Self =
            minicbor::decode(&bytes).ok().ok_or(PeerError::KeysDamaged { path: path.clone() })?;
        let is_whole = keys.version == VERSION && *keys.to_bytes() == *bytes;
        is_whole.then_some(keys).ok_or(PeerError::KeysDamaged { path })
    }

    fn create(home: &Home) -> Result<Self, PeerError> {
        // New keys beside an old store would make a stranger of its owner, and look like a success.
        if home.store().try_exists().map_err(|error| PeerError::of_home(home.path(), error))? {
            return Err(PeerError::KeysMissing { path: home.path().to_owned() });
        }
        let mut keys = Self { version: VERSION, device: [0; 32], person: [0; 32], recovery: [0; 32] };
        for secret in [&mut keys.device, &mut keys.person, &mut keys.recovery] {
            getrandom::fill(secret).ok().ok_or(PeerError::NoRandomness)?;
        }
        let written = write_whole(&home.keys(), &keys.to_bytes());
        written.map_err(|error| PeerError::of_home(home.path(), error))?;
        Ok(keys)
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(256));
        minicbor::encode(self, &mut *bytes).expect("writing to memory cannot fail");
        bytes
    }
}

fn version_of(bytes: &[u8]) -> Option<u16> {
    let mut decoder = minicbor::Decoder::new(bytes);
    decoder.array().ok()?;
    decoder.u16().ok()
}
