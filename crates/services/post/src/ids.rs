//! Names of mails and folders: 16 bytes of a hash of all that those who use them have to agree about (spec post, rules 4 and 48).

use std::fmt;

use base::{DeviceId, OperationId, Timestamp, WebId};
use minicbor::{Decode, Encode};
use store::Key;

/// Under which names they are hashed.
const DOMAIN: &str = "althing mail 1";
const FOLDER_DOMAIN: &str = "althing mail folder 1";

/// A mail, in whatever letters it comes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct MailId(#[n(0)] pub(crate) OperationId);

impl MailId {
    /// Before all others.
    pub(crate) const LEAST: Self = Self(OperationId::new([0; OperationId::LEN]));

    /// Returns the id of a mail: whoever writes something else, elsewhere, at another time or as somebody else writes another mail.
    pub(crate) fn of(web: WebId, author: DeviceId, at: Timestamp, digest: &[u8; 32]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(DOMAIN);
        hasher.update(web.as_bytes());
        hasher.update(author.as_bytes());
        hasher.update(&at.millis().to_be_bytes());
        hasher.update(digest);
        Self(first_bytes(&hasher))
    }
}

fn first_bytes(hasher: &blake3::Hasher) -> OperationId {
    let mut bytes = [0; OperationId::LEN];
    for (to, from) in bytes.iter_mut().zip(hasher.finalize().as_bytes()) {
        *to = *from;
    }
    OperationId::new(bytes)
}

/// A folder on all devices of its person, whatever it is called now.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub(crate) struct FolderKey(#[n(0)] pub(crate) OperationId);

impl FolderKey {
    /// Returns the key of a folder that is made under a name: the same on devices that make it at once. The number tells it from folders that
    /// were made under that name before.
    pub(crate) fn of(number: u64, name: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(FOLDER_DOMAIN);
        hasher.update(&number.to_be_bytes());
        hasher.update(name.as_bytes());
        Self(first_bytes(&hasher))
    }
}

impl Key for FolderKey {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        OperationId::read(bytes).map(Self)
    }
}

impl fmt::Debug for FolderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FolderKey({})", self.0.short())
    }
}

impl Key for MailId {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.write(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        OperationId::read(bytes).map(Self)
    }
}

impl fmt::Display for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for MailId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailId({})", self.0.short())
    }
}
